"""stub"""
def render(folder):
    folder.mkdir(parents=True, exist_ok=True)
