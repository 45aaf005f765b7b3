"""Retries the events in a stack's dead-letter queues: `make redrive`.

Every message, in whichever queue, holds the Partner Central event that it began with. That event is
given to `enrich-opportunity` again, asynchronously, as EventBridge would give it. (PutEvents cannot do
this: EventBridge accepts events from `aws.` sources from AWS only.) So an event that the CRM did not
take is enriched anew, not sent again as it was: a day-old state must not overwrite what the CRM has
received since. If nothing has changed, the CloudEvent is the same, with the same id. To deliver exactly
the events that were not taken, replay the archive instead (docs/operations.md).

A message is deleted once Lambda has accepted its event. What cannot be sent stays in its queue.

Usage: python -m tools.redrive STACK
"""

import json
import sys
import time

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools import hand_on
from tools.stack import FUNCTION, REGION, resources

QUEUES = ["IncomingDeadLetters", "EnrichDeadLetters", "DeliveryDeadLetters"]
SOURCE = "aws.partnercentral-selling"
# Who sends events about opportunities: Partner Central, and the bridge itself in its place.
SOURCES = (SOURCE, "opportunity-bridge.sweep", hand_on.SOURCE)
DETAIL_TYPES = {
    "aws.partnercentral.opportunity.created": "Opportunity Created",
    "aws.partnercentral.opportunity.updated": "Opportunity Updated",
}
HIDDEN_SECONDS = 120  # how long a message is hidden from others once it was received
WAIT_SECONDS = 2  # any wait at all makes SQS ask all of its servers


class NoEventError(Exception):
    """A message that holds no event of Partner Central."""


def event_in(body: str) -> dict:
    """The event of Partner Central that a message holds, in whichever form its queue has it.

    The rule's queue holds the event itself. The function's holds Lambda's record of the invocation. The
    delivery's holds the bus's event around that record; if EventBridge puts there what it sent instead,
    that is the CloudEvent, from which the event can be made again.
    """
    try:
        match json.loads(body):
            case {"source": source} as event if source in SOURCES:
                return event
            case {"requestPayload": {"source": source} as event} if source in SOURCES:
                return event
            case {"detail": {"requestPayload": {"source": source} as event}} if source in SOURCES:
                return event
            case {"specversion": "1.0", "type": kind, "source": source, "subject": identifier, **others}:
                return {
                    "source": SOURCE,
                    "detail-type": DETAIL_TYPES[kind],
                    "id": others.get("eventid"),
                    "time": others.get("time"),
                    "detail": {
                        "catalog": source.rpartition("/")[2],
                        "opportunity": {"identifier": identifier},
                    },
                }
    except (ValueError, KeyError) as error:
        raise NoEventError(f"it holds no event of Partner Central: {error!r}") from error
    raise NoEventError("it holds no event of Partner Central")


def redrive(sqs, functions, queue: str, function: str) -> tuple[int, dict[str, str]]:
    """Redrives a queue; gives how many were sent, and what stays: reason by message id."""
    started = time.time()
    sent, left = 0, {}
    while messages := [message for message in receive(sqs, queue) if message["MessageId"] not in left]:
        for message in messages:
            if int(message["Attributes"]["SentTimestamp"]) / 1000 > started:
                left[message["MessageId"]] = "it came after this redrive began"
                continue
            try:
                payload = json.dumps(event_in(message["Body"]), ensure_ascii=False)
                functions.invoke(FunctionName=function, InvocationType="Event", Payload=payload)
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                sent += 1
            except (NoEventError, BotoCoreError, ClientError) as error:
                left[message["MessageId"]] = str(error)
    return sent, left


def receive(sqs, queue: str) -> list[dict]:
    """The next messages of a queue; none where it is empty."""
    return sqs.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=10,
        VisibilityTimeout=HIDDEN_SECONDS,
        WaitTimeSeconds=WAIT_SECONDS,
        MessageSystemAttributeNames=["SentTimestamp"],
    ).get("Messages", [])


def main() -> int:
    (stack,) = sys.argv[1:]
    session = boto3.Session(region_name=REGION)
    found = resources(session.client("cloudformation"), stack)
    sqs, functions = session.client("sqs"), session.client("lambda")
    everything = True
    for name in QUEUES:
        if name not in found:
            continue  # a stack without a CRM delivers nothing
        sent, left = redrive(sqs, functions, found[name], found[FUNCTION])
        print(f"{name}: {sent} sent, {len(left)} left")
        for message_id, reason in left.items():
            print(f"  {message_id}: {reason}")
        everything &= not left
    return 0 if everything else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"the redrive stopped: {error}")
