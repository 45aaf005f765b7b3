"""The notes of a release are the changelog's section, and a version is written in one place."""

import json
import re
import tomllib
import unittest

from tools.paths import ROOT
from tools.release import notes, version

CHANGELOG = """# Changelog

## [Unreleased]

## [1.1.0] - 2026-03-04

### Added

- Something, with a [link](x).

## [1.0.0] - 2026-01-02

- The first.

## [0.9.0]
"""


class Notes(unittest.TestCase):
    def test_they_are_what_is_below_the_heading_of_the_version(self):
        said = "### Added\n\n- Something, with a [link](x).\n"
        self.assertEqual(notes.section(CHANGELOG, "1.1.0"), said)
        self.assertEqual(notes.section(CHANGELOG, "1.0.0"), "- The first.\n")

    def test_a_version_that_the_changelog_does_not_have_is_refused(self):
        said = "CHANGELOG.md has no section `1.1`, expected a heading such as `## [1.1] - 2026-03-04`"
        with self.assertRaises(notes.NotesError) as refused:
            notes.section(CHANGELOG, "1.1")
        self.assertEqual(str(refused.exception), said)

    def test_a_section_without_a_word_is_refused(self):
        said = "the section `0.9.0` of CHANGELOG.md is empty, expected what is new in it"
        with self.assertRaises(notes.NotesError) as refused:
            notes.section(CHANGELOG, "0.9.0")
        self.assertEqual(str(refused.exception), said)

    def test_a_tag_of_another_version_is_refused(self):
        said = f"the tag is `v0.0.1`, expected `v{version()}`, which is the version in Cargo.toml"
        with self.assertRaises(notes.NotesError) as refused:
            notes.of_tag("v0.0.1")
        self.assertEqual(str(refused.exception), said)

    def test_the_changelog_has_a_section_that_notes_can_be_cut_from(self):
        self.assertIn("### Added", notes.section((ROOT / "CHANGELOG.md").read_text(), "Unreleased"))


class Version(unittest.TestCase):
    def test_it_is_one_of_semver(self):
        self.assertRegex(version(), r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")

    def test_every_package_takes_the_workspaces(self):
        members = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["members"]
        for member in members:
            package = tomllib.loads((ROOT / member / "Cargo.toml").read_text())["package"]
            self.assertEqual(package["version"], {"workspace": True}, member)

    def test_the_openapi_documents_have_it(self):
        for name in ("openapi.json", "openapi-3.0.json"):
            document = json.loads((ROOT / "functions/patch-opportunity" / name).read_text())
            self.assertEqual(document["info"]["version"], version(), f"{name}: run `make schema`")

    def test_the_lock_file_has_it(self):
        locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
        ours = {it["name"]: it["version"] for it in locked if "source" not in it}
        self.assertEqual(set(ours.values()), {version()}, ours)

    def test_it_is_the_newest_that_the_changelog_tells_of(self):
        changelog = (ROOT / "CHANGELOG.md").read_text()
        released = re.findall(r"^## \[(\d.+?)\]", changelog, re.MULTILINE)
        self.assertEqual(released[:1] or [version()], [version()])
