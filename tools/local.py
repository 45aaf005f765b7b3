"""The bridge on this machine: an emulator of Partner Central, and the functions as Lambda runs them.

Everything listens on 127.0.0.1 and a free port, and is stopped with its `with` block, whatever
happens in it.
"""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# The opportunity of the sample, by the arguments of AWS's own client.
OPPORTUNITY = {"Catalog": "Sandbox", "Identifier": "O7654321"}
# What hangs must not hang for ever. No time is expected of anything: `cargo lambda watch` compiles what is
# not compiled yet, and machines are slow.
PATIENCE_SECONDS = 900


class NotRunningError(Exception):
    """Something that should run does not."""


@contextmanager
def running(command: list[str], **options) -> Iterator[subprocess.Popen]:
    """A process, stopped with its children."""
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            for stop in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, stop)
                    process.wait(timeout=5)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue


def emulator_command(*arguments: str) -> list[str]:
    """The command that runs the emulator with one opportunity, `O7654321` in catalog `Sandbox`."""
    return [str(TARGET / "debug/partner-central-emulator"), "--seed", "events/opportunity.json", *arguments]


@contextmanager
def emulator(*arguments: str, log=subprocess.DEVNULL) -> Iterator[str]:
    """An emulator of Partner Central; gives its URL."""
    with running(emulator_command(*arguments), stdout=subprocess.PIPE, stderr=log, text=True) as process:
        yield emulator_url(process)


def emulator_url(process: subprocess.Popen) -> str:
    """The URL of an emulator that has been started, once it listens."""
    url = process.stdout.readline().strip()
    if not url.startswith("http://127.0.0.1:"):
        raise NotRunningError(f"the emulator has ended with status {process.wait()}")
    return url


def settings(partner_central: str, **others: str) -> dict[str, str]:
    """The functions' environment, with Partner Central at a URL; `others` are added or replace."""
    return {
        "AWS_ENDPOINT_URL": partner_central,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "PARTNER_CENTRAL_CATALOG": "Sandbox",
        "ENRICH_FUNCTION": "enrich-opportunity",
        "SWEEP_MINUTES": "60",
        **others,
    }


def functions_command(port: int) -> list[str]:
    """The command that runs the functions."""
    return ["cargo", "lambda", "watch", "--ignore-changes", "-A", "127.0.0.1", "-P", str(port)]


@contextmanager
def functions(environment: dict[str, str], log=subprocess.DEVNULL, port: int | None = None) -> Iterator[int]:
    """The functions under `cargo lambda watch`, on a free port where none is given; gives the port."""
    port = port or free_port()
    with running(functions_command(port), env=os.environ | environment, stdout=log, stderr=log) as process:
        wait_for(port, process)
        yield port


def function_url(port: int) -> str:
    """Where `patch-opportunity` takes requests."""
    return f"http://127.0.0.1:{port}/lambda-url/patch-opportunity"


def invoke_url(port: int) -> str:
    """Where `enrich-opportunity` takes events."""
    return f"http://127.0.0.1:{port}/2015-03-31/functions/enrich-opportunity/invocations"


@contextmanager
def answering(environment: dict[str, str], port: int | None = None) -> Iterator[str]:
    """`patch-opportunity`, once it answers; gives its URL."""
    with functions(environment, port=port) as port:
        yield wait_for_answer(port)


class Crm(HTTPServer):
    """A CRM's webhook: keeps each CloudEvent, and reacts to it before it answers."""

    def __init__(self, react: Callable[[dict], object]):
        super().__init__(("127.0.0.1", 0), Webhook)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.react = react
        self.received: list[dict] = []

    def __enter__(self) -> "Crm":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.shutdown()
        self.server_close()


class Webhook(BaseHTTPRequestHandler):
    """What `Crm` does with a request."""

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.received.append(event)
        self.server.react(event)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_) -> None:
        """Nothing: what it would say is in `received`."""


# What `GetOpportunity` gives and `UpdateOpportunity` does not take.
READ_ONLY = ("Arn", "CreatedDate", "Id", "OpportunityTeam", "RelatedEntityIdentifiers")


def writable(opportunity: dict) -> dict:
    """The members of an opportunity that a CRM can send back."""
    kept_by_aws = (*READ_ONLY, "Catalog", "LastModifiedDate")
    return {name: value for name, value in opportunity.items() if name not in kept_by_aws}


def partner_central_client(url: str):
    """AWS's own client for Python, of a Partner Central at a URL."""
    return boto3.client(
        "partnercentral-selling",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def update_body(read: dict) -> dict:
    """The arguments of `update_opportunity` that write back what `get_opportunity` gave."""
    answered = {name: value for name, value in read.items() if name not in (*READ_ONLY, "ResponseMetadata")}
    return OPPORTUNITY | answered


def send(method: str, url: str, headers: dict[str, str], body: str) -> tuple[int, Message, bytes]:
    """Sends a request; gives status, headers and body of its answer, whatever the status is."""
    request = urllib.request.Request(url, body.encode(), headers, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE_SECONDS)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


def patch(url: str, opportunity: str, changes: dict, **headers: str) -> tuple[int, Message, dict]:
    """Sends a merge patch that nobody signed; gives status, headers and body of the answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers["content-type"] = "application/merge-patch+json"
    status, answered, body = send("PATCH", f"{url}/opportunities/{opportunity}", headers, json.dumps(changes))
    return status, answered, json.loads(body)


def at_rest(log: Path, lost: int = 0, swept: int = 0) -> tuple[list[str], list[str]]:
    """The changes and the events in the log of an emulator with `--duplicate-events`, as lines, once
    there is nothing more to come: every event, two for each change, has gone all the way. An event that was
    lost on purpose is alone, and what a sweep has handed on is one more.

    What a `Crm` changes in reaction is in the log before the event that it reacts to.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        text = log.read_text()
        changes = re.findall(
            r"^(?:Associate|Create|Disassociate|Update)Opportunity \S+ done(?=\n)", text, re.M
        )
        events = re.findall(r"^event .+(?=\n)", text, re.M)
        expected = 2 * len(changes) - lost + swept
        if len(events) == expected:
            return changes, events
        time.sleep(0.1)
    raise NotRunningError(f"of {expected} events {len(events)} have arrived")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise NotRunningError(f"nothing listens on port {port}")


def wait_for_answer(port: int) -> str:
    """Waits until `patch-opportunity` is compiled and answers; gives its URL."""
    url = function_url(port)
    urllib.request.urlopen(f"{url}/healthz", timeout=PATIENCE_SECONDS).close()
    return url
