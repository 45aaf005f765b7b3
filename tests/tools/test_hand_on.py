"""The tool hands opportunities on by their identifiers; here the emulator plays Lambda."""

import json
import unittest

import boto3

from tests.template.stack import Stack
from tools import hand_on, launch, redrive
from tools.hand_on import IdentifierError


class Identifiers(unittest.TestCase):
    def test_identifiers_are_separated_by_spaces_or_commas_and_repetitions_ignored(self):
        self.assertEqual(hand_on.identifiers(["O1,O2", "O3 O1", "O2"]), ["O1", "O2", "O3"])

    def test_a_malformed_identifier_is_refused_before_any_is_handed_on(self):
        for texts, said in [
            ([], "`IDS` is empty, expected identifiers such as `O1234567 O7654321`"),
            (["O1 7654321"], "`7654321` is not an identifier, expected `O` and up to 19 digits"),
            (["O1;O2"], "`O1;O2` is not an identifier, expected `O` and up to 19 digits"),
        ]:
            with self.subTest(texts), self.assertRaises(IdentifierError) as raised:
                hand_on.identifiers(texts)
            self.assertEqual(str(raised.exception), said)


class HandOn(unittest.TestCase):
    def setUp(self):
        # Nobody gets the events: only the invocations count.
        function = (
            f"http://127.0.0.1:{launch.free_port()}/2015-03-31/functions/enrich-opportunity/invocations"
        )
        self.url = self.enterContext(launch.emulator("--on-change", function))
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        self.functions = boto3.client("lambda", endpoint_url=self.url, region_name="us-east-1", **keys)

    def invocations(self) -> list[dict]:
        return json.loads(launch.send("GET", f"{self.url}/_control/invocations", {}, "")[2])

    def test_the_function_is_invoked_for_each_in_the_stacks_own_catalog(self):
        refused = hand_on.hand_on(self.functions, "s-enrich-opportunity", "AWS", ["O7654321", "O1"])
        self.assertEqual(refused, {})
        found = [(it["function"], it["payload"]["detail"]) for it in self.invocations()]
        self.assertEqual(
            found,
            [
                (
                    "s-enrich-opportunity",
                    {
                        "schemaVersion": "1",
                        "catalog": "AWS",
                        "opportunity": {"identifier": identifier},
                    },
                )
                for identifier in ("O7654321", "O1")
            ],
        )

    def test_an_invocation_that_lambda_refuses_is_reported_and_the_others_are_made(self):
        fault = json.dumps({"operation": "Invoke", "times": 1, "fault": "access-denied"})
        status, _, body = launch.send(
            "POST", f"{self.url}/_control/faults", {"content-type": "application/json"}, fault
        )
        self.assertLess(status, 300, body)
        refused = hand_on.hand_on(self.functions, "enrich-opportunity", "Sandbox", ["O1", "O2"])
        self.assertEqual(list(refused), ["O1"])
        self.assertIn("AccessDeniedException", refused["O1"])
        self.assertEqual(len(self.invocations()), 1)


class Names(unittest.TestCase):
    def test_the_function_and_the_parameter_exist_in_the_template(self):
        self.assertIn(hand_on.FUNCTION, Stack().of_type("AWS::Lambda::Function"))
        self.assertIn("Catalog", Stack().template["Parameters"])

    def test_an_event_that_fails_again_can_be_redriven(self):
        event = hand_on.event("Sandbox", "O7654321")
        record = {"version": "1.0", "requestPayload": event, "responsePayload": {"errorType": "Throttled"}}
        self.assertEqual(redrive.event_in(json.dumps(record)), event)
