"""The commands of a release do what the Makefile's do, and say what they were not told."""

import shlex
import unittest

from tests.tools.test_make import make
from tools import operate
from tools.paths import ROOT

SANDBOX = "ENVIRONMENT=sandbox"


def planned(command: str, *texts: str, environment: dict[str, str] | None = None) -> list[list[str]]:
    return operate.steps(command, operate.settings(command, list(texts), environment or {}))


class AsMake(unittest.TestCase):
    def test_each_command_runs_what_its_target_runs(self):
        for command, *texts in [
            ("smoke", SANDBOX, "ID=O1234567"),
            ("log", "ENVIRONMENT=production"),
            ("log", "ENVIRONMENT=production", "SINCE=2d", "FIND=not enriched"),
            ("hand-on", "ENVIRONMENT=production", "IDS=O1234567 O7654321"),
            ("forget", SANDBOX, "ID=O1234567"),
            ("redrive", SANDBOX),
            ("backfill", SANDBOX, "SINCE=2024-01-01"),
            ("backfill", SANDBOX, "SINCE=2024-01-01", "UNTIL=2024-07-01"),
            ("preflight", SANDBOX, "PARAMETERS=file:///crm.yaml LogDays=7"),
        ]:
            with self.subTest(command, texts=texts):
                by_make = make("--dry-run", command, *texts).stdout.splitlines()[-1]
                self.assertEqual(planned(command, *texts), [shlex.split(by_make)])

    def test_a_deployment_is_the_makefiles_with_the_releases_template_and_without_a_build(self):
        for texts in [
            [SANDBOX],
            ["ENVIRONMENT=production", "PARAMETERS=file:///crm.yaml", "ARCHITECTURE=x86_64"],
            [SANDBOX, "TAGS=a=1 b=2", "ROLE=arn:aws:iam::1:role/r"],
        ]:
            with self.subTest(texts=texts):
                lines = make("--dry-run", "deploy", *texts).stdout.replace("\\\n", "").splitlines()
                by_make = [shlex.split(line) for line in lines]
                (checked,) = (it for it in by_make if it[:3] == ["python", "-m", "tools.preflight"])
                (deployed,) = (it for it in by_make if it[:2] == ["sam", "deploy"])
                template = "template-x86_64.yaml" if "ARCHITECTURE=x86_64" in texts else "template.yaml"
                # SAM takes `samconfig.toml` from the template's folder, wherever it is called.
                deployed[2:2] = ["--template-file", str(ROOT / template)]
                self.assertEqual(planned("deploy", *texts), [checked, deployed])

    def test_each_setting_is_one_of_the_makefiles(self):
        listed = make("help").stdout
        for command in operate.SETTINGS:
            if command != "preflight":
                self.assertIn(f"make {command} ", listed)

    def test_a_setting_can_be_a_variable_of_the_environment_and_an_argument_goes_before_it(self):
        environment = {"ENVIRONMENT": "sandbox", "SINCE": "2d"}
        stack = "opportunity-bridge-sandbox"
        expected = [["python", "-m", "tools.log", stack, "--since", "1h"]]
        self.assertEqual(planned("log", "SINCE=1h", environment=environment), expected)


class Refusals(unittest.TestCase):
    def refused(self, command: str, *texts: str) -> str:
        with self.assertRaises(operate.SettingError) as refused:
            planned(command, *texts)
        return str(refused.exception)

    def test_no_command_that_touches_a_stack_runs_without_an_environment(self):
        for command, known in operate.SETTINGS.items():
            if "ENVIRONMENT" in known:
                said = "`ENVIRONMENT` is not set, expected `sandbox` or `production`"
                self.assertEqual(self.refused(command), said)

    def test_an_environment_that_there_is_not_is_refused(self):
        said = "`ENVIRONMENT` is `prod`, expected `sandbox` or `production`"
        self.assertEqual(self.refused("redrive", "ENVIRONMENT=prod"), said)

    def test_a_setting_that_there_is_not_is_refused_with_those_that_there_are(self):
        said = "`SINC=1h` is no setting of `log`, expected `ENVIRONMENT=…`, `SINCE=…`, `FIND=…`"
        self.assertEqual(self.refused("log", "SINC=1h"), said)
        said = "`production` is no setting of `redrive`, expected `ENVIRONMENT=…`"
        self.assertEqual(self.refused("redrive", "production"), said)

    def test_a_fill_without_a_beginning_is_refused(self):
        said = "`SINCE` is not set, expected a date such as 2024-01-01"
        self.assertEqual(self.refused("backfill", SANDBOX), said)

    def test_an_architecture_that_there_is_not_is_refused(self):
        said = "`ARCHITECTURE` is `arm`, expected `arm64` or `x86_64`"
        self.assertEqual(self.refused("deploy", SANDBOX, "ARCHITECTURE=arm"), said)

    def test_a_mapping_is_not_checked_on_a_machine_that_the_release_has_no_program_for(self):
        with self.assertRaises(operate.SettingError) as refused:
            operate.mapping_check("Darwin", "arm64")
        self.assertTrue(str(refused.exception).startswith("this machine is `Darwin arm64`, expected "))
