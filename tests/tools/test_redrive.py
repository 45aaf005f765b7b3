"""Events in the dead-letter queues are retried, and no message is deleted before its event was sent."""

import json
import time
import unittest

import boto3
from botocore.stub import Stubber

from tests.template.stack import CRMS, Stack
from tests.template.test_events import CLOUD_EVENT, example, on_the_bus
from tools import redrive

QUEUE, FUNCTION = "https://sqs.us-east-1.amazonaws.com/111122223333/dead", "bridge-enrich-opportunity"
EVENT = example("opportunity-updated")
RECORD = on_the_bus(EVENT, {"errorType": "Throttled", "errorMessage": "AWS throttled the call"})["detail"]
LONG_AGO = "1772600000000"


def client(service: str):
    """A client that answers only what its stubber was told to."""
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")


def message(number: int, body: str, sent: str = LONG_AGO) -> dict:
    return {
        "MessageId": f"m{number}",
        "ReceiptHandle": f"r{number}",
        "Body": body,
        "Attributes": {"SentTimestamp": sent},
    }


class Forms(unittest.TestCase):
    def test_the_rules_queue_has_the_event_itself(self):
        self.assertEqual(redrive.event_in(json.dumps(EVENT)), EVENT)

    def test_the_functions_queue_has_lambdas_record_around_it(self):
        record = RECORD | {"requestContext": RECORD["requestContext"] | {"condition": "RetriesExhausted"}}
        self.assertEqual(redrive.event_in(json.dumps(record)), EVENT)

    def test_the_deliverys_queue_has_the_buss_event_around_that(self):
        self.assertEqual(redrive.event_in(json.dumps(on_the_bus(EVENT, CLOUD_EVENT))), EVENT)

    def test_the_event_of_a_sweep_is_one_too(self):
        swept = {"id": None, "source": "opportunity-bridge.sweep"}
        for name in ("detail-type", "time", "detail"):
            swept[name] = EVENT[name]
        record = RECORD | {"requestPayload": swept}
        self.assertEqual(redrive.event_in(json.dumps(record)), swept)

    def test_an_event_is_made_again_from_a_cloud_event_alone(self):
        for kind, detail_type in [("created", "Opportunity Created"), ("updated", "Opportunity Updated")]:
            cloud_event = {
                "specversion": "1.0",
                "id": "1f",
                "type": f"aws.partnercentral.opportunity.{kind}",
                "source": "arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox",
                "subject": "O7654321",
                "time": "2026-03-04T05:06:07Z",
                "eventid": "e1",
                "data": {"opportunity": {}},
            }
            self.assertEqual(
                redrive.event_in(json.dumps(cloud_event)),
                {
                    "source": "aws.partnercentral-selling",
                    "detail-type": detail_type,
                    "id": "e1",
                    "time": "2026-03-04T05:06:07Z",
                    "detail": {"catalog": "Sandbox", "opportunity": {"identifier": "O7654321"}},
                },
            )

    def test_any_other_message_is_not_taken_for_an_event(self):
        other = CLOUD_EVENT | {"type": "com.example.other", "source": "s", "subject": "O1"}
        texts = ["", "text", "[]", "{}", "null", '{"source": "aws.s3"}', '{"requestPayload": {}}']
        for body in [*texts, json.dumps(other)]:
            with self.subTest(body), self.assertRaises(redrive.NoEventError):
                redrive.event_in(body)


class Redrive(unittest.TestCase):
    def setUp(self):
        self.sqs, self.functions = client("sqs"), client("lambda")
        self.queue, self.function = Stubber(self.sqs), Stubber(self.functions)

    def receives(self, *messages: dict):
        expected = {
            "QueueUrl": QUEUE,
            "MaxNumberOfMessages": 10,
            "VisibilityTimeout": redrive.HIDDEN_SECONDS,
            "WaitTimeSeconds": redrive.WAIT_SECONDS,
            "MessageSystemAttributeNames": ["SentTimestamp"],
        }
        self.queue.add_response("receive_message", {"Messages": list(messages)} if messages else {}, expected)

    def invokes(self, event: dict):
        payload = json.dumps(event, ensure_ascii=False)
        expected = {"FunctionName": FUNCTION, "InvocationType": "Event", "Payload": payload}
        self.function.add_response("invoke", {"StatusCode": 202}, expected)

    def deletes(self, number: int):
        self.queue.add_response("delete_message", {}, {"QueueUrl": QUEUE, "ReceiptHandle": f"r{number}"})

    def redrive(self) -> tuple[int, dict[str, str]]:
        with self.queue, self.function:
            result = redrive.redrive(self.sqs, self.functions, QUEUE, FUNCTION)
        self.queue.assert_no_pending_responses()
        self.function.assert_no_pending_responses()
        return result

    def test_each_message_is_sent_and_then_deleted_until_the_queue_is_empty(self):
        for _ in range(3):
            self.invokes(EVENT)
        self.receives(message(1, json.dumps(EVENT)), message(2, json.dumps(RECORD)))
        self.deletes(1)
        self.deletes(2)
        self.receives(message(3, json.dumps(on_the_bus(EVENT, CLOUD_EVENT))))
        self.deletes(3)
        self.receives()
        self.assertEqual(self.redrive(), (3, {}))

    def test_a_message_that_lambda_does_not_accept_stays_and_the_others_are_sent(self):
        self.receives(message(1, json.dumps(EVENT)), message(2, json.dumps(EVENT)))
        self.function.add_client_error("invoke", "TooManyRequestsException", "slow down", 429)
        self.invokes(EVENT)
        self.deletes(2)
        self.receives()
        sent, left = self.redrive()
        self.assertEqual((sent, list(left)), (1, ["m1"]))
        self.assertIn("TooManyRequestsException", left["m1"])

    def test_a_message_that_holds_no_event_stays(self):
        self.receives(message(1, "nonsense"))
        self.receives()
        sent, left = self.redrive()
        self.assertEqual((sent, list(left)), (0, ["m1"]))

    def test_a_message_that_stays_is_tried_once_in_a_redrive(self):
        self.receives(message(1, "nonsense"))
        self.receives(message(1, "nonsense"))
        self.assertEqual(self.redrive()[0], 0)

    def test_a_message_that_arrives_during_a_redrive_is_left_for_the_next(self):
        soon = str(int((time.time() + 60) * 1000))
        self.receives(message(1, json.dumps(EVENT), sent=soon))
        self.receives()
        self.assertEqual(self.redrive(), (0, {"m1": "it came after this redrive began"}))

    def test_a_message_that_cannot_be_deleted_is_reported(self):
        self.receives(message(1, json.dumps(EVENT)))
        self.invokes(EVENT)
        self.queue.add_client_error("delete_message", "ReceiptHandleIsInvalid", "too late", 400)
        self.receives()
        sent, left = self.redrive()
        self.assertEqual((sent, list(left)), (0, ["m1"]))


class Names(unittest.TestCase):
    def test_the_queues_and_the_function_are_the_templates(self):
        stack = Stack(**CRMS["basic"])
        self.assertCountEqual(redrive.QUEUES, stack.of_type("AWS::SQS::Queue"))
        self.assertIn(redrive.FUNCTION, stack.of_type("AWS::Lambda::Function"))

    def test_a_stacks_resources_are_asked_of_cloudformation(self):
        cloudformation = client("cloudformation")
        with Stubber(cloudformation) as stub:
            resource = {
                "LogicalResourceId": "IncomingDeadLetters",
                "PhysicalResourceId": QUEUE,
                "ResourceType": "AWS::SQS::Queue",
                "Timestamp": "2026-03-04T05:06:07Z",
                "ResourceStatus": "CREATE_COMPLETE",
            }
            stub.add_response(
                "describe_stack_resources", {"StackResources": [resource]}, {"StackName": "bridge"}
            )
            found = redrive.resources(cloudformation, "bridge")
        self.assertEqual(found, {"IncomingDeadLetters": QUEUE})
