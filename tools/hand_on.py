"""Hands opportunities on once more, as they are now: `make hand-on`.

For what got lost on its way, or a CRM that was restored. `enrich-opportunity` is invoked asynchronously,
because only the answer to an asynchronous invocation goes on to the bus and the CRM. What fails is tried
again by AWS and ends in the dead-letter queue, as for an event of Partner Central.

Usage: python -m tools.hand_on STACK IDENTIFIER...
"""

import json
import sys
import uuid
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools.stack import FUNCTION, IDENTIFIER, REGION, parameters, resources

# The log names it as `event.source`, so that these events are told from Partner Central's own.
SOURCE = "opportunity-bridge.hand-on"


class IdentifierError(Exception):
    """A text that is no identifier of an opportunity."""


def identifiers(texts: list[str]) -> list[str]:
    """The identifiers in texts, separated by spaces or commas, each once."""
    found = [part for text in texts for part in text.replace(",", " ").split()]
    if not found:
        raise IdentifierError("`IDS` is empty, expected identifiers such as `O1234567 O7654321`")
    for text in found:
        if not IDENTIFIER.fullmatch(text):
            raise IdentifierError(f"`{text}` is no identifier, expected `O` and up to 19 digits")
    return list(dict.fromkeys(found))


def event(catalog: str, identifier: str) -> dict:
    """An event about an opportunity, in the form of Partner Central's."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "source": SOURCE,
        "detail-type": "Opportunity Updated",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "detail": {"schemaVersion": "1", "catalog": catalog, "opportunity": {"identifier": identifier}},
    }


def hand_on(functions, function: str, catalog: str, wanted: list[str]) -> dict[str, str]:
    """Invokes the function for each identifier; gives why not, by identifier, where Lambda refused."""
    refused = {}
    for identifier in wanted:
        payload = json.dumps(event(catalog, identifier))
        try:
            functions.invoke(FunctionName=function, InvocationType="Event", Payload=payload)
        except (BotoCoreError, ClientError) as error:
            refused[identifier] = str(error)
    return refused


def main() -> int | str:
    stack, *texts = sys.argv[1:]
    try:
        wanted = identifiers(texts)
        session = boto3.Session(region_name=REGION)
        cloudformation = session.client("cloudformation")
        function = resources(cloudformation, stack)[FUNCTION]
        catalog = parameters(cloudformation, stack)["Catalog"]
        refused = hand_on(session.client("lambda"), function, catalog, wanted)
    except (IdentifierError, BotoCoreError, ClientError) as error:
        return f"nothing was handed on: {error}"
    print(f"catalog {catalog}: {len(wanted) - len(refused)} handed on, {len(refused)} refused")
    for identifier, reason in refused.items():
        print(f"  {identifier}: {reason}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
