"""Events find their way: into the function, onto the bus, to the CRM, and else into a queue."""

import json
import unittest

from tests.template.stack import CRMS, ROOT, Stack

FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:bridge-enrich-opportunity:$LATEST"
DAY = 86_400


def matches(pattern: dict, event: dict) -> bool:
    """Whether an event matches a pattern of values, prefixes and `exists`: the template has no others."""
    return all(
        matches(expected, event.get(name) or {})
        if isinstance(expected, dict)
        else any(is_met(each, event.get(name)) for each in expected)
        for name, expected in pattern.items()
    )


def is_met(expected: object, value: object) -> bool:
    match expected:
        case {"exists": exists}:
            return (value is not None) == exists
        case {"prefix": prefix}:
            return isinstance(value, str) and value.startswith(prefix)
    return value == expected


def example(name: str) -> dict:
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def on_the_bus(event: dict, answer: dict) -> dict:
    """What Lambda puts on the bus: its record of an invocation that succeeded."""
    return {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000000",
        "detail-type": "Lambda Function Invocation Result - Success",
        "source": "lambda",
        "account": "111122223333",
        "time": "2026-03-04T05:06:08Z",
        "region": "us-east-1",
        "resources": [
            "arn:aws:events:us-east-1:111122223333:event-bus/bridge",
            FUNCTION,
        ],
        "detail": {
            "version": "1.0",
            "timestamp": "2026-03-04T05:06:08.000Z",
            "requestContext": {
                "requestId": "00000000-0000-4000-8000-000000000001",
                "functionArn": FUNCTION,
                "condition": "Success",
                "approximateInvokeCount": 1,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
            "responsePayload": answer,
        },
    }


def at(event: dict, path: str):
    """What a path of EventBridge's, of names alone, finds in an event."""
    root, *names = path.split(".")
    if root != "$":
        raise ValueError(path)
    for name in names:
        event = event[name]
    return event


CLOUD_EVENT = {"specversion": "1.0", "id": "1f", "type": "aws.partnercentral.opportunity.updated", "data": {}}


class In(unittest.TestCase):
    def test_the_rule_takes_opportunities_of_its_catalog_and_nothing_else(self):
        pattern = Stack(Catalog="Sandbox").properties("EnrichOpportunityOpportunityChanged")["EventPattern"]
        for name in ("opportunity-created", "opportunity-updated"):
            self.assertTrue(matches(pattern, example(name)), name)
        event = example("opportunity-updated")
        self.assertFalse(matches(pattern, event | {"detail-type": "Engagement Invitation Created"}))
        self.assertFalse(matches(pattern, event | {"source": "aws.s3"}))
        self.assertFalse(matches(pattern, event | {"detail": event["detail"] | {"catalog": "AWS"}}))

    def test_an_event_that_the_function_fails_on_is_queued_after_lambdas_retries(self):
        config = Stack().properties("EnrichOpportunityEventInvokeConfig")
        self.assertEqual(config["DestinationConfig"]["OnSuccess"], {"Destination": "<Bus.Arn>"})
        self.assertEqual(config["DestinationConfig"]["OnFailure"], {"Destination": "<EnrichDeadLetters.Arn>"})
        # Lambda's defaults are its most: two retries, six hours.
        self.assertFalse(config.keys() & {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"})

    def test_concurrency_is_reserved_unless_it_is_empty(self):
        for parameter, function, default in [
            ("EnrichConcurrency", "EnrichOpportunity", "2"),
            ("PatchConcurrency", "PatchOpportunity", "5"),
        ]:
            reserved = "ReservedConcurrentExecutions"
            self.assertEqual(Stack().properties(function)[reserved], default)
            self.assertNotIn(reserved, Stack(**{parameter: ""}).properties(function))


class Out(unittest.TestCase):
    def test_the_crm_gets_exactly_the_cloud_event_in_structured_mode(self):
        rule = Stack(**CRMS["api-key"]).properties("DeliveryRule")
        event = on_the_bus(example("opportunity-updated"), CLOUD_EVENT)
        self.assertTrue(matches(rule["EventPattern"], event))
        (target,) = rule["Targets"]
        self.assertEqual(target["InputPath"], "$.detail.responsePayload")
        self.assertEqual(
            target["HttpParameters"]["HeaderParameters"],
            {"Content-Type": "application/cloudevents+json; charset=UTF-8"},
        )
        self.assertEqual(target["Arn"], "<CrmDestination.Arn>")

    def test_a_crm_that_speaks_its_own_language_gets_the_body_for_its_api(self):
        url = "https://crm.example/sobjects/Opportunity/AWS_Id__c/*?updateOnly=true"
        crm = CRMS["oauth"] | {"CrmUrl": url, "CrmMethod": "PATCH"}
        stack = Stack(**crm, CrmMapping="salesforce.json", CrmBody="record")
        destination = stack.properties("CrmDestination")
        self.assertEqual((destination["InvocationEndpoint"], destination["HttpMethod"]), (url, "PATCH"))
        (target,) = stack.properties("DeliveryRule")["Targets"]
        answer = CLOUD_EVENT | {"subject": "O7654321", "data": {"crm": {"NextStep": "Call"}}}
        event = on_the_bus(example("opportunity-updated"), answer)
        self.assertEqual(at(event, target["InputPath"]), {"NextStep": "Call"})
        parameters = target["HttpParameters"]
        self.assertEqual(parameters["HeaderParameters"], {"Content-Type": "application/json; charset=utf-8"})
        self.assertEqual([at(event, it) for it in parameters["PathParameterValues"]], ["O7654321"])

    def test_only_a_url_with_a_star_is_filled(self):
        for url, values in [
            ("https://crm.example/events", None),
            ("https://crm.example/events/*", ["$.detail.responsePayload.subject"]),
        ]:
            (target,) = Stack(**CRMS["basic"] | {"CrmUrl": url}).properties("DeliveryRule")["Targets"]
            self.assertEqual(target["HttpParameters"].get("PathParameterValues"), values)

    def test_the_event_is_delivered_whichever_dash_lambda_writes_in_its_type(self):
        pattern = Stack(**CRMS["api-key"]).properties("DeliveryRule")["EventPattern"]
        event = on_the_bus(example("opportunity-updated"), CLOUD_EVENT)
        other = event | {"detail-type": "Lambda Function Invocation Result \N{EN DASH} Success"}
        self.assertTrue(matches(pattern, other))

    def test_nothing_but_cloud_events_is_delivered(self):
        pattern = Stack(**CRMS["api-key"]).properties("DeliveryRule")["EventPattern"]
        self.assertFalse(matches(pattern, on_the_bus({}, {"errorMessage": "no"})))
        self.assertFalse(matches(pattern, on_the_bus({}, CLOUD_EVENT) | {"source": "crm"}))

    def test_the_connection_has_what_its_kind_takes_and_nothing_else(self):
        kinds = {
            "api-key": (
                "API_KEY",
                {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "key"}},
            ),
            "basic": ("BASIC", {"BasicAuthParameters": {"Username": "bridge", "Password": "password"}}),
        }
        for kind, (authorization, parameters) in kinds.items():
            connection = Stack(**CRMS[kind]).properties("CrmConnection")
            self.assertEqual(connection["AuthorizationType"], authorization)
            self.assertEqual(connection["AuthParameters"], parameters)
        grant = {"Key": "grant_type", "Value": "client_credentials", "IsValueSecret": False}
        scope = {"Key": "scope", "Value": "opportunities", "IsValueSecret": False}
        for given, body in [({}, [grant]), ({"CrmScope": "opportunities"}, [grant, scope])]:
            connection = Stack(**CRMS["oauth"], **given).properties("CrmConnection")
            self.assertEqual(connection["AuthorizationType"], "OAUTH_CLIENT_CREDENTIALS")
            parameters = connection["AuthParameters"]["OAuthParameters"]
            self.assertEqual(parameters["ClientParameters"], {"ClientID": "client", "ClientSecret": "secret"})
            self.assertEqual(parameters["OAuthHttpParameters"]["BodyParameters"], body)

    def test_without_a_crm_there_is_the_bus_and_nothing_of_a_crm(self):
        with_crm, without = Stack(**CRMS["basic"]), Stack()
        self.assertEqual(
            with_crm.names - without.names,
            {
                "CrmConnection",
                "CrmDestination",
                "DeliveryRule",
                "DeliveryRole",
                "DeliveryDeadLetters",
                "DeliveryDeadLettersPolicy",
                "DeliveryDeadLettersAlarm",
            },
        )
        self.assertLessEqual({"Bus", "Archive"}, without.names)

    def test_events_on_the_bus_are_archived_for_as_long_as_asked(self):
        archive = Stack(ArchiveDays="90").properties("Archive")
        self.assertEqual((archive["SourceArn"], archive["RetentionDays"]), ("<Bus.Arn>", "90"))
        self.assertNotIn("EventPattern", archive)


class Queues(unittest.TestCase):
    def test_every_rule_retries_for_a_day_and_then_uses_a_queue_that_accepts_it(self):
        stack = Stack(**CRMS["api-key"])
        queues = {
            "EnrichOpportunityOpportunityChanged": "IncomingDeadLetters",
            "DeliveryRule": "DeliveryDeadLetters",
        }
        # What it brings is not lost with it: a patch that waits, waits on.
        rules = stack.of_type("AWS::Events::Rule").keys() - {"ParkedRule"}
        self.assertEqual(rules, queues.keys())
        for rule, queue in queues.items():
            (target,) = stack.properties(rule)["Targets"]
            self.assertEqual(target["DeadLetterConfig"], {"Arn": f"<{queue}.Arn>"})
            self.assertNotIn("RetryPolicy", target)  # EventBridge's default: 185 times in 24 hours
            (statement,) = stack.properties(f"{queue}Policy")["PolicyDocument"]["Statement"]
            self.assertEqual(statement["Principal"], {"Service": "events.amazonaws.com"})
            self.assertEqual(statement["Condition"], {"ArnEquals": {"aws:SourceArn": f"<{rule}.Arn>"}})
            self.assertEqual(
                (statement["Action"], statement["Resource"]), ("sqs:SendMessage", f"<{queue}.Arn>")
            )

    def test_the_queue_of_the_function_accepts_the_function_alone(self):
        stack = Stack(Memory="off")
        (queue,) = stack.properties("EnrichDeadLettersPolicy")["PolicyDocument"]["Statement"]
        bus = stack.properties("BusPolicy")["Statement"]
        for statement, resource in [(queue, "<EnrichDeadLetters.Arn>"), (bus, "<Bus.Arn>")]:
            self.assertEqual(statement["Principal"], {"AWS": "<EnrichOpportunityRole.Arn>"})
            self.assertEqual(statement["Resource"], resource)

    def test_the_delivery_role_is_for_the_delivery_rule(self):
        stack = Stack(**CRMS["api-key"])
        rule = stack.properties("DeliveryRule")
        (trust,) = stack.properties("DeliveryRole")["AssumeRolePolicyDocument"]["Statement"]
        bus = stack.properties("Bus")["Name"]
        arn = f"arn:aws:events:us-east-1:111122223333:rule/{bus}/{rule['Name']}"
        self.assertEqual(trust["Condition"], {"ArnEquals": {"aws:SourceArn": arn}})
        self.assertEqual(rule["Targets"][0]["RoleArn"], "<DeliveryRole.Arn>")

    def test_a_message_stays_for_14_days_and_may_be_as_large_as_an_event(self):
        for queue in Stack(**CRMS["api-key"]).of_type("AWS::SQS::Queue").values():
            self.assertEqual(queue["MessageRetentionPeriod"], 14 * DAY)
            self.assertEqual(queue["MaximumMessageSize"], 1024 * 1024)
            self.assertIs(queue["SqsManagedSseEnabled"], True)


class Parked(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(**CRMS["api-key"])
        self.waits = {"specversion": "1.0", "type": "aws.partnercentral.opportunity.updated", "data": {}}
        self.ended = {"specversion": "1.0", "type": "opportunity-bridge.patch.applied", "data": {}}

    def test_an_event_that_names_patches_brings_them_to_the_function_and_no_other_does(self):
        pattern = self.stack.properties("ParkedRule")["EventPattern"]
        for event in (self.waits, self.ended):
            self.assertFalse(matches(pattern, on_the_bus({}, event)))
            named = event | {"data": {"parked": ["1772600767250-0123456789abcdef"]}}
            self.assertTrue(matches(pattern, on_the_bus({}, named)))
        (target,) = self.stack.properties("ParkedRule")["Targets"]
        self.assertEqual(target["Arn"], "<PatchOpportunity.Arn>")
        self.assertEqual(target["InputPath"], "$.detail.responsePayload")
        permission = self.stack.properties("ParkedRulePermission")
        self.assertEqual(permission["SourceArn"], "<ParkedRule.Arn>")
        self.assertEqual(permission["Principal"], "events.amazonaws.com")

    def test_how_a_patch_ended_goes_onto_the_bus_and_to_the_crm_that_takes_events(self):
        ends = self.stack.properties("ParkedEnds")
        self.assertEqual(ends["DestinationConfig"], {"OnSuccess": {"Destination": "<Bus.Arn>"}})
        principals = self.stack.properties("BusPolicy")["Statement"]["Principal"]["AWS"]
        self.assertEqual(principals, ["<EnrichOpportunityRole.Arn>", "<PatchOpportunityRole.Arn>"])
        for body, is_taken in (("event", True), ("record", False)):
            stack = Stack(**CRMS["api-key"], CrmBody=body, CrmMapping="hubspot.json")
            pattern = stack.properties("DeliveryRule")["EventPattern"]
            self.assertIs(matches(pattern, on_the_bus({}, self.ended)), is_taken, body)
            self.assertTrue(matches(pattern, on_the_bus({}, self.waits)), body)

    def test_without_a_memory_there_is_none_of_it(self):
        stack = Stack(Memory="off")
        for name in ("ParkedRule", "ParkedRulePermission", "ParkedEnds"):
            self.assertNotIn(name, stack.names)
