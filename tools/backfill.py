"""Fills a CRM with the opportunities that were there before the bridge: `make backfill SINCE=2024-01-01`.

Starts `sweep-opportunities` with a span of time, asynchronously: what was modified in it is handed on to the
CRM, and what does not fit into one run is continued in others. It is also the way to catch up where events
and sweeps have failed for longer than a sweep looks back.

Usage: python -m tools.backfill STACK SINCE [UNTIL], each a date such as 2024-01-01 or 2024-01-01T06:00:00Z
"""

import argparse
import json
import sys
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools.stack import REGION, resources

FUNCTION = "SweepOpportunities"
# Two reads for each, at 2.4 reads a second (functions/sweep-opportunities/src/pace.rs).
OPPORTUNITIES_A_MINUTE = 70


def date(text: str) -> str:
    """A date as the function takes it; one without a time is the midnight in UTC at its beginning."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        said = f"`{text}` is not a date, expected one such as `2024-01-01` or `2024-01-01T06:00:00Z`"
        raise argparse.ArgumentTypeError(said) from error
    utc = parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span(arguments: list[str]) -> tuple[str, dict[str, str]]:
    """The stack, and what the function is told."""
    parser = argparse.ArgumentParser(prog="tools.backfill")
    parser.add_argument("stack", metavar="STACK")
    parser.add_argument("since", metavar="SINCE", type=date)
    parser.add_argument("until", metavar="UNTIL", type=date, nargs="?")
    given = parser.parse_args(arguments)
    payload = {"since": given.since} | ({"until": given.until} if given.until else {})
    if given.until and given.until <= given.since:
        parser.error(f"UNTIL is `{given.until}`, expected a date after SINCE, which is `{given.since}`")
    return given.stack, payload


def start(functions, function: str, payload: dict[str, str]) -> None:
    """Puts the fill into the function's queue."""
    functions.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(payload))


def main() -> int:
    stack, payload = span(sys.argv[1:])
    session = boto3.Session(region_name=REGION)
    function = resources(session.client("cloudformation"), stack)[FUNCTION]
    start(session.client("lambda"), function, payload)
    print(
        f"{function} hands on what was modified since {payload['since']}, until {payload.get('until', 'now')}"
    )
    minutes = {count: round(count / OPPORTUNITIES_A_MINUTE) for count in (1_000, 10_000)}
    print("".join(f"{count:,} opportunities take {time} minutes. " for count, time in minutes.items()))
    environment = stack.removeprefix("opportunity-bridge-")
    print(f"How far it is: make log ENVIRONMENT={environment} FIND=handedOn")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyError as error:
        sys.exit(f"the stack has no {error}: deploy this release first")
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"the fill was not started: {error}")
