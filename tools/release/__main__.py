"""Makes a release: `make release` and `make notes`.

Usage: python -m tools.release take ARCHITECTURE  keeps the programs that `make build` has just made
       python -m tools.release write ARCHITECTURE...  writes the release of these into dist/
       python -m tools.release notes TAG  prints what the changelog says of a tag's version
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.check_build import PLATFORMS
from tools.operate import SETTINGS, TEMPLATES
from tools.paths import ROOT, TARGET
from tools.release import (
    DIST,
    FUNCTIONS,
    MAPPING_CHECK,
    PROGRAMS,
    archive,
    bom,
    licenses,
    name,
    notes,
    programs,
    python,
    template,
)

# The texts of alarms say `make log ENVIRONMENT=production`. make hands on its settings as variables.
MAKEFILE = f"""# Each command is a file of its name: `make log` is `./log`.
.PHONY: {" ".join(SETTINGS)}
{" ".join(SETTINGS)}:
\t@./$@
"""

# What a release has as it is in the repository, folders whole.
COPIED = [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "docs",
    "events",
    "examples",
    "functions/patch-opportunity/openapi.json",
    "functions/patch-opportunity/openapi-3.0.json",
    "mappings",
    "samconfig.toml",
    "shared/model/schema/opportunity-event.schema.json",
    "shared/model/schema/patch-event.schema.json",
    "tests/emulator/README.md",
    "tools/__init__.py",
    "tools/backfill.py",
    "tools/forget.py",
    "tools/hand_on.py",
    "tools/launch.py",
    "tools/log.py",
    "tools/operate.py",
    "tools/paths.py",
    "tools/preflight.py",
    "tools/redrive.py",
    "tools/smoke.py",
    "tools/stack.py",
]


def output(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def seconds() -> int:
    """The time of the release: that of its commit, wherever and whenever it is built."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct"))


def take(architecture: str) -> None:
    """Keeps the programs of an architecture: the next build puts others in their place."""
    folder = PROGRAMS / architecture
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for function, program in FUNCTIONS.items():
        shutil.copy(ROOT / ".aws-sam/build" / function / "bootstrap", folder / program)
    shutil.copy(TARGET / "lambda" / MAPPING_CHECK / "bootstrap", folder / MAPPING_CHECK)


def put(path: Path, content: bytes, is_program: bool = False) -> None:
    """Writes a file of the release."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755 if is_program else 0o644)


def write_programs(folder: Path, architectures: list[str]) -> dict[str, tuple[list[dict], str]]:
    """Writes the programs and their templates; gives what is in each, by its path."""
    found = {}
    source = (ROOT / "template.yaml").read_text()
    for architecture in architectures:
        contents = {
            it: (PROGRAMS / architecture / it).read_bytes() for it in [*FUNCTIONS.values(), MAPPING_CHECK]
        }
        for program, content in contents.items():
            path = f"bin/{architecture}/{program}"
            if program != MAPPING_CHECK:
                path = template.zip_path(architecture, program)
                put(folder / path, archive.zipped("bootstrap", content))
            else:
                put(folder / path, content, is_program=True)
            found[path] = programs.crates(content), hashlib.sha256((folder / path).read_bytes()).hexdigest()
        put(folder / TEMPLATES[architecture], template.released(source, architecture).encode())
    return found


def write(architectures: list[str]) -> Path:
    """Writes a release; gives its archive."""
    folder = DIST / name()
    shutil.rmtree(folder, ignore_errors=True)
    for path in output("git", "ls-files", "--", *COPIED).splitlines():
        put(folder / path, (ROOT / path).read_bytes())
    made = write_programs(folder, architectures)
    packages = python.copy(folder / "lib")
    for command in SETTINGS:
        put(folder / command, (Path(__file__).parent / "command.py").read_bytes(), is_program=True)
    put(folder / "Makefile", MAKEFILE.encode())

    known = licenses.crates()
    used = {(it["name"], it["version"]) for crates, _ in made.values() for it in crates}
    third_party = licenses.third_party([known[key] for key in sorted(used & known.keys())], packages)
    put(folder / "licenses/third-party.txt", third_party.encode())
    put(folder / "licenses/rust-standard-library.html", licenses.rust().encode())
    linked = set().union(*(programs.linked(PLATFORMS[it]) for it in architectures))
    put(
        folder / "sbom.cdx.json",
        bom.document(made, linked, packages, seconds(), output("rustc", "--version")).encode(),
    )
    put(folder / "SHA256SUMS", archive.checksums(folder).encode())

    packed = DIST / f"{name()}.tar.gz"
    packed.write_bytes(archive.packed(folder, seconds()))
    return packed


def main() -> int | str:
    match sys.argv[1:]:
        case ["take", architecture]:
            take(architecture)
        case ["write", *architectures] if architectures:
            packed = write(architectures)
            digest = hashlib.sha256(packed.read_bytes()).hexdigest()
            print(
                f"{packed.relative_to(ROOT)}: {packed.stat().st_size / 1024 / 1024:.1f} MiB, SHA-256 {digest}"
            )
        case ["notes", tag]:
            try:
                print(notes.of_tag(tag), end="")
            except notes.NotesError as error:
                return str(error)
        case _:
            return __doc__
    return 0


if __name__ == "__main__":
    sys.exit(main())
