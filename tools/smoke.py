"""Tries a deployed stack from end to end, without writing anything to Partner Central: `make smoke`.

In: the URL answers, refuses an unsigned request, and answers a dry run signed with the stack's secret.
Out: one opportunity is handed on and arrives. Finally, no dead letters wait. Stops at the first step
that fails, and says what to look at.

Usage: python -m tools.smoke STACK IDENTIFIER
       python -m tools.smoke --url URL --secret SECRET --partner-central URL IDENTIFIER
The second form is for what `make local` prints.
"""

import argparse
import base64
import json
import secrets
import sys
import time
import urllib.error
from collections.abc import Callable
from datetime import UTC, datetime

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError
from standardwebhooks import Webhook

from tools import hand_on, launch
from tools.stack import FUNCTION, IDENTIFIER, REGION, outputs, parameters, resources

# The time that an opportunity may take to arrive. CloudWatch shows a metric some minutes late.
PATIENCE_SECONDS = 600
PAUSE_SECONDS = 5
# The change for a dry run, which never makes it, whatever the opportunity is.
CHANGE = json.dumps({"LifeCycle": {"NextSteps": "Asked by a dry run, not written"}})


class SmokeError(Exception):
    """A step failed."""


class Deployed:
    """A stack in AWS."""

    def __init__(self, session: boto3.Session, stack: str):
        self.session, self.stack = session, stack
        cloudformation = session.client("cloudformation")
        self.parameters = parameters(cloudformation, stack)
        self.url = outputs(cloudformation, stack)["PatchOpportunityUrl"]
        self.queues = resources(cloudformation, stack, "AWS::SQS::Queue")
        self.resources = resources(cloudformation, stack)
        self.catalog = self.parameters["Catalog"]
        self.auth = self.parameters["WebhookAuth"]
        self.begun = datetime.now(UTC)

    def secret(self) -> str:
        manager = self.session.client("secretsmanager")
        held = manager.get_secret_value(SecretId=self.resources["WebhookSecret"])["SecretString"]
        # During a rotation it is a list, the newest secret first.
        return json.loads(held)["secrets"][0] if held.startswith("{") else held

    def hand_on(self, event: dict) -> None:
        invoke(self.session.client("lambda"), self.resources[FUNCTION], event)

    def arrival(self, event: dict) -> str | None:
        """Where the opportunity has arrived; `None` until it has."""
        line = self.log_line(event["detail"]["opportunity"]["identifier"])
        if line is None:
            return None
        if line["outcome"] != "enriched":
            raise SmokeError(f"enrich-opportunity failed: {line['outcome']}: {line.get('error')}")
        if "DeliveryRule" not in self.resources:
            return "on the bridge's bus (`CrmUrl` is empty, so nothing is delivered)"
        if self.metric("InvocationsSentToDlq"):
            raise SmokeError("the CRM refused the event: docs/operations.md#delivery-dead-letters")
        return "at the CRM" if self.metric("SuccessfulInvocationAttempts") else None

    def log_line(self, identifier: str) -> dict | None:
        """The function's log line about what this run handed on."""
        found = self.session.client("logs").filter_log_events(
            logGroupName=self.resources["EnrichOpportunityLogs"],
            startTime=int(self.begun.timestamp() * 1000),
            filterPattern=json.dumps(identifier),
        )
        lines = (json.loads(event["message"]) for event in found["events"])
        ours = (line for line in lines if line.get("event.source") == hand_on.SOURCE)
        return next((line for line in ours if line.get("opportunity.id") == identifier), None)

    def metric(self, name: str) -> float:
        """The delivery's count since this run began, in whole minutes as CloudWatch keeps them."""
        found = self.session.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Events",
            MetricName=name,
            Dimensions=[
                {"Name": "EventBusName", "Value": self.stack},
                {"Name": "RuleName", "Value": f"{self.stack}-delivery"},
            ],
            StartTime=self.begun.replace(second=0, microsecond=0),
            EndTime=datetime.now(UTC),
            Period=60,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in found["Datapoints"])

    def dead_letters(self) -> dict[str, int]:
        """How many messages wait in each queue."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        sqs = self.session.client("sqs")
        found = {
            name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            for name, url in self.queues.items()
        }
        return {name: sum(map(int, attributes.values())) for name, attributes in found.items()}


class Local:
    """The bridge on this machine, where the emulator plays AWS."""

    catalog, auth, parameters = "Sandbox", "standard-webhooks", {}

    def __init__(self, url: str, secret: str, partner_central: str):
        self.url, self.held, self.partner_central = url, secret, partner_central.rstrip("/")

    def secret(self) -> str:
        return self.held

    def hand_on(self, event: dict) -> None:
        client = boto3.client(
            "lambda",
            endpoint_url=self.partner_central,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        invoke(client, "enrich-opportunity", event)

    def arrival(self, event: dict) -> str | None:
        url = f"{self.partner_central}/_control/deliveries"
        _, _, body = launch.send("GET", url, {}, "")
        of_it = [delivery for delivery in json.loads(body) if delivery["event"] == event["id"]]
        if of_it and not of_it[0]["isDelivered"]:
            raise SmokeError(f"it was not delivered: {of_it[0]['reason']}")
        return "with whoever the emulator delivers to" if of_it else None

    def dead_letters(self) -> dict[str, int]:
        return {}


def invoke(client, function: str, event: dict) -> None:
    """Gives a function an event, as AWS would."""
    client.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event))


def credentials(stack: Deployed | Local, method: str, url: str, body: str) -> dict[str, str]:
    """The headers by which the stack recognizes a caller."""
    if stack.auth == "iam":
        request = AWSRequest(method, url, data=body, headers={"content-type": "application/merge-patch+json"})
        SigV4Auth(stack.session.get_credentials(), "lambda", REGION).add_auth(request)
        return dict(request.headers)
    secret = stack.secret()
    match stack.auth:
        case "bearer":
            return {"authorization": f"Bearer {secret}"}
        case "basic":
            pair = base64.b64encode(f"smoke:{secret}".encode()).decode()
            return {"authorization": f"Basic {pair}"}
    message, now = f"msg_{secrets.token_hex(8)}", datetime.now(UTC)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, now, body),
    }


def answer(method: str, url: str, headers: dict[str, str], body: str = "") -> tuple[int, dict]:
    """The status and the document of the answer to a request."""
    status, _, content = launch.send(method, url, headers, body)
    try:
        document = json.loads(content or b"{}")
    except ValueError:
        document = {}
    return status, document if isinstance(document, dict) else {}


def health(stack: Deployed | Local, _: str) -> str:
    status, document = answer("GET", f"{stack.url}healthz", credentials_of_iam(stack, "healthz"))
    if (status, document) != (200, {"status": "ok"}):
        raise SmokeError(f"`healthz` answered {status}: docs/operations.md#patch-errors")
    return "the URL answers"


def credentials_of_iam(stack: Deployed | Local, path: str) -> dict[str, str]:
    """The credentials that even the health check needs if AWS checks callers."""
    return credentials(stack, "GET", stack.url + path, "") if stack.auth == "iam" else {}


def stranger(stack: Deployed | Local, identifier: str) -> str:
    headers = {"content-type": "application/merge-patch+json"}
    status, _ = answer("PATCH", f"{stack.url}opportunities/{identifier}?dry_run=true", headers, CHANGE)
    if status not in (401, 403):
        raise SmokeError(f"an unsigned request was answered with {status}, expected 401 or 403")
    return "an unsigned request is refused"


def dry_run(stack: Deployed | Local, identifier: str) -> str:
    url = f"{stack.url}opportunities/{identifier}?dry_run=true"
    headers = credentials(stack, "PATCH", url, CHANGE)
    status, document = answer(
        "PATCH", url, headers | {"content-type": "application/merge-patch+json"}, CHANGE
    )
    if status == 404:
        raise SmokeError(
            f"catalog `{stack.catalog}` has no opportunity `{identifier}`: {document.get('detail')}"
        )
    if status != 200 or document.get("outcome") != "dry-run":
        said = document.get("detail", "no reason given")
        raise SmokeError(f"the dry run was answered with {status}: {said} ({document.get('instance')})")
    return f"a signed dry run on {identifier} is answered"


def arrives(stack: Deployed | Local, identifier: str) -> str:
    event = hand_on.event(stack.catalog, identifier)
    stack.hand_on(event)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if where := stack.arrival(event):
            return f"{identifier} was handed on and has arrived {where}"
        time.sleep(PAUSE_SECONDS if isinstance(stack, Deployed) else 0.1)
    raise SmokeError(f"{identifier} was handed on, and has not arrived in {PATIENCE_SECONDS} seconds")


def no_dead_letters(stack: Deployed | Local, _: str) -> str:
    waiting = {name: count for name, count in stack.dead_letters().items() if count}
    if waiting:
        told = ", ".join(f"{name} {count}" for name, count in waiting.items())
        raise SmokeError(f"dead letters wait: {told}: docs/operations.md#when-an-alarm-goes-off")
    return "no dead letters wait"


STEPS: list[Callable] = [health, stranger, dry_run, arrives, no_dead_letters]


def smoke(stack: Deployed | Local, identifier: str) -> None:
    """Runs the steps, and prints the result of each."""
    for step in STEPS:
        print(f"ok: {step(stack, identifier)}", flush=True)


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python -m tools.smoke")
    parser.add_argument("stack", nargs="?")
    parser.add_argument("identifier", metavar="IDENTIFIER", help="of an opportunity, such as O1234567")
    parser.add_argument("--url")
    parser.add_argument("--secret")
    parser.add_argument("--partner-central", help="the emulator's URL")
    given = parser.parse_args()
    if not IDENTIFIER.fullmatch(given.identifier):
        found = f"`{given.identifier}`" if given.identifier else "not set"
        return f"`ID` is {found}, expected the identifier of an opportunity, such as `O1234567`"
    if given.stack is None and not (given.url and given.secret and given.partner_central):
        return "expected the name of a stack, or `--url`, `--secret` and `--partner-central`"
    try:
        if given.stack is None:
            stack = Local(given.url, given.secret, given.partner_central)
        else:
            stack = Deployed(boto3.Session(region_name=REGION), given.stack)
        smoke(stack, given.identifier)
    except (SmokeError, BotoCoreError, ClientError, urllib.error.URLError) as error:
        return f"FAILED: {error}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
