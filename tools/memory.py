"""A memory for the bridge on this machine: a DynamoDB, with the bridge's table in it.

`make .venv/dynamodb` installs the server, one program for Linux on x86-64. It listens on 127.0.0.1 and a free
port, keeps everything in its own memory, and stops with its `with` block.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import boto3

from tools import launch
from tools.paths import ROOT

SERVER = ROOT / ".venv/dynamodb/node_modules/@dynoxide/linux-x64/dynoxide"
TABLE = "memory"


@dataclass(frozen=True)
class Memory:
    """What a memory, or that there is none, means to the others."""

    # Where it is, or why there is none.
    told: str
    url: str = ""
    # The functions' environment.
    settings: dict[str, str] = field(default_factory=dict)
    # The emulator's part in it: waking patches that waited.
    emulator_arguments: list[str] = field(default_factory=list)
    # What runs, by name.
    processes: list[tuple[str, subprocess.Popen]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.url)


def client(url: str):
    """AWS's own client for Python, for a DynamoDB at a URL."""
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1", **keys)


@contextmanager
def running() -> Iterator[Memory]:
    """A memory that is empty."""
    port = launch.free_port()
    command = [str(SERVER), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with launch.running(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        launch.wait_for(port, process)
        url = f"http://127.0.0.1:{port}"
        names = {"pk": "HASH", "sk": "RANGE"}
        client(url).create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in names.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Memory(
            told=f"{url} (table `{TABLE}`)",
            url=url,
            settings={"AWS_ENDPOINT_URL_DYNAMODB": url, "MEMORY_TABLE": TABLE},
            emulator_arguments=["--on-parked", "patch-opportunity"],
            processes=[("the memory's DynamoDB", process)],
        )


@contextmanager
def chosen() -> Iterator[Memory]:
    """The same, or none where `MEMORY` is `off` or this machine cannot run the server."""
    if reason := obstacle():
        yield Memory(told=f"none: {reason}")
        return
    with running() as memory:
        yield memory


def obstacle() -> str:
    """Why there is no memory; empty if there can be one."""
    choice = os.environ.get("MEMORY") or "on"
    if choice not in ("on", "off"):
        raise launch.NotRunningError(f"`MEMORY` is `{choice}`, expected `on` or `off`")
    if choice == "off":
        return "`MEMORY` is `off`"
    try:
        subprocess.run([SERVER, "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return "its DynamoDB, which npm installs, runs on Linux on x86-64 only"
    return ""
