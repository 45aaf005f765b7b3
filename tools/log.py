"""What the functions of a stack logged: `make log`.

Warnings and errors, with what Lambda itself reports of an invocation that failed; or, with FIND, every
line that contains a text, such as a request id, an opportunity or an outcome. One line each:

    2026-03-04T05:06:08Z patch-opportunity ERROR answered outcome=access-denied status=502 …

Usage: python -m tools.log STACK [--since 3h] [--find TEXT]
"""

import argparse
import json
import re
import shlex
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools.stack import REGION, resources

SECONDS = {"m": 60, "h": 3600, "d": 86400}
# CloudWatch sends the lines with one of these words; `is_of_interest` decides.
WORDS = "?WARN ?ERROR ?panicked ?timeout ?error ?failure"
# What says least of a line stands last, or is said already.
LAST = ("attempts", "upstream_ms", "duration_ms", "request")
SAID = ("level", "message", "span", "timestamp")


def seconds(text: str) -> int:
    """A time that is over, such as `90m`, `3h` or `2d`, in seconds."""
    found = re.fullmatch(r"([1-9][0-9]*)([mhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"`{text}` is no time, expected such as `90m`, `3h` or `2d`")
    return int(found[1]) * SECONDS[found[2]]


def parsed(message: str) -> dict | None:
    """A line of JSON; `None` where it is none, as a panic's."""
    try:
        line = json.loads(message)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def is_of_interest(message: str) -> bool:
    """Whether a line is a warning, an error, a panic, or Lambda's report of a failure."""
    match parsed(message):
        case None:
            return "panicked" in message
        case {"type": "platform.report" | "platform.initReport", "record": {"status": status}}:
            return status != "success"
        case {"level": level}:
            return level in ("WARN", "ERROR")
    return False


def shown(function: str, milliseconds: int, message: str) -> str:
    """A line as it is shown: what matters first, without the JSON."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    line = parsed(message)
    if line is None:
        return f"{moment} {function} {message.strip()}"
    if "record" in line:
        record = line["record"]
        line = {
            "level": "ERROR",
            "message": line["type"],
            "status": record.get("status"),
            "cause": record.get("errorType"),
            "request": record.get("requestId"),
        }
    members = {name: value for name, value in line.items() if name not in SAID and value not in (None, "")}
    members.setdefault("request", line.get("span", {}).get("requestId"))
    first = [name for name in members if name not in LAST]
    names = first + [name for name in LAST if members.get(name) is not None]
    told = [f"{name}={shlex.quote(str(members[name]))}" for name in names]
    return " ".join([moment, function, str(line.get("level", "")), str(line.get("message", "")), *told])


def lines(logs, groups: list[str], since: int, find: str | None) -> Iterator[tuple[int, str]]:
    """The lines of log groups, oldest first, each with its time."""
    found = []
    pattern = json.dumps(find) if find else WORDS
    for group in groups:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=since * 1000, filterPattern=pattern
        )
        for page in pages:
            for event in page["events"]:
                if find or is_of_interest(event["message"]):
                    found.append((event["timestamp"], group, event["message"]))
    for moment, group, message in sorted(found):
        yield moment, shown(name(group), moment, message)


def name(group: str) -> str:
    """The function's name in a log group's: `/aws/lambda/opportunity-bridge-sandbox-patch-opportunity`."""
    return "-".join(group.rsplit("-", 2)[-2:])


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python -m tools.log")
    parser.add_argument("stack")
    parser.add_argument("--since", type=seconds, default="3h", help="such as 90m, 3h (default) or 2d")
    parser.add_argument("--find", help="a request id, an opportunity, an outcome")
    given = parser.parse_args()
    session = boto3.Session(region_name=REGION)
    try:
        groups = resources(session.client("cloudformation"), given.stack, "AWS::Logs::LogGroup")
        since = int(time.time()) - given.since
        count = 0
        for _, line in lines(session.client("logs"), sorted(groups.values()), since, given.find):
            print(line)
            count += 1
    except (BotoCoreError, ClientError) as error:
        return f"the log cannot be read: {error}"
    if not count:
        print("nothing is logged, look further back with SINCE=1d")
    return 0


if __name__ == "__main__":
    sys.exit(main())
