"""The smoke test tries the bridge from end to end without writing; here the emulator plays AWS."""

import json
import subprocess
import sys
import unittest
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.template.stack import CRMS, Stack
from tests.tools.test_preflight import Session
from tools import hand_on, launch, log, smoke
from tools.paths import ROOT
from tools.smoke import SmokeError

SECRET = "whsec_" + "QUJD" * 8
IDENTIFIER = "O7654321"


class Here(unittest.TestCase):
    """On this machine: the emulator, both functions, a CRM."""

    @classmethod
    def setUpClass(cls):
        stack = cls.enterClassContext(ExitStack())
        cls.crm = stack.enter_context(launch.Crm(react=lambda _: None))
        port = launch.free_port()
        arguments = ["--on-change", launch.invoke_url(port), "--deliver", cls.crm.url]
        cls.partner_central = stack.enter_context(launch.emulator(*arguments))
        settings = launch.settings(
            cls.partner_central,
            WEBHOOK_AUTH="standard-webhooks",
            WEBHOOK_SECRETS=SECRET,
            AWS_LAMBDA_LOG_FORMAT="JSON",
        )
        cls.log = Path(stack.enter_context(TemporaryDirectory())) / "functions.log"
        output = stack.enter_context(cls.log.open("w"))
        stack.enter_context(launch.functions(settings, log=output, port=port))
        cls.url = f"{launch.wait_for_answer(port)}/"

    def setUp(self):
        self.crm.received.clear()
        self.control("DELETE", "records")
        self.control("DELETE", "faults")

    def control(self, method: str, path: str, body: str = "") -> str:
        url = f"{self.partner_central}/_control/{path}"
        status, _, answer = launch.send(method, url, {"content-type": "application/json"}, body)
        self.assertLess(status, 300, answer)
        return answer.decode()

    def fault(self, operation: str, fault: str, times: int = 1) -> None:
        self.control("POST", "faults", json.dumps({"operation": operation, "times": times, "fault": fault}))

    def smoke(self, identifier: str = IDENTIFIER, secret: str = SECRET) -> subprocess.CompletedProcess:
        given = ["--url", self.url, "--secret", secret, "--partner-central", self.partner_central]
        command = [sys.executable, "-m", "tools.smoke", *given, identifier]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    def test_all_steps_pass_the_crm_gets_the_opportunity_and_nothing_is_written(self):
        done = self.smoke()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(
            done.stdout.splitlines(),
            [
                "ok: the URL answers",
                "ok: an unsigned request is refused",
                "ok: a signed dry run on O7654321 is answered",
                "ok: O7654321 was handed on and has arrived with whoever the emulator delivers to",
                "ok: no dead letters wait",
            ],
        )
        self.assertEqual([event["subject"] for event in self.crm.received], [IDENTIFIER])
        self.assertEqual(json.loads(self.control("GET", "writes")), [])

    def test_an_opportunity_created_from_the_sample_file_passes_the_smoke_test(self):
        request = json.loads((ROOT / "events/create-opportunity.json").read_text())
        client = launch.partner_central_client(self.partner_central)
        created = client.create_opportunity(**request)["Id"]
        self.crm.received.clear()
        self.assertEqual(self.smoke(created).returncode, 0)
        self.assertIn(created, [event["subject"] for event in self.crm.received])

    def test_a_secret_that_is_not_the_stacks_is_reported(self):
        done = self.smoke(secret="whsec_" + "WFla" * 8)
        self.assertEqual(done.returncode, 1)
        said = "FAILED: the dry run was answered with 401: the request is not authenticated (urn:request-id:"
        self.assertTrue(done.stderr.startswith(said), done.stderr)
        self.assertEqual(self.crm.received, [])

    def test_a_missing_opportunity_is_reported_with_the_catalog(self):
        done = self.smoke("O1")
        said = "FAILED: catalog `Sandbox` has no opportunity `O1`: "
        self.assertTrue(done.stderr.startswith(said), done.stderr)

    def test_a_malformed_identifier_is_refused(self):
        for given, found in [("7654321", "`7654321`"), ("", "not set")]:
            done = self.smoke(given)
            said = f"`ID` is {found}, expected the identifier of an opportunity, such as `O1234567`\n"
            self.assertEqual((done.returncode, done.stderr), (1, said))

    def test_a_failed_step_names_the_request_which_has_one_line_in_the_log(self):
        self.fault("GetOpportunity", "access-denied")
        done = self.smoke()
        self.assertIn(
            "FAILED: the dry run was answered with 502: the operator finds the reason in the log", done.stderr
        )
        line = self.line("access-denied")
        # On Lambda, the answer and the log line both contain the request's id.
        self.assertRegex(line, r"^2026-03-04T05:06:08Z patch-opportunity ERROR answered ")
        self.assertIn(
            " status=502 outcome=access-denied cause='AWS denied the call: AccessDeniedException: ", line
        )
        self.assertIn(" opportunity.id=O7654321 ", line)

    def line(self, text: str) -> str:
        """The function's log line that contains a text, as `make log` shows it."""
        moment = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC).timestamp() * 1000
        found = [
            line[line.index("{") :]
            for line in self.log.read_text().splitlines()
            if text in line and "{" in line
        ]
        (line,) = [line for line in found if (log.parsed(line) or {}).get("message") == "answered"]
        self.assertTrue(log.is_of_interest(line))
        return log.shown("patch-opportunity", moment, line)


URL = "https://abc.lambda-url.us-east-1.on.aws/"
QUEUE = "https://sqs.us-east-1.amazonaws.com/111122223333/dead"


class InAws(unittest.TestCase):
    """The questions to AWS about a stack, and the meaning of the answers."""

    def setUp(self):
        self.session = Session()
        self.event = hand_on.event("Sandbox", IDENTIFIER)

    def stack(self, crm: bool = True, **given: str) -> smoke.Deployed:
        parameters = {"Catalog": "Sandbox", "WebhookAuth": "bearer"} | given
        described = {
            "StackName": "bridge",
            "CreationTime": "2026-03-04T05:06:07Z",
            "StackStatus": "CREATE_COMPLETE",
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
            ],
            "Outputs": [{"OutputKey": "PatchOpportunityUrl", "OutputValue": URL}],
        }
        for _ in range(2):
            self.session.answers("cloudformation", "describe_stacks", {"Stacks": [described]})
        kinds = {
            "DeliveryDeadLetters": ("AWS::SQS::Queue", QUEUE),
            "EnrichOpportunity": ("AWS::Lambda::Function", "bridge-enrich-opportunity"),
            "EnrichOpportunityLogs": ("AWS::Logs::LogGroup", "/aws/lambda/bridge-enrich-opportunity"),
            "WebhookSecret": ("AWS::SecretsManager::Secret", "arn:secret"),
        } | ({"DeliveryRule": ("AWS::Events::Rule", "bridge-delivery")} if crm else {})
        listed = [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": physical,
                "ResourceType": kind,
                "Timestamp": "2026-03-04T05:06:07Z",
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for name, (kind, physical) in kinds.items()
        ]
        for _ in range(2):
            self.session.answers("cloudformation", "describe_stack_resources", {"StackResources": listed})
        return smoke.Deployed(self.session, "bridge")

    def logged(self, *lines: dict) -> None:
        events = [{"message": json.dumps(line), "timestamp": 1} for line in lines]
        self.session.answers("logs", "filter_log_events", {"events": events})

    def counted(self, *sums: float) -> None:
        for count in sums:
            points = [{"Sum": count}] if count else []
            self.session.answers("cloudwatch", "get_metric_statistics", {"Datapoints": points})

    def line(self, **members: str) -> dict:
        of_it = {"event.source": hand_on.SOURCE, "opportunity.id": IDENTIFIER, "outcome": "enriched"}
        return of_it | members

    def test_an_opportunity_has_arrived_once_the_crm_has_accepted_it(self):
        stack = self.stack()
        self.logged()
        self.assertIsNone(stack.arrival(self.event))
        self.logged(self.line(**{"event.source": "aws.partnercentral-selling"}))
        self.assertIsNone(stack.arrival(self.event))
        self.logged(self.line())
        self.counted(0, 0)
        self.assertIsNone(stack.arrival(self.event))
        self.logged(self.line())
        self.counted(0, 1)
        self.assertEqual(stack.arrival(self.event), "at the CRM")

    def test_without_a_crm_it_has_arrived_on_the_bus(self):
        stack = self.stack(crm=False)
        self.logged(self.line())
        said = "on the bridge's bus (`CrmUrl` is empty, so nothing is delivered)"
        self.assertEqual(stack.arrival(self.event), said)

    def test_a_failed_read_is_reported_with_its_reason(self):
        stack = self.stack()
        self.logged(self.line(outcome="AccessDenied", error="AWS denied the call"))
        with self.assertRaisesRegex(
            SmokeError, "enrich-opportunity failed: AccessDenied: AWS denied the call"
        ):
            stack.arrival(self.event)

    def test_an_event_that_the_crm_refused_is_reported(self):
        stack = self.stack()
        self.logged(self.line())
        self.counted(1)
        with self.assertRaisesRegex(SmokeError, "the CRM refused the event"):
            stack.arrival(self.event)

    def test_dead_letters_in_flight_are_counted_too(self):
        stack = self.stack()
        attributes = {"ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesNotVisible": "1"}
        self.session.answers("sqs", "get_queue_attributes", {"Attributes": attributes})
        with self.assertRaisesRegex(SmokeError, "dead letters wait: DeliveryDeadLetters 3"):
            smoke.no_dead_letters(stack, IDENTIFIER)

    def test_the_newest_secret_is_used(self):
        for held in ["new", '{"secrets": ["new", "old"]}']:
            self.setUp()
            stack = self.stack()
            self.session.answers("secretsmanager", "get_secret_value", {"SecretString": held})
            found = smoke.credentials(stack, "PATCH", URL, smoke.CHANGE)
            self.assertEqual(found, {"authorization": "Bearer new"})

    def test_the_names_exist_in_the_template(self):
        stack = Stack(**CRMS["basic"])
        self.assertLessEqual(
            {"DeliveryRule", "EnrichOpportunity", "EnrichOpportunityLogs", "WebhookSecret"}, stack.names
        )
        self.assertIn("PatchOpportunityUrl", stack.outputs)
        self.assertEqual(stack.properties("DeliveryRule")["Name"], "bridge-delivery")
        self.assertEqual(stack.properties("Bus")["Name"], "bridge")
