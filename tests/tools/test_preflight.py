"""The preflight reports what is wrong with a deployment before anything is built."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import boto3
from botocore.stub import Stubber

from tests.template.stack import CRMS, Stack
from tools import preflight
from tools.paths import ROOT
from tools.preflight import PreflightError

SECRET = "a-secret-to-look-for"


class Session:
    """Clients that return only the answers they were given."""

    def __init__(self):
        self.clients, self.stubs = {}, {}

    def client(self, service: str):
        return self.clients[service]

    def answers(self, service: str, operation: str, answer: dict | str) -> None:
        if service not in self.clients:
            keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
            self.clients[service] = boto3.client(service, region_name="us-east-1", **keys)
            self.stubs[service] = Stubber(self.clients[service])
            self.stubs[service].activate()
        if isinstance(answer, str):
            code, _, message = answer.partition(": ")
            self.stubs[service].add_client_error(operation, code, message)
        else:
            self.stubs[service].add_response(operation, answer)


def stack(status: str, **parameters: str) -> dict:
    listed = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    stack = {"StackName": "s", "CreationTime": "2026-03-04T05:06:07Z", "StackStatus": status}
    return {"Stacks": [stack | {"Parameters": listed}]}


def concurrency(unreserved: int) -> dict:
    return {"AccountLimit": {"UnreservedConcurrentExecutions": unreserved}}


def file_of(test: unittest.TestCase, name: str, text: str) -> str:
    """A file as `make deploy` takes it, for the duration of a test."""
    path = Path(test.enterContext(tempfile.TemporaryDirectory())) / name
    path.write_text(text)
    return f"file://{path}"


class WithoutAws(unittest.TestCase):
    """Names and values are checked against the template before any call to AWS."""

    def wrong(self, *texts: str) -> list[str]:
        return preflight.preflight(Session(), "sandbox", list(texts))[1]

    def test_a_misspelt_name_is_reported_with_the_nearest(self):
        for given, nearest in [("CrmURL", "CrmUrl"), ("AlarmMail", "AlarmEmail"), ("logdays", "LogDays")]:
            self.assertEqual(
                self.wrong(f"{given}=x"), [f"there is no parameter `{given}`, the nearest is `{nearest}`"]
            )

    def test_a_name_without_a_near_one_is_reported_with_the_list_of_all(self):
        said = "there is no parameter `Colour`, expected one of docs/operations.md#parameters"
        self.assertEqual(self.wrong("Colour=blue"), [said])

    def test_a_file_is_read_as_sam_reads_it(self):
        for name, text in [
            ("crm.yaml", "CrmURL: https://crm.example/hook\nLogDays: 8\n"),
            ("crm.toml", 'CrmURL = "https://crm.example/hook"\nLogDays = 8\n'),
        ]:
            with self.subTest(name):
                wrong = self.wrong(file_of(self, name, text))
                self.assertEqual(len(wrong), 2)
                self.assertIn("there is no parameter `CrmURL`, the nearest is `CrmUrl`", wrong)
                self.assertTrue(wrong[1].startswith("`LogDays` is `8`, expected one of `1`, `3`, `5`"), wrong)

    def test_a_missing_or_unreadable_file_is_reported(self):
        for text in [
            "file:///nowhere/crm.yaml",
            file_of(self, "crm.yaml", "a: [\n"),
            file_of(self, "crm.json", "{}"),
        ]:
            with (
                self.subTest(text),
                self.assertRaisesRegex(PreflightError, "^the parameters cannot be read: "),
            ):
                self.wrong(text)

    def test_a_path_without_file_before_it_is_refused_with_what_is_expected(self):
        with self.assertRaisesRegex(
            PreflightError, "; expected `PARAMETERS=file://` and the whole path of a file$"
        ):
            self.wrong("crm.yaml")

    def test_a_value_that_the_template_does_not_allow_is_reported_with_what_it_expects(self):
        for given, said in [
            (
                "CrmUrl=http://crm.example",
                (
                    "`CrmUrl` is `http://crm.example`: must begin with https:// and have at most one *, "
                    "in its path, or be empty"
                ),
            ),
            ("CrmAuth=token", "`CrmAuth` is `token`, expected one of `api-key`, `basic`, `oauth`"),
            ("CrmRequestsPerSecond=301", "`CrmRequestsPerSecond` is `301`, expected a number from 1 to 300"),
            ("MemorySize=much", "`MemorySize` is `much`, expected a number from 128 to 10240"),
            ("AlarmEmail=nobody", "`AlarmEmail` is `nobody`: must be an e-mail address, or empty"),
        ]:
            self.assertEqual(self.wrong(given), [said])

    def test_a_parameter_that_make_sets_cannot_be_given(self):
        self.assertEqual(self.wrong("Catalog=AWS"), ["`Catalog` is set by `ENVIRONMENT`, leave it out"])
        self.assertEqual(len(self.wrong("Architecture=x86_64")), 1)

    def test_every_default_and_every_example_is_valid(self):
        parameters = preflight.template()["Parameters"]
        for values in [{}, *CRMS.values()]:
            found = {name: str(parameter["Default"]) for name, parameter in parameters.items()} | values
            self.assertEqual(
                list(
                    filter(
                        None,
                        (preflight.of_value(name, parameters[name], value) for name, value in found.items()),
                    )
                ),
                [],
            )

    def test_an_unknown_environment_is_refused(self):
        with self.assertRaisesRegex(
            PreflightError, "`ENVIRONMENT` is `prod`, expected `sandbox` or `production`"
        ):
            preflight.preflight(Session(), "prod", [])

    def test_the_command_prints_the_faults_and_shows_no_secret(self):
        path = file_of(self, "crm.yaml", json.dumps({"CrmApiKey": SECRET, "CrmURL": "https://crm.example"}))
        command = [sys.executable, "-m", "tools.preflight", "sandbox", path]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        said = "not deployed: there is no parameter `CrmURL`, the nearest is `CrmUrl`\n"
        self.assertEqual(done.stderr, said)
        self.assertNotIn(SECRET, done.stderr)


class WithAws(unittest.TestCase):
    """What only AWS knows: whose credentials these are, what exists already, what fits."""

    def setUp(self):
        self.session = Session()
        self.session.answers("sts", "get_caller_identity", {"Account": "111122223333"})

    def preflight(self, *texts: str) -> tuple[str, list[str]]:
        return preflight.preflight(self.session, "production", list(texts))

    def is_new(self, unreserved: int = 1000):
        said = "ValidationError: Stack with id opportunity-bridge-production does not exist"
        self.session.answers("cloudformation", "describe_stacks", said)
        self.session.answers("lambda", "get_account_settings", concurrency(unreserved))

    def is_there(self, status: str, **parameters: str):
        self.session.answers("cloudformation", "describe_stacks", stack(status, **parameters))

    def test_account_region_and_stack_are_printed(self):
        self.is_new()
        said = "account 111122223333, region us-east-1, stack opportunity-bridge-production (new)"
        self.assertEqual(self.preflight(), (said, []))

    def test_refused_credentials_are_reported_before_any_other_call(self):
        session = Session()
        session.answers("sts", "get_caller_identity", "ExpiredToken: The security token is expired")
        with self.assertRaisesRegex(
            PreflightError, "^AWS does not accept your credentials: .*token is expired"
        ):
            preflight.preflight(session, "sandbox", [])

    def test_a_crm_without_a_required_parameter_is_reported_with_its_name(self):
        self.is_new()
        _, wrong = self.preflight("CrmUrl=https://crm.example/hook")
        self.assertEqual(wrong, ["CrmUrl with CrmAuth api-key takes CrmApiKey"])

    def test_parameters_of_an_earlier_deployment_need_not_be_repeated(self):
        self.is_there(
            "UPDATE_COMPLETE", CrmUrl="https://crm.example/hook", CrmAuth="api-key", CrmApiKey="****"
        )
        _, wrong = self.preflight("CrmUrl=https://crm.example/other")
        self.assertEqual(wrong, [])

    def test_the_rules_come_from_the_template(self):
        for given in [*CRMS.values(), CRMS["basic"] | {"CrmPassword": ""}, {"AlarmEmail": "a@b.example"}]:
            self.assertEqual(preflight.of_all(given, {}), Stack(**given).refusals())

    def test_a_stack_that_cannot_be_changed_is_reported_with_the_remedy(self):
        for status, way_out in [
            ("ROLLBACK_COMPLETE", "sam delete --config-env production"),
            ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
            ("UPDATE_IN_PROGRESS", "wait"),
        ]:
            self.setUp()
            self.is_there(status)
            _, (wrong,) = self.preflight()
            self.assertIn(f"`opportunity-bridge-production` is in state `{status}`", wrong)
            self.assertIn(way_out, wrong)

    def test_concurrency_that_a_small_account_cannot_reserve_is_reported_with_the_remedy(self):
        for unreserved in (10, 108):
            self.setUp()
            self.is_new(unreserved)
            _, (wrong,) = self.preflight()
            self.assertIn('write `EnrichConcurrency: ""` and `PatchConcurrency: ""`', wrong)
        for unreserved, texts in [
            (109, []),
            # The sweep's two executions are reserved together with those of its reader.
            (105, [file_of(self, "crm.yaml", 'EnrichConcurrency: ""\n')]),
            (104, [file_of(self, "crm.yaml", 'PatchConcurrency: ""\n')]),
            (10, [file_of(self, "crm.yaml", 'EnrichConcurrency: ""\nPatchConcurrency: ""\n')]),
        ]:
            self.setUp()
            self.is_new(unreserved)
            self.assertEqual(self.preflight(*texts)[1], [])
