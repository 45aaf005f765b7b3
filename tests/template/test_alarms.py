"""Every failure is visible: in alarms, on the dashboard, and on the page that says what to do."""

import json
import re
import unittest

from tests.template import observed
from tests.template.stack import CRMS, ROOT, Stack
from tests.template.test_code import FUNCTIONS

STACKS = {"without a CRM": {}, "with a CRM": CRMS["oauth"]}
OPERATIONS = ROOT / "docs/operations.md"
COMMAND = re.compile(r"make ([a-z-]+) ENVIRONMENT=(\w+)")
TARGETS = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


def alarms(**parameters: str) -> dict[str, dict]:
    """All alarms, by their names on the page."""
    found = Stack(**CRMS["basic"], **parameters).of_type("AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"].removeprefix("bridge-"): alarm for alarm in found}


def dashboard(stack: Stack) -> list[dict]:
    return json.loads(stack.properties("Dashboard")["DashboardBody"])["widgets"]


def shown(widgets: list[dict]) -> list[list]:
    """All metrics of all widgets, without their options."""
    metrics = [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]
    return [[part for part in metric if isinstance(part, str)] for metric in metrics]


def watched(stack: Stack) -> list[dict]:
    """The metrics of all alarms, including those in expressions."""
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    stats = [
        part["MetricStat"] for alarm in alarms for part in alarm.get("Metrics", []) if "MetricStat" in part
    ]
    return [alarm for alarm in alarms if "MetricName" in alarm] + [stat["Metric"] for stat in stats]


def dimensions(metric: dict) -> tuple[tuple[str, str], ...]:
    return tuple((dimension["Name"], dimension["Value"]) for dimension in metric["Dimensions"])


class Alarms(unittest.TestCase):
    def test_every_queue_has_an_alarm_that_clears_only_once_the_queue_was_observed_empty(self):
        for name, parameters in STACKS.items():
            stack = Stack(**parameters)
            watched = {
                alarm["Dimensions"][0]["Value"]: alarm
                for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()
                if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
            }
            queues = {f"<{queue}.QueueName>" for queue in stack.of_type("AWS::SQS::Queue")}
            with self.subTest(name):
                self.assertEqual(watched.keys(), queues)
                for alarm in watched.values():
                    self.assertEqual(alarm["TreatMissingData"], "ignore")
                    self.assertEqual((alarm["Threshold"], alarm["Statistic"]), (0, "Maximum"))

    def test_every_function_has_an_alarm_for_errors_and_one_for_throttles(self):
        found = {
            (metric["MetricName"], metric["Dimensions"][0]["Value"])
            for metric in watched(Stack())
            if metric["Namespace"] == "AWS/Lambda" and metric["MetricName"] in ("Errors", "Throttles")
        }
        expected = {(metric, f"<{name}>") for metric in ("Errors", "Throttles") for name in FUNCTIONS}
        self.assertEqual(found, expected)

    def test_whatever_aws_gives_up_without_a_queue_is_in_an_alarm(self):
        for name, parameters in STACKS.items():
            stack = Stack(**parameters)
            found = {(metric["MetricName"], metric["Dimensions"][-1]["Value"]) for metric in watched(stack)}
            rules = stack.of_type("AWS::Events::Rule").values()
            expected = {
                (
                    "InvocationsFailedToBeSentToDlq" if "DeadLetterConfig" in target else "FailedInvocations",
                    rule["Name"],
                )
                for rule in rules
                for target in rule["Targets"]
            }
            for config in stack.of_type("AWS::Lambda::EventInvokeConfig").values():
                destinations = config.get("DestinationConfig", {})
                if destinations:
                    expected.add(("DestinationDeliveryFailures", config["FunctionName"]))
                if "OnFailure" not in destinations:
                    expected.add(("AsyncEventsDropped", config["FunctionName"]))
            with self.subTest(name):
                self.assertLessEqual(expected, found)

    def test_an_alarm_notifies_the_stacks_topic_or_the_partners_own(self):
        own = "arn:aws:sns:us-east-1:111122223333:pager"
        for parameters, topic in [({}, "<AlarmTopic>"), ({"AlarmTopicArn": own}, own)]:
            stack = Stack(**parameters, **CRMS["basic"])
            for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
                self.assertEqual(alarm["AlarmActions"], [topic], name)
            self.assertEqual("AlarmTopic" in stack.names, not parameters)
        self.assertNotIn("AlarmSubscription", Stack().names)
        subscription = Stack(AlarmEmail="ops@partner.example").properties("AlarmSubscription")
        self.assertEqual(subscription["Endpoint"], "ops@partner.example")

    def test_the_topic_takes_messages_of_the_stacks_alarms(self):
        stack = Stack(**CRMS["basic"])
        (statement,) = stack.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]
        pattern = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:bridge-*"
        self.assertEqual(statement["Condition"], {"ArnLike": {"aws:SourceArn": pattern}})
        for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
            self.assertTrue(alarm["AlarmName"].startswith("bridge-"))


class Texts(unittest.TestCase):
    """The texts that an operator reads at night."""

    def test_a_command_is_for_the_environment_of_the_alarms_own_stack(self):
        for catalog, environment in [("AWS", "production"), ("Sandbox", "sandbox")]:
            for name, alarm in alarms(Catalog=catalog).items():
                commands = COMMAND.findall(alarm["AlarmDescription"])
                with self.subTest(f"{catalog}: {name}"):
                    self.assertTrue(commands)
                    for target, given in commands:
                        self.assertIn(target, TARGETS)
                        self.assertEqual(given, environment)

    def test_each_dead_letter_queue_says_how_it_is_redriven(self):
        for name, alarm in alarms().items():
            if name.endswith("dead-letters"):
                self.assertIn("make redrive ENVIRONMENT=sandbox", alarm["AlarmDescription"])

    def test_an_alarm_refers_to_its_section_of_the_runbook(self):
        for name, alarm in alarms(RunbookBase="https://wiki.partner.example/bridge").items():
            self.assertIn(f"Runbook: https://wiki.partner.example/bridge#{name}", alarm["AlarmDescription"])
            self.assertIn(f"\n### {name}\n", OPERATIONS.read_text())

    def test_an_alarms_text_is_no_longer_than_cloudwatch_allows(self):
        long = "https://wiki.partner.example/" + "x" * 200
        for alarm in alarms(RunbookBase=long).values():
            self.assertLessEqual(len(alarm["AlarmDescription"]), 1024)


class Dashboard(unittest.TestCase):
    def test_widgets_fill_rows_of_24_and_do_not_overlap(self):
        for name, parameters in STACKS.items():
            taken = set()
            for widget in dashboard(Stack(**parameters)):
                columns = range(widget["x"], widget["x"] + widget["width"])
                rows = range(widget["y"], widget["y"] + widget["height"])
                cells = {(x, y) for x in columns for y in rows}
                with self.subTest(f"{name}: {widget['properties'].get('title')}"):
                    self.assertFalse(cells & taken)
                taken |= cells
            height = max(y for _, y in taken) + 1
            self.assertEqual(len(taken), 24 * height)

    def test_the_dashboard_shows_exactly_the_stacks_alarms(self):
        for name, parameters in STACKS.items():
            stack = Stack(**parameters)
            (alarms,) = [widget for widget in dashboard(stack) if widget["type"] == "alarm"]
            expected = [f"<{alarm}.Arn>" for alarm in stack.of_type("AWS::CloudWatch::Alarm")]
            with self.subTest(name):
                self.assertCountEqual(alarms["properties"]["alarms"], expected)

    def test_the_dashboard_shows_exactly_the_metrics_that_the_functions_write(self):
        written = set().union(*map(observed.metrics, FUNCTIONS.values()))
        of_ours = {
            (namespace, tuple(zip(dimensions[::2], dimensions[1::2], strict=True)), metric)
            for namespace, metric, *dimensions in shown(dashboard(Stack()))
            if not namespace.startswith("AWS/")
        }
        self.assertEqual(of_ours, written)

    def test_every_alarm_on_a_metric_of_the_functions_uses_one_that_they_write(self):
        written = set().union(*map(observed.metrics, FUNCTIONS.values()))
        of_ours = {
            (metric["Namespace"], dimensions(metric), metric["MetricName"])
            for metric in watched(Stack(**CRMS["basic"]))
            if not metric["Namespace"].startswith("AWS/")
        }
        self.assertTrue(of_ours)
        self.assertLessEqual(of_ours, written)

    def test_the_dashboard_names_queues_and_rules_as_the_stack_does(self):
        stack = Stack(**CRMS["basic"])
        names = {queue["QueueName"] for queue in stack.of_type("AWS::SQS::Queue").values()}
        names |= {rule["Name"] for rule in stack.of_type("AWS::Events::Rule").values()}
        for metric in shown(dashboard(stack)):
            dimensions = dict(zip(metric[2::2], metric[3::2], strict=True))
            for name in dimensions.keys() & {"QueueName", "RuleName"}:
                self.assertIn(dimensions[name], names)


class Page(unittest.TestCase):
    def test_the_page_explains_every_alarm_and_every_widget(self):
        page = OPERATIONS.read_text()
        stack = Stack(**CRMS["basic"])
        for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
            self.assertIn(f"\n### {alarm['AlarmName'].removeprefix('bridge-')}\n", page)
        for widget in dashboard(stack):
            if widget["type"] != "text":
                self.assertIn(f"| {widget['properties']['title']} |", page)

    def test_the_page_lists_every_parameter_with_its_default(self):
        page = OPERATIONS.read_text()
        for name, parameter in Stack().template["Parameters"].items():
            default = f"`{parameter['Default']}`" if parameter["Default"] != "" else ""
            self.assertIn(f"| `{name}` | {default}".rstrip(), page)
