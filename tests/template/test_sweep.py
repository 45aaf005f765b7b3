"""The sweep runs on schedule, and an alarm reports the first run that fails."""

import json
import unittest

from tests.template.stack import Stack, statements

INTERVALS = [
    minutes for minutes in Stack().template["Parameters"]["SweepMinutes"]["AllowedValues"] if minutes
]
SCHEDULE = {"SweepSchedule", "SweepScheduleRole", "SweepMissingAlarm"}


class Schedule(unittest.TestCase):
    def test_the_function_gets_the_interval_of_its_schedule(self):
        for minutes in INTERVALS:
            stack = Stack(SweepMinutes=minutes)
            schedule = stack.properties("SweepSchedule")
            self.assertEqual(schedule["ScheduleExpression"], f"rate({minutes} minutes)")
            variables = stack.properties("SweepOpportunities")["Environment"]["Variables"]
            self.assertEqual(variables["SWEEP_MINUTES"], minutes)
            self.assertEqual(schedule["Target"]["Arn"], "<SweepOpportunities.Arn>")
            self.assertEqual(
                json.loads(schedule["Target"]["Input"]), {"scheduled": "<aws.scheduler.scheduled-time>"}
            )

    def test_without_an_interval_there_is_no_schedule_but_backfills_still_work(self):
        with_schedule, without = Stack(), Stack(SweepMinutes="")
        self.assertEqual(with_schedule.names - without.names, SCHEDULE)
        variables = without.properties("SweepOpportunities")["Environment"]["Variables"]
        self.assertEqual(variables["SWEEP_MINUTES"], "")

    def test_a_run_ends_before_the_next_one_and_is_not_retried(self):
        timeout = Stack().properties("SweepOpportunities")["Timeout"]
        for minutes in INTERVALS:
            self.assertLess(timeout, int(minutes) * 60)
        self.assertEqual(Stack().properties("SweepOpportunitiesEventInvokeConfig")["MaximumRetryAttempts"], 0)

    def test_at_most_one_run_and_one_backfill_run_at_a_time(self):
        reserved = "ReservedConcurrentExecutions"
        self.assertEqual(Stack().properties("SweepOpportunities")[reserved], 2)
        self.assertNotIn(reserved, Stack(EnrichConcurrency="").properties("SweepOpportunities"))

    def test_the_schedule_may_invoke_the_sweep_and_the_sweep_may_invoke_its_reader_and_itself(self):
        stack = Stack()
        (schedule,) = statements(stack.properties("SweepScheduleRole")["Policies"])
        self.assertEqual(schedule["Resource"], "<SweepOpportunities.Arn>")
        (invoke,) = [
            statement
            for statement in statements(stack.properties("SweepOpportunitiesRole")["Policies"])
            if statement["Action"] == "lambda:InvokeFunction"
        ]
        name = stack.properties("SweepOpportunities")["FunctionName"]
        itself = f"arn:aws:lambda:us-east-1:111122223333:function:{name}"
        self.assertEqual(invoke["Resource"], ["<EnrichOpportunity.Arn>", itself])
        self.assertEqual(stack.properties("SweepOpportunities")["RecursiveLoop"], "Allow")


class Missing(unittest.TestCase):
    def test_the_alarm_goes_off_after_one_missing_run_not_two(self):
        for minutes in INTERVALS:
            stack = Stack(SweepMinutes=minutes)
            alarm = stack.properties("SweepMissingAlarm")
            period, interval = int(alarm["Period"]), int(minutes) * 60
            longest_run = stack.properties("SweepOpportunities")["Timeout"]
            with self.subTest(minutes):
                self.assertEqual(period % 60, 0)
                # CloudWatch fixes the periods: a run can fall anywhere into one.
                silence = period * alarm["EvaluationPeriods"]
                self.assertLess(silence + period, 2 * interval)
                self.assertGreaterEqual(silence, interval + min(longest_run, interval // 2))
                self.assertEqual(alarm["TreatMissingData"], "breaching")

    def test_fields_that_aws_has_added_raise_an_alarm_at_most_once_a_day(self):
        alarm = Stack().properties("UnknownFieldsAlarm")
        periods = [part["MetricStat"]["Period"] for part in alarm["Metrics"] if "MetricStat" in part]
        self.assertEqual(periods, [86_400, 86_400])
