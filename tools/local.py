"""Runs the bridge on this machine until Ctrl-C, to develop a CRM's side against: `make local`.

Starts a local Partner Central with one opportunity, a memory, and the functions. Every change of the
opportunity goes as an event through `enrich-opportunity`, and on to a CRM if there is one. No schedule runs
`sweep-opportunities`; it prints a command that does. Everything listens on 127.0.0.1 and a free port, and
stops with this program, even if a part of it fails. With `MEMORY=off` there is no memory.

Usage: python -m tools.local [CRM], the URL that takes the CloudEvents
"""

import os
import subprocess
import sys
from contextlib import ExitStack

from tools import launch, memory, until_ctrl_c
from tools.paths import TARGET

FUNCTIONS_LOG = TARGET / "local-functions.log"
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


# What has changed in the last two hours is handed on once more; with a memory, only what was not handed on.
SWEEP = "curl --silent --show-error --data '{{}}' {url}"


def start(stack: ExitStack, crm: str | None) -> until_ctrl_c.Processes:
    """Starts everything, and prints how to use it; returns the processes by name."""
    remembers = stack.enter_context(memory.chosen())
    secret = launch.new_secret()
    port = launch.free_port()
    arguments = ["--secret", f"{launch.SECRET_ID}={secret}", "--on-change", launch.invoke_url(port)]
    arguments += remembers.emulator_arguments
    if crm:
        arguments += ["--deliver", crm]
    command = launch.emulator_command(*arguments)
    emulator = stack.enter_context(launch.running(command, stdout=subprocess.PIPE, text=True))
    partner_central = launch.emulator_url(emulator)

    log = stack.enter_context(FUNCTIONS_LOG.open("w"))
    settings = launch.settings(
        partner_central, WEBHOOK_AUTH="standard-webhooks", WEBHOOK_SECRET_ID=launch.SECRET_ID
    )
    settings |= remembers.settings
    options = {"env": os.environ | settings, "stdout": log, "stderr": log}
    functions = stack.enter_context(launch.running(launch.functions_command(port), **options))
    launch.wait_for(port, functions)
    url = launch.wait_for_answer(port)

    print(f"patch-opportunity   {url}/")
    print(f"its secret          {secret}")
    print(f"enrich-opportunity  {launch.invoke_url(port)}")
    print(f"Partner Central     {partner_central}")
    print(f"memory              {remembers.told}")
    print(f"CRM                 {crm or 'none: make local CRM=http://127.0.0.1:9200/'}")
    print(f"the functions' log  {FUNCTIONS_LOG}")
    print("\nA first request, to be pasted into another terminal:\n")
    print(FIRST_REQUEST.format(url=url, secret=secret))
    print("A sweep, as AWS runs it every hour:\n")
    print(SWEEP.format(url=launch.invoke_url(port, "sweep-opportunities")), end="\n\n")
    print("Calls of Partner Central and events are shown below. Ctrl-C stops everything.", flush=True)
    return [("the emulator", emulator), ("`cargo lambda watch`", functions), *remembers.processes]


def main() -> int:
    (crm,) = sys.argv[1:] or [None]
    return until_ctrl_c.run(lambda stack: start(stack, crm), FUNCTIONS_LOG)


if __name__ == "__main__":
    sys.exit(main())
