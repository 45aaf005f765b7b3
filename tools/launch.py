"""Launches the bridge on this machine: an emulator of Partner Central, and the functions as Lambda runs
them.

Everything listens on 127.0.0.1 and a free port, and stops with its `with` block, whatever happens in
it.
"""

import base64
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
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

from tools.paths import ROOT, TARGET

# The sample's opportunity, named as AWS's own client takes it.
OPPORTUNITY = {"Catalog": "Sandbox", "Identifier": "O7654321"}
# The name of the webhook's secret.
SECRET_ID = "opportunity-bridge/webhook"
# A limit only against hanging forever. It is generous, because `cargo lambda watch` compiles what is
# not compiled yet, and machines are slow.
PATIENCE_SECONDS = 900


class NotRunningError(Exception):
    """Something that should be running is not."""


@contextmanager
def running(command: list[str], **options) -> Iterator[subprocess.Popen]:
    """A process, stopped together with its children."""
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
    """An emulator of Partner Central; yields its URL."""
    with running(emulator_command(*arguments), stdout=subprocess.PIPE, stderr=log, text=True) as process:
        yield emulator_url(process)


def emulator_url(process: subprocess.Popen) -> str:
    """The URL of a started emulator, once it listens."""
    url = process.stdout.readline().strip()
    if not url.startswith("http://127.0.0.1:"):
        raise NotRunningError(f"the emulator has ended with status {process.wait()}")
    return url


def settings(partner_central: str, **others: str) -> dict[str, str]:
    """The functions' environment, with Partner Central at a URL; `others` add or replace variables."""
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
    """The command that runs the functions. `make` installs `cargo-lambda` beside the Python of this program,
    which need not be on the path.
    """
    installed = Path(sys.executable).with_name("cargo-lambda")
    program = str(installed) if installed.exists() else "cargo-lambda"
    return [program, "lambda", "watch", "--ignore-changes", "-A", "127.0.0.1", "-P", str(port)]


@contextmanager
def functions(environment: dict[str, str], log=subprocess.DEVNULL, port: int | None = None) -> Iterator[int]:
    """The functions under `cargo lambda watch`; yields the port, which is a free one by default."""
    port = port or free_port()
    with running(functions_command(port), env=os.environ | environment, stdout=log, stderr=log) as process:
        wait_for(port, process)
        yield port


def new_secret() -> str:
    """A secret of Standard Webhooks."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def function_url(port: int) -> str:
    """The URL on which `patch-opportunity` takes requests."""
    return f"http://127.0.0.1:{port}/lambda-url/patch-opportunity"


def invoke_url(port: int, function: str = "enrich-opportunity") -> str:
    """The URL on which a function takes events."""
    return f"http://127.0.0.1:{port}/2015-03-31/functions/{function}/invocations"


@contextmanager
def answering(environment: dict[str, str], port: int | None = None) -> Iterator[str]:
    """`patch-opportunity`, once it answers; yields its URL."""
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
    """Serves a `Crm` over HTTP."""

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.received.append(event)
        self.server.react(event)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_) -> None:
        """Logs nothing: `received` holds everything."""


# The members that `GetOpportunity` returns and `UpdateOpportunity` does not take.
READ_ONLY = ("Arn", "CreatedDate", "Id", "OpportunityTeam", "RelatedEntityIdentifiers")


def writable(opportunity: dict) -> dict:
    """The members of an opportunity that a CRM can send back."""
    kept_by_aws = (*READ_ONLY, "Catalog", "LastModifiedDate")
    return {name: value for name, value in opportunity.items() if name not in kept_by_aws}


def partner_central_client(url: str):
    """AWS's own client for Python, for a Partner Central at a URL."""
    return boto3.client(
        "partnercentral-selling",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def update_body(read: dict) -> dict:
    """The arguments of `update_opportunity` that write back what `get_opportunity` returned."""
    answered = {name: value for name, value in read.items() if name not in (*READ_ONLY, "ResponseMetadata")}
    return OPPORTUNITY | answered


def send(method: str, url: str, headers: dict[str, str], body: str) -> tuple[int, Message, bytes]:
    """Sends a request; returns status, headers and body of the answer, whatever the status."""
    request = urllib.request.Request(url, body.encode(), headers, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE_SECONDS)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


def patch(url: str, opportunity: str, changes: dict, **headers: str) -> tuple[int, Message, dict]:
    """Sends an unsigned merge patch; returns status, headers and body of the answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers["content-type"] = "application/merge-patch+json"
    status, answered, body = send("PATCH", f"{url}/opportunities/{opportunity}", headers, json.dumps(changes))
    return status, answered, json.loads(body)


def at_rest(log: Path, lost: int = 0, more: int = 0) -> tuple[list[str], list[str]]:
    """The changes and the events in the log of an emulator with `--duplicate-events`, as lines, once
    nothing more is to come: every event, two for each change, was delivered. An event lost on purpose
    has no second one. There may be `more` events: of a sweep, of an edit by AWS, to carry out a parked patch.

    A change that a `Crm` makes in reaction is in the log before the event that it reacts to.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        text = log.read_text()
        changes = re.findall(
            r"^(?:Associate|Create|Disassociate|Update)Opportunity \S+ done(?=\n)", text, re.M
        )
        events = re.findall(r"^event .+(?=\n)", text, re.M)
        expected = 2 * len(changes) - lost + more
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
    ended = (
        ""
        if process.poll() is None
        else f", because `{process.args[0]}` has ended with status {process.returncode}"
    )
    raise NotRunningError(f"nothing listens on port {port}{ended}")


def wait_for_answer(port: int) -> str:
    """Waits until `patch-opportunity` is compiled and answers; returns its URL."""
    url = function_url(port)
    urllib.request.urlopen(f"{url}/healthz", timeout=PATIENCE_SECONDS).close()
    return url
