"""What GitHub runs can be run on every machine, and is what was looked at."""

import re
import unittest

import yaml

from tests.tools.test_docs import TARGETS
from tools.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").iterdir())
# What prepares GitHub's machine.
PREPARES = ("rustup ", "sudo apt-get ")


def jobs(name: str) -> dict[str, dict]:
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text())["jobs"]


class Workflows(unittest.TestCase):
    def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is(self):
        for path in WORKFLOWS:
            for action in re.findall(r"uses: (.+)", path.read_text()):
                self.assertRegex(action, r"^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", path.name)

    def test_every_step_but_publishing_is_a_target_of_the_makefile(self):
        for path in WORKFLOWS:
            for name, job in jobs(path.name).items():
                runs = [step["run"] for step in job["steps"] if "run" in step]
                if name == "publish":
                    self.assertTrue(all(run.startswith("gh release create ") for run in runs), runs)
                    continue
                for run in runs:
                    if not run.startswith(PREPARES):
                        (target,) = re.findall(r"\bmake (?:--silent )?([a-z-]+)", run)
                        self.assertIn(target, TARGETS)

    def test_what_builds_a_release_can_write_nothing(self):
        build, publish = jobs("release.yml")["build"], jobs("release.yml")["publish"]
        self.assertEqual(build["permissions"], {"contents": "read"})
        self.assertEqual(publish["needs"], "build")
        self.assertNotIn("actions/checkout", str(publish))

    def test_no_step_has_a_name_from_outside_in_its_command(self):
        for path in WORKFLOWS:
            for job in jobs(path.name).values():
                for step in job["steps"]:
                    self.assertNotIn("${{", step.get("run", ""))
