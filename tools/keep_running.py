"""Runs the bridge on this machine until Ctrl-C, to develop a CRM's side against: `make local`.

Starts a local Partner Central with one opportunity, and the functions. Every change of the opportunity
goes as an event through `enrich-opportunity`, and on to a CRM if there is one. No schedule runs
`sweep-opportunities`; it prints a command that does. Everything listens on 127.0.0.1 and a free port, and
stops with this program, even if a part of it fails.

Usage: python -m tools.keep_running [CRM], the URL that takes the CloudEvents
"""

import base64
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

from tools import local

SECRET_ID = "opportunity-bridge/webhook"
FUNCTIONS_LOG = local.TARGET / "local-functions.log"
# Signs when it is pasted, because a signature is valid for five minutes.
FIRST_REQUEST = """\
URL={url}/ SECRET={secret}
body='{{"Identifier": "O7654321", "LifeCycle": {{"NextSteps": "Sign on Monday"}}}}'
id="msg_$(openssl rand -hex 8)"
timestamp=$(date +%s)
key=$(printf %s "${{SECRET#whsec_}}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')
signature=$(printf %s "$id.$timestamp.$body" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
curl --silent --show-error "${{URL}}opportunities" \\
  -H 'content-type: application/merge-patch+json' \\
  -H "webhook-id: $id" -H "webhook-timestamp: $timestamp" -H "webhook-signature: v1,$signature" \\
  -d "$body"
"""


# Whatever has changed in the last two hours is handed on once more.
SWEEP = "curl --silent --show-error --data '{{}}' {url}"


def start(stack: ExitStack, crm: str | None) -> list[tuple[str, subprocess.Popen]]:
    """Starts everything, and prints how to use it; returns the processes by name."""
    print("Starting. What is not compiled yet is compiled first.", flush=True)
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
    port = local.free_port()
    arguments = ["--secret", f"{SECRET_ID}={secret}", "--on-change", local.invoke_url(port)]
    if crm:
        arguments += ["--deliver", crm]
    command = local.emulator_command(*arguments)
    emulator = stack.enter_context(local.running(command, stdout=subprocess.PIPE, text=True))
    partner_central = local.emulator_url(emulator)

    log = stack.enter_context(FUNCTIONS_LOG.open("w"))
    settings = local.settings(partner_central, WEBHOOK_AUTH="standard-webhooks", WEBHOOK_SECRET_ID=SECRET_ID)
    options = {"env": os.environ | settings, "stdout": log, "stderr": log}
    functions = stack.enter_context(local.running(local.functions_command(port), **options))
    local.wait_for(port, functions)
    url = local.wait_for_answer(port)

    print(f"patch-opportunity   {url}/")
    print(f"its secret          {secret}")
    print(f"enrich-opportunity  {local.invoke_url(port)}")
    print(f"Partner Central     {partner_central}")
    print(f"CRM                 {crm or 'none: make local CRM=http://127.0.0.1:9200/'}")
    print(f"the functions' log  {FUNCTIONS_LOG}")
    print("\nA first request, to be pasted into another terminal:\n")
    print(FIRST_REQUEST.format(url=url, secret=secret))
    print("A sweep, as AWS runs it every hour:\n")
    print(SWEEP.format(url=local.invoke_url(port, "sweep-opportunities")), end="\n\n")
    print("Calls of Partner Central and events are shown below. Ctrl-C stops everything.", flush=True)
    return [("the emulator", emulator), ("`cargo lambda watch`", functions)]


def wait_for_end(processes: list[tuple[str, subprocess.Popen]]) -> None:
    """Ends only with an exception: a process has ended, or somebody pressed Ctrl-C."""
    while True:
        for name, process in processes:
            if process.poll() is not None:
                raise local.NotRunningError(f"{name} has ended with status {process.returncode}")
        time.sleep(0.2)


def main() -> int:
    (crm,) = sys.argv[1:] or [None]
    # A shell starts its background jobs with SIGINT ignored.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            processes = start(stack, crm)
            # A second Ctrl-C must not leave anything running.
            stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
            wait_for_end(processes)
    except KeyboardInterrupt:
        print("\nEverything that was started is stopped.")
        return 0
    except (local.NotRunningError, OSError) as error:
        print(f"\nFAILED: {error}\nmore may be in {FUNCTIONS_LOG}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
