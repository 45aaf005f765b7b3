"""A fill is started with the dates that were given, and not with others."""

import io
import json
import unittest
from contextlib import redirect_stderr

import boto3
from botocore.stub import Stubber

from tests.template.stack import Stack
from tools import backfill

STACK = "opportunity-bridge-sandbox"


class Dates(unittest.TestCase):
    def refused(self, *arguments: str) -> str:
        said = io.StringIO()
        with redirect_stderr(said), self.assertRaises(SystemExit) as ended:
            backfill.span([STACK, *arguments])
        self.assertEqual(ended.exception.code, 2)
        return said.getvalue().splitlines()[-1]

    def test_a_day_begins_at_midnight_in_utc_and_an_offset_is_one(self):
        for given, sent in [
            ("2024-01-01", "2024-01-01T00:00:00.000Z"),
            ("2024-01-01T06:00:00Z", "2024-01-01T06:00:00.000Z"),
            ("2024-01-01T06:00:00+01:00", "2024-01-01T05:00:00.000Z"),
            ("2024-01-01T06:00:00.25", "2024-01-01T06:00:00.250Z"),
        ]:
            self.assertEqual(backfill.span([STACK, given]), (STACK, {"since": sent}))

    def test_an_end_is_sent_where_there_is_one(self):
        _, payload = backfill.span([STACK, "2024-01-01", "2024-07-01"])
        self.assertEqual(payload, {"since": "2024-01-01T00:00:00.000Z", "until": "2024-07-01T00:00:00.000Z"})

    def test_what_is_no_span_of_time_is_refused_with_what_was_expected(self):
        self.assertIn(
            "`last year` is not a date, expected one such as `2024-01-01`", self.refused("last year")
        )
        self.assertIn(
            "UNTIL is `2023-01-01T00:00:00.000Z`, expected a date after SINCE",
            self.refused("2024-01-01", "2023-01-01"),
        )
        self.assertIn("required: SINCE", self.refused())


class Start(unittest.TestCase):
    def test_the_sweep_of_the_stack_is_invoked_and_not_waited_for(self):
        self.assertIn(backfill.FUNCTION, Stack().names)
        functions = boto3.client(
            "lambda", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        payload = {"since": "2024-01-01T00:00:00.000Z"}
        expected = {"FunctionName": "sweep", "InvocationType": "Event", "Payload": json.dumps(payload)}
        with Stubber(functions) as answers:
            answers.add_response("invoke", {"StatusCode": 202}, expected)
            backfill.start(functions, "sweep", payload)
            answers.assert_no_pending_responses()
