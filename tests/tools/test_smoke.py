"""The bridge is tried from end to end, here with the emulator in AWS's place, and nothing is written."""

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
from tools import hand_on, local, log, smoke
from tools.local import ROOT
from tools.smoke import SmokeError

SECRET = "whsec_" + "QUJD" * 8
IDENTIFIER = "O7654321"


class Here(unittest.TestCase):
    """On this machine: the emulator, both functions, a CRM."""

    @classmethod
    def setUpClass(cls):
        stack = cls.enterClassContext(ExitStack())
        cls.crm = stack.enter_context(local.Crm(react=lambda _: None))
        port = local.free_port()
        arguments = ["--on-change", local.invoke_url(port), "--deliver", cls.crm.url]
        cls.partner_central = stack.enter_context(local.emulator(*arguments))
        settings = local.settings(
            cls.partner_central,
            WEBHOOK_AUTH="standard-webhooks",
            WEBHOOK_SECRETS=SECRET,
            AWS_LAMBDA_LOG_FORMAT="JSON",
        )
        cls.log = Path(stack.enter_context(TemporaryDirectory())) / "functions.log"
        output = stack.enter_context(cls.log.open("w"))
        stack.enter_context(local.functions(settings, log=output, port=port))
        cls.url = f"{local.wait_for_answer(port)}/"

    def setUp(self):
        self.crm.received.clear()
        self.control("DELETE", "records")
        self.control("DELETE", "faults")

    def control(self, method: str, path: str, body: str = "") -> str:
        url = f"{self.partner_central}/_control/{path}"
        status, _, answer = local.send(method, url, {"content-type": "application/json"}, body)
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
                "ok: a request that nobody signed is refused",
                "ok: a signed dry run on O7654321 is answered",
                "ok: O7654321 was handed on and has arrived with whoever the emulator delivers to",
                "ok: no dead letters wait",
            ],
        )
        self.assertEqual([event["subject"] for event in self.crm.received], [IDENTIFIER])
        self.assertEqual(json.loads(self.control("GET", "writes")), [])

    def test_an_opportunity_made_of_the_sample_file_is_one_that_can_be_tried(self):
        request = json.loads((ROOT / "events/create-opportunity.json").read_text())
        client = local.partner_central_client(self.partner_central)
        created = client.create_opportunity(**request)["Id"]
        self.crm.received.clear()
        self.assertEqual(self.smoke(created).returncode, 0)
        self.assertIn(created, [event["subject"] for event in self.crm.received])

    def test_a_secret_that_is_not_the_stacks_is_told(self):
        done = self.smoke(secret="whsec_" + "WFla" * 8)
        self.assertEqual(done.returncode, 1)
        said = "FAILED: the dry run was answered with 401: the request is not authenticated (urn:request-id:"
        self.assertTrue(done.stderr.startswith(said), done.stderr)
        self.assertEqual(self.crm.received, [])

    def test_an_opportunity_that_there_is_not_is_told_with_the_catalog(self):
        done = self.smoke("O1")
        said = "FAILED: catalog `Sandbox` has no opportunity `O1`: "
        self.assertTrue(done.stderr.startswith(said), done.stderr)

    def test_what_is_no_identifier_is_refused(self):
        done = self.smoke("7654321")
        said = "`ID` is `7654321`, expected the identifier of an opportunity, such as `O1234567`\n"
        self.assertEqual((done.returncode, done.stderr), (1, said))

    def test_a_step_that_fails_is_told_with_the_request_that_the_log_has_in_one_line(self):
        self.fault("GetOpportunity", "access-denied")
        done = self.smoke()
        self.assertIn(
            "FAILED: the dry run was answered with 502: the operator finds the reason in the log", done.stderr
        )
        line = self.line("access-denied")
        # Where Lambda runs it, the request's id is in the answer and in the line.
        self.assertRegex(line, r"^2026-03-04T05:06:08Z patch-opportunity ERROR answered ")
        self.assertIn(
            " status=502 outcome=access-denied cause='AWS denied the call: AccessDeniedException: ", line
        )
        self.assertIn(" opportunity.id=O7654321 ", line)

    def line(self, text: str) -> str:
        """The function's line of a text, as `make log` shows it."""
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
    """What is asked of AWS about a stack, and what its answers mean."""

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

    def test_an_opportunity_has_arrived_once_the_crm_has_taken_it(self):
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

    def test_a_read_that_failed_is_told_with_its_reason(self):
        stack = self.stack()
        self.logged(self.line(outcome="AccessDenied", error="AWS denied the call"))
        with self.assertRaisesRegex(
            SmokeError, "enrich-opportunity failed: AccessDenied: AWS denied the call"
        ):
            stack.arrival(self.event)

    def test_an_event_that_the_crm_refused_is_told(self):
        stack = self.stack()
        self.logged(self.line())
        self.counted(1)
        with self.assertRaisesRegex(SmokeError, "the CRM refused the event"):
            stack.arrival(self.event)

    def test_dead_letters_are_counted_those_in_flight_included(self):
        stack = self.stack()
        attributes = {"ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesNotVisible": "1"}
        self.session.answers("sqs", "get_queue_attributes", {"Attributes": attributes})
        with self.assertRaisesRegex(SmokeError, "dead letters wait: DeliveryDeadLetters 3"):
            smoke.no_dead_letters(stack, IDENTIFIER)

    def test_the_newest_secret_is_the_one_that_is_sent(self):
        for held in ["new", '{"secrets": ["new", "old"]}']:
            self.setUp()
            stack = self.stack()
            self.session.answers("secretsmanager", "get_secret_value", {"SecretString": held})
            found = smoke.credentials(stack, "PATCH", URL, smoke.CHANGE)
            self.assertEqual(found, {"authorization": "Bearer new"})

    def test_the_names_are_the_templates(self):
        stack = Stack(**CRMS["basic"])
        self.assertLessEqual(
            {"DeliveryRule", "EnrichOpportunity", "EnrichOpportunityLogs", "WebhookSecret"}, stack.names
        )
        self.assertIn("PatchOpportunityUrl", stack.outputs)
        self.assertEqual(stack.properties("DeliveryRule")["Name"], "bridge-delivery")
        self.assertEqual(stack.properties("Bus")["Name"], "bridge")
