"""The Makefile explains itself, and touches no stack that was not named."""

import os
import re
import subprocess
import unittest

from tools.paths import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
OF_A_STACK = ("deploy", "smoke", "log", "hand-on", "forget", "redrive", "backfill")


def make(*arguments: str) -> subprocess.CompletedProcess:
    # Variables that an outer `make` would pass on.
    inherited = ("ENVIRONMENT", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)


class Help(unittest.TestCase):
    def test_help_lists_every_command_with_its_purpose(self):
        (phony,) = re.findall(r"^\.PHONY: ((?:.+\\\n)*.+)$", MAKEFILE, re.MULTILINE)
        parts_of_others = ("environment", "preflight", "release-programs")
        commands = [name for name in phony.replace("\\", "").split() if name not in parts_of_others]
        listed = [line.split(maxsplit=2) for line in make("help").stdout.splitlines()]
        self.assertEqual([name for _, name, _ in listed], commands)

    def test_make_without_a_target_prints_the_help(self):
        self.assertEqual(make().stdout, make("help").stdout)


class Stacks(unittest.TestCase):
    def test_no_command_that_touches_a_stack_runs_without_an_environment(self):
        for command in OF_A_STACK:
            refused = make(command)
            said = "`ENVIRONMENT` is not set, expected `sandbox` or `production`"
            with self.subTest(command):
                self.assertEqual((refused.returncode, refused.stdout), (2, ""))
                self.assertEqual(refused.stderr.splitlines()[0], said)

    def test_an_unknown_environment_is_refused(self):
        refused = make("redrive", "ENVIRONMENT=prod")
        said = "`ENVIRONMENT` is `prod`, expected `sandbox` or `production`"
        self.assertEqual(refused.returncode, 2)
        self.assertEqual(refused.stderr.splitlines()[0], said)

    def test_a_deployment_is_checked_before_it_is_built(self):
        planned = make("--dry-run", "deploy", "ENVIRONMENT=sandbox", "PARAMETERS=file:///crm.yaml").stdout
        checked = planned.index("python -m tools.preflight sandbox file:///crm.yaml")
        self.assertLess(checked, planned.index("sam build"))
        self.assertLess(planned.index("sam build"), planned.index("sam deploy"))

    def test_tags_and_a_service_role_are_passed_to_cloudformation(self):
        planned = make(
            "--dry-run", "deploy", "ENVIRONMENT=sandbox", "TAGS=a=1 b=2", "ROLE=arn:aws:iam::1:role/r"
        )
        self.assertIn("--tags a=1 b=2 --role-arn arn:aws:iam::1:role/r", planned.stdout)
        planned = make("--dry-run", "deploy", "ENVIRONMENT=sandbox").stdout
        self.assertNotIn("--tags", planned)
        self.assertNotIn("--role-arn", planned)

    def test_a_command_touches_only_the_stack_of_its_environment(self):
        for environment in ("sandbox", "production"):
            planned = make("--dry-run", "redrive", f"ENVIRONMENT={environment}").stdout
            self.assertEqual(
                planned.splitlines()[-1], f"python -m tools.redrive opportunity-bridge-{environment}"
            )
