"""The Makefile explains itself, and does nothing to a stack that nobody named."""

import os
import re
import subprocess
import unittest

from tools.local import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
OF_A_STACK = ("deploy", "redrive", "backfill")


def make(*arguments: str) -> subprocess.CompletedProcess:
    # What an outer `make` would hand on.
    inherited = ("ENVIRONMENT", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)


class Help(unittest.TestCase):
    def test_every_command_is_listed_with_what_it_is_for(self):
        (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
        commands = [name for name in phony.split() if name != "environment"]
        listed = [line.split(maxsplit=2) for line in make("help").stdout.splitlines()]
        self.assertEqual([name for _, name, _ in listed], commands)

    def test_it_is_what_make_alone_prints(self):
        self.assertEqual(make().stdout, make("help").stdout)


class Stacks(unittest.TestCase):
    def test_no_command_that_touches_a_stack_runs_without_an_environment(self):
        for command in OF_A_STACK:
            refused = make(command)
            said = "`ENVIRONMENT` is not set, expected `sandbox` or `production`"
            with self.subTest(command):
                self.assertEqual((refused.returncode, refused.stdout), (2, ""))
                self.assertEqual(refused.stderr.splitlines()[0], said)

    def test_an_environment_that_there_is_not_is_refused(self):
        refused = make("redrive", "ENVIRONMENT=prod")
        said = "`ENVIRONMENT` is `prod`, expected `sandbox` or `production`"
        self.assertEqual(refused.returncode, 2)
        self.assertEqual(refused.stderr.splitlines()[0], said)

    def test_a_command_touches_the_stack_of_its_environment(self):
        for environment in ("sandbox", "production"):
            planned = make("--dry-run", "redrive", f"ENVIRONMENT={environment}").stdout
            self.assertEqual(
                planned.splitlines()[-1], f"python -m tools.redrive opportunity-bridge-{environment}"
            )
