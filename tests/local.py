"""The bridge on this machine: an emulator of Partner Central, and both functions as Lambda runs them.

Everything listens on 127.0.0.1 and a free port, and is stopped with its `with` block, whatever
happens in it.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
START_SECONDS = 60
FIRST_ANSWER_SECONDS = 600  # `cargo lambda watch` compiles what is not compiled yet


class NotRunning(Exception):
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
        url = process.stdout.readline().strip()
        if not url.startswith("http://127.0.0.1:"):
            raise NotRunning(f"the emulator does not run: {url!r}")
        yield url


def settings(partner_central: str, **others: str) -> dict[str, str]:
    """The functions' environment, with Partner Central at a URL; `others` are added or replace."""
    return {
        "AWS_ENDPOINT_URL": partner_central,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "PARTNER_CENTRAL_CATALOG": "Sandbox",
        **others,
    }


def functions_command(port: int) -> list[str]:
    """The command that runs the functions."""
    return ["cargo", "lambda", "watch", "--ignore-changes", "-A", "127.0.0.1", "-P", str(port)]


@contextmanager
def functions(environment: dict[str, str], log=subprocess.DEVNULL) -> Iterator[int]:
    """Both functions under `cargo lambda watch`; gives the port."""
    port = free_port()
    with running(functions_command(port), env=os.environ | environment, stdout=log, stderr=log) as process:
        wait_for(port, process)
        yield port


def function_url(port: int) -> str:
    """Where `patch-opportunity` takes requests."""
    return f"http://127.0.0.1:{port}/lambda-url/patch-opportunity"


@contextmanager
def answering(environment: dict[str, str]) -> Iterator[str]:
    """`patch-opportunity`, once it answers; gives its URL."""
    with functions(environment) as port:
        url = function_url(port)
        urllib.request.urlopen(f"{url}/healthz", timeout=FIRST_ANSWER_SECONDS).close()
        yield url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise NotRunning(f"nothing listens on port {port}")
