"""The pictures in the README show the current page."""

from tests.playground.picture import FONT, Photographer, font, path

# The allowed share of differing fields. Small differences in drawing, such as a shadow, stay below it.
ALLOWED = 0.01


class ThePictures(Photographer):
    def test_they_do_not_differ_visibly_from_the_page(self) -> None:
        if font() != FONT:
            told = f"they are in {FONT}, and this machine has {font()}: `apt-get install fonts-dejavu-core`"
            print(f"NOT CHECKED: the pictures of the playground, because {told}", flush=True)
            self.skipTest(told)
        for scheme, now in self.take().items():
            with self.subTest(scheme=scheme):
                then = path(scheme).read_bytes()
                blank = self.page.context.new_page()
                different = self.difference(blank, then, now)
                self.assertLess(different, ALLOWED, "take them anew: python -m tests.playground.picture")

    def test_a_visible_change_is_noticed(self) -> None:
        before = self.page.screenshot()
        blank = self.page.context.new_page()
        self.assertEqual(self.difference(blank, before, self.page.screenshot()), 0)
        for change in (
            "document.querySelector('.guide').remove()",
            "document.body.style.background = '#e0e0ff'",
            "document.body.style.fontSize = '17px'",
        ):
            page = self.open()
            page.evaluate(change)
            self.assertGreater(self.difference(blank, before, page.screenshot()), ALLOWED, change)
