"""The bill of materials and the licenses tell what programs say that they are made of."""

import json
import tempfile
import unittest
from pathlib import Path

from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator

from tools.check_build import PLATFORMS
from tools.paths import ROOT
from tools.release import bom, licenses, programs, python

KNOWN = licenses.crates()
TIME = 1772600767


def version(name: str) -> str:
    """The version of a crate that the workspace has once."""
    (found,) = (crate.version for crate in KNOWN.values() if crate.name == name)
    return found


def crate(name: str, *dependencies: int, **others) -> dict:
    """A crate, as a program lists it."""
    listed = {"name": name, "version": version(name), "source": "crates.io"}
    return listed | {"dependencies": list(dependencies)} | others


OURS = {"name": "enrich-opportunity", "version": "0.1.0", "source": "local", "root": True}
PROGRAMS = {
    "functions/arm64/a.zip": (
        [crate("autocfg", kind="build"), crate("bytes", 0), OURS | {"dependencies": [1]}],
        "0" * 64,
    ),
    "functions/arm64/b.zip": ([crate("autocfg"), OURS | {"dependencies": [0]}], "1" * 64),
}
PACKAGES = [python.Package("boto3", "1.0", "Apache-2.0", "Amazon", ("text",))]


LINKED = {("bytes", version("bytes")), ("enrich-opportunity", "0.1.0")}


def document(of: dict) -> dict:
    return json.loads(bom.document(of, LINKED, PACKAGES, TIME, "rustc 1.95.0"))


class Materials(unittest.TestCase):
    def setUp(self):
        self.document = document(PROGRAMS)
        self.components = {it["bom-ref"]: it for it in self.document["components"]}

    def test_it_is_valid(self):
        text = json.dumps(self.document)
        validator = make_schemabased_validator(OutputFormat.JSON, SchemaVersion.from_version(bom.SPEC))
        self.assertIsNone(validator.validate_str(text))

    def test_a_crate_has_its_version_its_checksum_and_its_license(self):
        found = self.components[f"pkg:cargo/bytes@{version('bytes')}"]
        self.assertEqual(found["licenses"], [{"expression": "MIT"}])
        self.assertIn(found["hashes"][0]["content"], (ROOT / "Cargo.lock").read_text())

    def test_what_a_program_lists_and_is_not_linked_is_told_from_what_is(self):
        scopes = {it["name"]: it["scope"] for it in self.document["components"] if "scope" in it}
        self.assertEqual((scopes["bytes"], scopes["autocfg"]), ("required", "excluded"))

    def test_each_program_depends_on_its_crates_and_they_on_theirs(self):
        edges = {it["ref"]: it["dependsOn"] for it in self.document["dependencies"]}
        ours = "pkg:cargo/enrich-opportunity@0.1.0"
        self.assertEqual(edges["functions/arm64/a.zip"], [ours])
        self.assertIn(f"pkg:cargo/bytes@{version('bytes')}", edges[ours])
        self.assertLessEqual(
            set(edges), {*self.components, self.document["metadata"]["component"]["bom-ref"]}
        )

    def test_the_packages_of_the_commands_are_in_it(self):
        self.assertEqual(self.components["pkg:pypi/boto3@1.0"]["name"], "boto3")

    def test_it_is_the_same_each_time_and_another_for_other_programs(self):
        self.assertEqual(document(PROGRAMS), self.document)
        others = PROGRAMS | {"functions/arm64/b.zip": (PROGRAMS["functions/arm64/b.zip"][0], "2" * 64)}
        self.assertNotEqual(document(others)["serialNumber"], self.document["serialNumber"])


class Linked(unittest.TestCase):
    def test_it_is_what_the_functions_use_and_not_what_builds_or_tests_them(self):
        linked = {name for name, _ in programs.linked(PLATFORMS["arm64"])}
        self.assertLessEqual({"patch-opportunity", "model", "axum", "tokio", "aws-lc-sys"}, linked)
        self.assertFalse(
            linked & {"serde_derive", "cc", "partner-central-emulator", "clap", "ring", "proptest"}
        )


class Licenses(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def of(self, expression: str, **files: str) -> list[str]:
        for name, text in files.items():
            (self.folder / name).write_text(text)
        return licenses.of_crate(licenses.Crate("a", "1.0.0", expression, "Ada", self.folder))

    def test_a_package_is_told_by_its_own_files(self):
        files = {"LICENSE-MIT": "mit", "NOTICE": "thanks", "README": "no"}
        self.assertEqual(self.of("MIT", **files), ["mit", "thanks"])

    def test_one_without_files_is_told_by_the_text_of_what_it_declares(self):
        self.assertEqual(self.of("MIT OR Apache-2.0"), [(ROOT / "LICENSE").read_text()])
        (text,) = self.of("MIT")
        self.assertIn("Copyright (c) Ada\n", text)

    def test_one_without_files_and_with_an_unknown_license_is_refused(self):
        with self.assertRaisesRegex(licenses.LicenseError, "there is no text of `GPL-3.0`"):
            self.of("GPL-3.0")

    def test_each_text_is_told_once_below_all_that_have_it(self):
        told = licenses.told({"b 1": ["same"], "a 1": ["same", "own"]})
        self.assertEqual(told.count("same"), 1)
        self.assertIn("a 1\nb 1\n", told)
        self.assertIn("own", told)
