"""What the changelog says of a version: the notes of its release, `make notes TAG=v1.2.3`."""

import re

from tools.paths import ROOT
from tools.release import version


class NotesError(Exception):
    """A version cannot be released as it is."""


def section(changelog: str, wanted: str) -> str:
    """The text below a version's heading, without the heading."""
    found = re.split(r"^## \[(.+?)\].*\n", changelog, flags=re.MULTILINE)
    sections = dict(zip(found[1::2], found[2::2], strict=True))
    if wanted not in sections:
        raise NotesError(
            f"CHANGELOG.md has no section `{wanted}`, expected a heading such as `## [{wanted}] - 2026-03-04`"
        )
    text = sections[wanted].strip()
    if not text:
        raise NotesError(f"the section `{wanted}` of CHANGELOG.md is empty, expected what is new in it")
    return text + "\n"


def of_tag(tag: str) -> str:
    """The notes of the version that a tag names."""
    if tag != f"v{version()}":
        raise NotesError(f"the tag is `{tag}`, expected `v{version()}`, which is the version in Cargo.toml")
    return section((ROOT / "CHANGELOG.md").read_text(), version())
