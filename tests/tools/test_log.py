"""The log of a stack is shown line by line, with what somebody has to know first."""

import argparse
import json
import unittest

from tests.tools.test_preflight import Session
from tools import log

MOMENT = 1_772_600_768_000  # 2026-03-04T05:06:08Z
DENIED = {
    "level": "ERROR",
    "message": "answered",
    "method": "PATCH",
    "opportunity.id": "O7654321",
    "status": 502,
    "outcome": "access-denied",
    "cause": "AWS denied the call: AccessDeniedException: no",
    "attempts": 0,
    "span": {"requestId": "8f5d8a1e-2c7b-4f0e-9a53-6f1f0a7c9d21", "name": "invocation"},
}
TIMEOUT = {"time": "…", "type": "platform.report", "record": {"requestId": "r1", "status": "timeout"}}
FINE = {"time": "…", "type": "platform.report", "record": {"requestId": "r1", "status": "success"}}
PANIC = "thread 'main' panicked at functions/patch-opportunity/src/lib.rs:1:1:"
GROUP = "/aws/lambda/opportunity-bridge-production-patch-opportunity"


class Lines(unittest.TestCase):
    def test_a_5xx_is_one_line_that_says_why(self):
        self.assertEqual(
            log.shown("patch-opportunity", MOMENT, json.dumps(DENIED)),
            "2026-03-04T05:06:08Z patch-opportunity ERROR answered method=PATCH opportunity.id=O7654321 "
            "status=502 outcome=access-denied cause='AWS denied the call: AccessDeniedException: no' "
            "attempts=0 request=8f5d8a1e-2c7b-4f0e-9a53-6f1f0a7c9d21",
        )

    def test_a_time_out_that_only_lambda_saw_is_shown(self):
        line = "2026-03-04T05:06:08Z patch-opportunity ERROR platform.report status=timeout request=r1"
        self.assertEqual(log.shown("patch-opportunity", MOMENT, json.dumps(TIMEOUT)), line)

    def test_warnings_errors_panics_and_failures_are_of_interest_and_nothing_else(self):
        for line in [DENIED, DENIED | {"level": "WARN"}, TIMEOUT]:
            self.assertTrue(log.is_of_interest(json.dumps(line)))
        self.assertTrue(log.is_of_interest(PANIC))
        for line in [DENIED | {"level": "INFO"}, FINE, {"_aws": {}}]:
            self.assertFalse(log.is_of_interest(json.dumps(line)))
        self.assertFalse(log.is_of_interest("a line of somebody's"))

    def test_lines_of_all_functions_are_in_the_order_of_time(self):
        session = Session()
        other = GROUP.replace("patch", "enrich")
        for events in [[(3, DENIED), (1, TIMEOUT)], [(2, DENIED), (4, FINE)]]:
            answer = [{"timestamp": moment, "message": json.dumps(line)} for moment, line in events]
            session.answers("logs", "filter_log_events", {"events": answer})
        found = list(log.lines(session.client("logs"), [other, GROUP], 0, None))
        self.assertEqual([moment for moment, _ in found], [1, 2, 3])
        self.assertEqual(
            [line.split()[1] for _, line in found],
            ["enrich-opportunity", "patch-opportunity", "enrich-opportunity"],
        )

    def test_what_is_looked_for_is_shown_at_every_level(self):
        session = Session()
        events = [{"timestamp": 1, "message": json.dumps(DENIED | {"level": "INFO"})}]
        session.answers("logs", "filter_log_events", {"events": events})
        self.assertEqual(len(list(log.lines(session.client("logs"), [GROUP], 0, "O7654321"))), 1)


class Since(unittest.TestCase):
    def test_a_time_is_minutes_hours_or_days(self):
        found = [log.seconds(text) for text in ("90m", "3h", "2d")]
        self.assertEqual(found, [5400, 10_800, 172_800])

    def test_anything_else_is_refused_with_what_is_expected(self):
        for text in ("", "3", "h", "0h", "1w"):
            with self.assertRaisesRegex(
                argparse.ArgumentTypeError, f"^`{text}` is no time, expected such as"
            ):
                log.seconds(text)
