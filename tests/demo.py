"""The whole bridge on this machine, step by step: `make demo`.

Starts a local Partner Central and both functions (under `cargo lambda watch`), all on 127.0.0.1 and
free ports, and stops them again, also on failure. Exits non-zero at the first step that does not do
what it should. The commands shown are the commands run.
"""

import json
import shlex
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack

import local
from local import ROOT, TARGET

FIRST_ANSWER_SECONDS = 600  # `cargo lambda watch` compiles what is not compiled yet
OPPORTUNITY = "O7654321"


class Failed(Exception):
    """A step did not do what it should."""


def heading(text: str) -> None:
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def show(command: list[str]) -> None:
    print(f"$ {shlex.join(command)}", flush=True)


def expect(what: str, found, wanted) -> None:
    if found != wanted:
        raise Failed(f"{what}: found {found!r}, expected {wanted!r}")
    print(f"   ok: {what}", flush=True)


def run(command: list[str]) -> str:
    show(command)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=FIRST_ANSWER_SECONDS)
    if done.returncode != 0:
        raise Failed(f"exit status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def send(method: str, url: str, headers: dict[str, str], body: str) -> tuple[int, dict]:
    """Sends a request with curl, or without it where there is none; gives status and JSON."""
    command = ["curl", "--silent", "--request", method, url]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    command += ["--data", body]
    if shutil.which("curl"):
        answer = run([*command, "--write-out", "\n%{http_code}"])
        text, status = answer.rsplit("\n", 1)
    else:
        show(command)
        request = urllib.request.Request(url, body.encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=FIRST_ANSWER_SECONDS) as response:
                text, status = response.read().decode(), response.status
        except urllib.error.HTTPError as error:
            text, status = error.read().decode(), error.code
    answer = json.loads(text)
    print(f"HTTP {status}\n{json.dumps(answer, indent=2)}", flush=True)
    return int(status), answer


def demo(stack: ExitStack) -> None:
    log = stack.enter_context(open(TARGET / "demo.log", "w"))

    heading("A local Partner Central, with one opportunity in it")
    show(local.emulator_command())
    partner_central = stack.enter_context(local.emulator(log=log))
    print(partner_central)

    heading("Both functions, as Lambda runs them")
    settings = local.settings(partner_central, WEBHOOK_AUTH="none")
    print("".join(f"export {name}={value}\n" for name, value in settings.items()), end="")
    port = stack.enter_context(local.functions(settings, log=log))
    show(local.functions_command(port))

    heading("Out: an event names an opportunity, the CloudEvent carries it whole")
    event = "events/opportunity-updated.json"
    invoke = ["cargo", "lambda", "invoke", "--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
    cloud_event = json.loads(run([*invoke, "enrich-opportunity", "--data-file", event]))
    print(json.dumps(cloud_event, indent=2), flush=True)
    expect("it is a CloudEvent", cloud_event["specversion"], "1.0")
    seed = json.loads((ROOT / "events/opportunity.json").read_text())
    expect("every member of the opportunity is in it", cloud_event["data"]["opportunity"], seed)

    heading("In: a patch names what should change")
    url = f"{local.function_url(port)}/opportunities/{OPPORTUNITY}"
    patch = json.loads((ROOT / "events/patch-stage.json").read_text())
    headers = {"content-type": patch["headers"]["content-type"]}
    status, answer = send("PATCH", url, headers, patch["body"])
    expect("it is taken", (status, answer["outcome"]), (200, "updated"))
    expect("the changes are told", [change["path"] for change in answer["changes"]], [
        "/LifeCycle/NextSteps",
        "/LifeCycle/Stage",
    ])

    heading("The same patch again changes nothing, so nothing is written")
    status, answer = send("PATCH", url, headers, patch["body"])
    expect("it is unchanged", (status, answer["outcome"], answer["changes"]), (200, "unchanged", []))

    heading("What Partner Central holds now: the two values changed, all else as it was")
    cloud_event = json.loads(run([*invoke, "enrich-opportunity", "--data-file", event]))
    seed["LifeCycle"] |= json.loads(patch["body"])["LifeCycle"]
    seed["LastModifiedDate"] = answer["lastModifiedDate"]
    expect("no member is lost", cloud_event["data"]["opportunity"], seed)


def main() -> int:
    try:
        with ExitStack() as stack:
            demo(stack)
    except (Failed, local.NotRunning, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        print(f"\nFAILED: {error}\nthe functions' and the emulator's output is in {TARGET / 'demo.log'}", file=sys.stderr)
        return 1
    heading("Done: everything that was started is stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
