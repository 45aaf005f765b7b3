"""The sweep runs by its schedule, and nobody waits for two runs to fail."""

import json
import unittest

from tests.template.stack import Stack, statements

INTERVALS = [
    minutes for minutes in Stack().template["Parameters"]["SweepMinutes"]["AllowedValues"] if minutes
]
SCHEDULE = {"SweepSchedule", "SweepScheduleRole", "SweepMissingAlarm"}


class Schedule(unittest.TestCase):
    def test_the_function_is_told_the_interval_that_it_is_run_at(self):
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

    def test_without_an_interval_there_is_no_schedule_and_fills_are_possible(self):
        with_schedule, without = Stack(), Stack(SweepMinutes="")
        self.assertEqual(with_schedule.names - without.names, SCHEDULE)
        variables = without.properties("SweepOpportunities")["Environment"]["Variables"]
        self.assertEqual(variables["SWEEP_MINUTES"], "")

    def test_a_run_ends_before_the_next_one_and_is_not_tried_again(self):
        timeout = Stack().properties("SweepOpportunities")["Timeout"]
        for minutes in INTERVALS:
            self.assertLess(timeout, int(minutes) * 60)
        self.assertEqual(Stack().properties("SweepOpportunitiesEventInvokeConfig")["MaximumRetryAttempts"], 0)

    def test_one_run_and_one_fill_are_made_at_a_time(self):
        reserved = "ReservedConcurrentExecutions"
        self.assertEqual(Stack().properties("SweepOpportunities")[reserved], 2)
        self.assertNotIn(reserved, Stack(EnrichConcurrency="").properties("SweepOpportunities"))

    def test_the_schedule_may_invoke_the_sweep_and_the_sweep_its_reader_and_itself(self):
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
    def test_the_alarm_waits_for_one_run_and_not_for_two(self):
        for minutes in INTERVALS:
            stack = Stack(SweepMinutes=minutes)
            alarm = stack.properties("SweepMissingAlarm")
            period, interval = int(alarm["Period"]), int(minutes) * 60
            longest_run = stack.properties("SweepOpportunities")["Timeout"]
            with self.subTest(minutes):
                self.assertEqual(period % 60, 0)
                # The periods are CloudWatch's: a run falls anywhere into one.
                silence = period * alarm["EvaluationPeriods"]
                self.assertLess(silence + period, 2 * interval)
                self.assertGreaterEqual(silence, interval + min(longest_run, interval // 2))
                self.assertEqual(alarm["TreatMissingData"], "breaching")

    def test_fields_that_aws_has_added_are_told_once_a_day_at_most(self):
        alarm = Stack().properties("UnknownFieldsAlarm")
        periods = [part["MetricStat"]["Period"] for part in alarm["Metrics"] if "MetricStat" in part]
        self.assertEqual(periods, [86_400, 86_400])
