"""A page on which the whole bridge runs before your eyes, until Ctrl-C: `make playground`.

Starts a local Partner Central with a dozen opportunities, and both functions. The emulator serves the
page, hands the page's requests on to `patch-opportunity`, and plays a CRM that hears of every change.
Everything listens on 127.0.0.1 and a free port, and is stopped with this program, also where a part of
it fails.
"""

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools import local, render_openapi
from tools.keep_running import SECRET_ID, wait_for_end

PAGES = local.ROOT / "tests/emulator/playground"
FUNCTIONS_LOG = local.TARGET / "playground-functions.log"


@dataclass
class Playground:
    """A playground that runs."""

    emulator: str
    functions: str
    secret: str
    processes: list[tuple[str, subprocess.Popen]]

    @property
    def page(self) -> str:
        return f"{self.emulator}/_playground/"

    def control(self, method: str, path: str, body=None):
        """Asks the emulator's control API; gives the JSON of its answer, or nothing where it has none."""
        content = "" if body is None else json.dumps(body)
        status, _, answer = local.send(method, f"{self.emulator}/_control/{path}", {}, content)
        if status >= 300:
            raise local.NotRunningError(f"{method} {path}: {answer.decode()}")
        return json.loads(answer) if answer else None

    def fill_crm(self) -> None:
        """Tells the CRM of every opportunity, and forgets how it was told."""
        for opportunity in self.control("GET", "opportunities"):
            self.control("POST", f"opportunities/{opportunity['Id']}/announce")
        deadline = time.monotonic() + local.PATIENCE_SECONDS
        while len(self.control("GET", "deliveries")) < len(self.control("GET", "opportunities")):
            if time.monotonic() > deadline:
                raise local.NotRunningError("the CRM has not heard of every opportunity")
            time.sleep(0.1)
        self.control("DELETE", "records")


@contextmanager
def playground(*arguments: str, pages: Path = PAGES) -> Iterator[Playground]:
    """A playground whose CRM knows every opportunity."""
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
    port = local.free_port()
    rendered = local.TARGET / "docs"
    render_openapi.render(rendered)
    command = [str(local.TARGET / "debug/partner-central-emulator"), "--seed-samples"]
    command += ["--secret", f"{SECRET_ID}={secret}", "--on-change", local.invoke_url(port)]
    command += [
        "--bridge",
        local.function_url(port),
        "--playground",
        str(pages),
        "--playground",
        str(rendered),
    ]
    with ExitStack() as stack:
        log = stack.enter_context(FUNCTIONS_LOG.open("w"))
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        emulator = stack.enter_context(local.running([*command, *arguments], **options))
        url = local.emulator_url(emulator)
        settings = local.settings(url, WEBHOOK_AUTH="standard-webhooks", WEBHOOK_SECRET_ID=SECRET_ID)
        options = {"env": os.environ | settings, "stdout": log, "stderr": log}
        functions = stack.enter_context(local.running(local.functions_command(port), **options))
        local.wait_for(port, functions)
        processes = [("the emulator", emulator), ("`cargo lambda watch`", functions)]
        running = Playground(url, local.wait_for_answer(port), secret, processes)
        running.fill_crm()
        yield running


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("Starting. What is not compiled yet is compiled first.", flush=True)
    try:
        with ExitStack() as stack:
            running = stack.enter_context(playground())
            print(f"\n    {running.page}\n\nOpen it in a browser. Ctrl-C stops everything.", flush=True)
            # A second Ctrl-C must not leave anything running.
            stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
            wait_for_end(running.processes)
    except KeyboardInterrupt:
        print("\nEverything that was started is stopped.")
        return 0
    except (local.NotRunningError, OSError) as error:
        print(f"\nFAILED: {error}\nmore may be in {FUNCTIONS_LOG}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
