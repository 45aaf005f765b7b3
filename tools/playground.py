"""Shows the whole bridge at work on a page in the browser, until Ctrl-C: `make playground`.

Starts a local Partner Central with a dozen opportunities, a memory, and the functions with a CRM's mapping
(HubSpot's by default). The emulator serves the page and the mapping, forwards the page's requests to
`patch-opportunity`, and plays a CRM that receives every change. Everything listens on 127.0.0.1 and a free
port, and stops with this program, even if a part of it fails.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools import launch, memory, render_openapi, until_ctrl_c
from tools.paths import ROOT, TARGET

PAGES = ROOT / "tests/emulator/playground"
MAPPING = ROOT / "mappings/hubspot.json"
FUNCTIONS_LOG = TARGET / "playground-functions.log"


@dataclass
class Playground:
    """A running playground."""

    emulator: str
    functions: str
    secret: str
    memory: memory.Memory
    processes: until_ctrl_c.Processes

    @property
    def page(self) -> str:
        return f"{self.emulator}/_playground/"

    def control(self, method: str, path: str, body=None):
        """Calls the emulator's control API; returns the JSON of its answer, or nothing if it is empty."""
        content = "" if body is None else json.dumps(body)
        status, _, answer = launch.send(method, f"{self.emulator}/_control/{path}", {}, content)
        if status >= 300:
            raise launch.NotRunningError(f"{method} {path}: {answer.decode()}")
        return json.loads(answer) if answer else None

    def fill_crm(self) -> None:
        """Sends the CRM every opportunity, then clears the record of that."""
        for opportunity in self.control("GET", "opportunities"):
            self.control("POST", f"opportunities/{opportunity['Id']}/announce")
        deadline = time.monotonic() + launch.PATIENCE_SECONDS
        while len(self.control("GET", "deliveries")) < len(self.control("GET", "opportunities")):
            if time.monotonic() > deadline:
                raise launch.NotRunningError("the CRM has not heard of every opportunity")
            time.sleep(0.1)
        self.control("DELETE", "records")


def check(mapping: Path) -> None:
    """Reports an error in the mapping at once: a function that fails to start reports it only in its log."""
    command = [
        "cargo",
        "run",
        "--quiet",
        "--package",
        "mapping",
        "--bin",
        "mapping-check",
        "--",
        str(mapping),
    ]
    checked = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=launch.PATIENCE_SECONDS
    )
    if checked.returncode != 0:
        raise launch.NotRunningError(checked.stderr.strip())


@contextmanager
def playground(*arguments: str, pages: Path = PAGES, mapping: Path = MAPPING) -> Iterator[Playground]:
    """A playground whose CRM knows every opportunity."""
    check(mapping)
    secret = launch.new_secret()
    port = launch.free_port()
    command = [str(TARGET / "debug/partner-central-emulator"), "--seed-samples"]
    command += ["--secret", f"{launch.SECRET_ID}={secret}", "--on-change", launch.invoke_url(port)]
    command += ["--bridge", launch.function_url(port)]
    with ExitStack() as stack:
        remembers = stack.enter_context(memory.chosen())
        # Beside the page: the API reference, and the mapping, by the name that the page knows.
        beside = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        render_openapi.render(beside)
        shutil.copyfile(mapping, beside / "mapping.json")
        command += ["--playground", str(pages), "--playground", str(beside)]
        command += remembers.emulator_arguments
        log = stack.enter_context(FUNCTIONS_LOG.open("w"))
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        emulator = stack.enter_context(launch.running([*command, *arguments], **options))
        url = launch.emulator_url(emulator)
        settings = launch.settings(
            url,
            WEBHOOK_AUTH="standard-webhooks",
            WEBHOOK_SECRET_ID=launch.SECRET_ID,
            CRM_MAPPING=str(mapping),
        )
        settings |= remembers.settings
        options = {"env": os.environ | settings, "stdout": log, "stderr": log}
        functions = stack.enter_context(launch.running(launch.functions_command(port), **options))
        launch.wait_for(port, functions)
        processes = [
            ("the emulator", emulator),
            ("`cargo lambda watch`", functions),
            *remembers.processes,
        ]
        running = Playground(url, launch.wait_for_answer(port), secret, remembers, processes)
        running.fill_crm()
        yield running


def start(stack: ExitStack) -> until_ctrl_c.Processes:
    """Starts the playground, and prints its URL; returns its processes by name."""
    named = {"mapping": Path(sys.argv[1]).resolve()} if sys.argv[1:] else {}
    running = stack.enter_context(playground(**named))
    print(f"Its memory: {running.memory.told}")
    print(f"\n    {running.page}\n\nOpen it in a browser. Ctrl-C stops everything.", flush=True)
    return running.processes


def main() -> int:
    return until_ctrl_c.run(start, FUNCTIONS_LOG)


if __name__ == "__main__":
    sys.exit(main())
