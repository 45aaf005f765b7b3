"""Shows the whole bridge on this machine, step by step: `make demo`.

Starts a local Partner Central, a memory and the functions (under `cargo lambda watch`), all on 127.0.0.1 and
free ports, and stops them again, also on failure. Exits non-zero at the first step that fails. `VERBOSE=1`
shows the commands as they run, and all JSON; `MEMORY=off` leaves out the memory and its steps.
"""

import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from email import message_from_string
from email.message import Message

from standardwebhooks import Webhook

from tools import crms, launch, memory
from tools.paths import ROOT, TARGET

OPPORTUNITY = launch.OPPORTUNITY["Identifier"]
EMULATOR_LOG, FUNCTIONS_LOG = TARGET / "demo-emulator.log", TARGET / "demo-functions.log"
REPLAYED = "idempotent-replayed"
VERBOSE = bool(os.environ.get("VERBOSE"))
# Longer lines are cut unless `VERBOSE=1` asks for everything.
LINE = 110
# Checks that passed since the last heading.
checked: list[str] = []


class StepError(Exception):
    """A step failed."""


def heading(text: str) -> None:
    tell_checked()
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def detail(text: str) -> None:
    """Prints a line only if `VERBOSE=1` asks for it."""
    if VERBOSE:
        print(text, flush=True)


def say(text: str) -> None:
    """Prints a line."""
    print(f"   {text}" if VERBOSE or len(text) <= LINE else f"   {text[: LINE - 1]}…", flush=True)


def tell_checked() -> None:
    """Prints the checks that passed in a step on one line."""
    if checked:
        text = f"ok: {'; '.join(checked)}"
        print(textwrap.fill(text, LINE, initial_indent="   ", subsequent_indent="       "), flush=True)
        checked.clear()


def show(command: list[str]) -> None:
    detail(f"$ {shlex.join(command)}")


def summary(answer: dict) -> str:
    """Sums up the bridge's answer in one line."""
    found = [f"{error['pointer']} {error['code']}" for error in answer.get("errors", [])]
    changed = [
        f"{change['pointer']} {json.dumps(change['before'])} → {json.dumps(change['after'])}"
        for change in answer.get("changes", [])
    ]
    told = answer.get("outcome") or answer["title"]
    return ": ".join([told, ", ".join(found or changed)]) if found or changed else told


def expect(what: str, found, wanted) -> None:
    if found != wanted:
        raise StepError(f"{what}: found {found!r}, expected {wanted!r}")
    checked.append(what)


def run(command: list[str]) -> str:
    show(command)
    return execute(command)


def execute(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=launch.PATIENCE_SECONDS)
    if done.returncode != 0:
        raise StepError(f"exit status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def sign(secret: str, body: str, message: str) -> dict[str, str]:
    """The headers of a Standard Webhooks signature made now."""
    now = datetime.now(UTC)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, now, body),
    }


def new_message() -> str:
    return f"msg_{secrets.token_hex(8)}"


def send(
    method: str, url: str, headers: dict[str, str], body: str, tell: Callable[[str], None] = say
) -> tuple[int, dict]:
    """Sends a request; returns the status and the JSON of the answer."""
    status, _, answer = exchange(method, url, headers, body, tell)
    return status, answer


def exchange(
    method: str, url: str, headers: dict[str, str], body: str, tell: Callable[[str], None]
) -> tuple[int, Message, dict]:
    """Sends a request with curl, or with Python if there is no curl; returns status, headers and JSON of the
    answer.
    """
    command = ["curl", "--silent", "--request", method, url]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    command += ["--data", body]
    show(command)
    if shutil.which("curl"):
        # Hidden from the shown command: prints the status and the headers first.
        head, text = execute([*command, "--dump-header", "-"]).split("\n\n", 1)
        status_line, _, lines = head.partition("\n")
        status, answered = int(status_line.split()[1]), message_from_string(lines)
    else:
        status, answered, text = launch.send(method, url, headers, body)
    answer = json.loads(text)
    detail(f"HTTP {status}\n{answered}{json.dumps(answer, indent=2)}")
    query = f"?{url.split('?')[1]} " if "?" in url else ""
    preference = f"(Prefer: {headers['prefer']}) " if "prefer" in headers else ""
    replayed = "(Idempotent-Replayed: true) " if REPLAYED in answered else ""
    tell(f"→ {method} {query}{preference}{body}")
    tell(f"← {status} {replayed}{summary(answer)}")
    return status, answered, answer


def demo(stack: ExitStack) -> None:
    log = stack.enter_context(FUNCTIONS_LOG.open("w"))
    emulator_log = stack.enter_context(EMULATOR_LOG.open("w"))

    heading("A local Partner Central, with one opportunity and the webhook's secret in it")
    secret = launch.new_secret()
    held = f"{launch.SECRET_ID}={secret}"
    port = launch.free_port()
    remembers = stack.enter_context(memory.chosen())
    crm = stack.enter_context(launch.Crm(react=lambda event: None))
    events = ["--on-change", launch.invoke_url(port), "--duplicate-events", "--lose-events", "1"]
    events += remembers.emulator_arguments
    events += ["--deliver", crm.url]
    show(launch.emulator_command("--secret", held, *events))
    partner_central = stack.enter_context(launch.emulator("--secret", held, *events, log=emulator_log))
    say(f"{partner_central} sends the function an event for each change, twice, as AWS does,")
    say(f"and what the function answers to a CRM at {crm.url}. It loses the first event.")

    heading("The functions, as Lambda runs them")
    settings = launch.settings(
        partner_central, WEBHOOK_AUTH="standard-webhooks", WEBHOOK_SECRET_ID=launch.SECRET_ID
    )
    settings |= remembers.settings
    detail("\n".join(f"export {name}={value}" for name, value in settings.items()))
    show(launch.functions_command(port))
    stack.enter_context(launch.functions(settings, log=log, port=port))
    say(f"enrich-opportunity  {launch.invoke_url(port)}")
    say(f"patch-opportunity   {launch.function_url(port)}/")
    say(f"their memory        {remembers.told}")

    heading("Out: an event names an opportunity, the CloudEvent carries it whole")
    event_file = "events/opportunity-updated.json"
    invoke = ["cargo", "lambda", "invoke", "--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
    cloud_event = json.loads(run([*invoke, "enrich-opportunity", "--data-file", event_file]))
    detail(json.dumps(cloud_event, indent=2))
    say(f"→ {OPPORTUNITY} was updated")
    say(f"← {cloud_event['type']}, {len(cloud_event['data']['opportunity'])} fields and AWS's summary")
    expect("it is a CloudEvent", cloud_event["specversion"], "1.0")
    seed = json.loads((ROOT / "events/opportunity.json").read_text())
    expect("every field of the opportunity is in it", cloud_event["data"]["opportunity"], seed)

    url = f"{launch.function_url(port)}/opportunities"
    patch = json.loads((ROOT / "events/patch-stage.json").read_text())
    headers = {"content-type": patch["headers"]["content-type"]}

    def identified(body: str) -> str:
        """The patch with its identifier: a signature covers the body, not the path."""
        return json.dumps({"Identifier": OPPORTUNITY} | json.loads(body))

    heading("In: an unsigned patch is refused")
    status, answer = send("POST", url, headers, identified(patch["body"]))
    expect(
        "it is not let in", (status, answer["type"]), (401, "urn:opportunity-bridge:problems/unauthorized")
    )

    def exchange_signed(
        body: str, message: str, query: str = "", tell: Callable[[str], None] = say, **others: str
    ) -> tuple[int, Message, dict]:
        named = {name.replace("_", "-"): value for name, value in others.items()}
        signed = identified(body)
        return exchange("POST", url + query, headers | named | sign(secret, signed, message), signed, tell)

    def send_signed(body: str, *arguments, **named) -> tuple[int, dict]:
        status, _, answer = exchange_signed(body, new_message(), *arguments, **named)
        return status, answer

    def writes() -> int:
        _, _, made = launch.send("GET", f"{partner_central}/_control/writes", {}, "")
        return len(json.loads(made))

    heading("A dry run tells what a signed patch would do")
    status, answer = send_signed(patch["body"], "?dry_run=true")
    expect("nothing stands against it", (status, answer["outcome"], answer["errors"]), (200, "dry-run", []))

    heading("The same for real")
    message = new_message()
    status, _, answer = exchange_signed(patch["body"], message)
    expect("it is taken", (status, answer["outcome"]), (200, "updated"))
    expect(
        "the changes are told",
        [change["pointer"] for change in answer["changes"]],
        ["/LifeCycle/NextSteps", "/LifeCycle/Stage"],
    )
    applied = answer

    if remembers:
        heading("Its sender missed the answer and sends the same request again: the memory answers")
        status, answered, answer = exchange_signed(patch["body"], message)
        expect("it is the first answer", (status, answer), (200, applied))
        expect("marked as such", answered[REPLAYED], "true")
        expect("one write was made", writes(), 1)

    heading("A new request with the same patch changes nothing, so nothing is written")
    status, answer = send_signed(patch["body"])
    expect("it is unchanged", (status, answer["outcome"], answer["changes"]), (200, "unchanged", []))

    heading("A field that the approved review has closed")
    status, answer = send_signed('{"Project":{"Title":"Another title"}}')
    expect(
        "it is locked", (status, answer["type"]), (409, "urn:opportunity-bridge:problems/opportunity-locked")
    )
    expect("the field is named", [error["pointer"] for error in answer["errors"]], ["/Project/Title"])

    heading("A patch that depends on a state that is no more")
    status, answer = send_signed(
        '{"LifeCycle":{"NextSteps":"Too late"}}', if_match=f'"{seed["LastModifiedDate"]}"'
    )
    expect("the precondition fails", status, 412)

    heading("The event of the change was lost on purpose: the sweep brings it, within the hour")
    changes, _ = launch.at_rest(EMULATOR_LOG, lost=1)
    expect("one change was written, and the CRM has not heard of it", (len(changes), crm.received), (1, []))
    more = 1
    swept = json.loads(run([*invoke, "sweep-opportunities", "--data-ascii", "{}"]))
    detail(json.dumps(swept, indent=2))
    expect("the sweep has found it and handed it on", (swept["listed"], swept["handedOn"]), (1, 1))
    launch.at_rest(EMULATOR_LOG, lost=1, more=more)
    (event,) = crm.received
    seed["LifeCycle"] |= json.loads(patch["body"])["LifeCycle"]
    seed["LastModifiedDate"] = applied["lastModifiedDate"]
    expect("the CRM has it: the two values changed, all else as it was", event["data"]["opportunity"], seed)
    late = json.loads(run([*invoke, "enrich-opportunity", "--data-file", event_file]))
    expect("had the event come, it would have had the same id", late["id"], event["id"])

    if remembers:
        heading(
            "The event tells what has changed since the one before, and that the bridge wrote it: an echo"
        )
        say(f"changes  {', '.join(it['pointer'] for it in event['data']['changes'])}")
        say(f"origin   {json.dumps(event['data']['origin'])}")
        found = [(it["pointer"], it["after"]) for it in event["data"]["changes"]]
        wanted = [(f"/opportunity{it['pointer']}", it["after"]) for it in applied["changes"]]
        expect("they are those of the patch", found, wanted)
        expect("the bridge knows its own write", event["data"]["origin"]["actor"], "bridge")

    heading("The whole document is a patch too: what was read, with one field edited, is sent back")
    whole = json.loads(json.dumps(event["data"]["opportunity"]))
    whole["Project"]["AdditionalComments"] = "Edited in the CRM"
    status, answer = send_signed(json.dumps(whole), "?dry_run=true")
    changes = [change["pointer"] for change in answer["changes"]]
    expect("only the edited field is a change", (status, changes), (200, ["/Project/AdditionalComments"]))

    heading("Its date is the state in which it was read: a stale one is refused")
    status, answer = send_signed(json.dumps(whole | {"LastModifiedDate": "2026-01-01T00:00:00.000Z"}))
    expect("the precondition fails", status, 412)

    heading("The event of the next change comes, and twice, as AWS was seen to send them")
    status, _ = send_signed('{"LifeCycle":{"NextSteps":"Call on Tuesday"}}')
    expect("it is written", status, 200)
    changes, _ = launch.at_rest(EMULATOR_LOG, lost=1, more=more)
    expect("the CRM has heard of it twice", len(crm.received), 3)
    expect("both times by one id", len({event["id"] for event in crm.received[1:]}), 1)

    if remembers:
        heading("A patch that a review closes can wait for it")
        control(partner_central, "PATCH", {"LifeCycle": {"ReviewStatus": "In review"}})
        status, answer = send_signed('{"LifeCycle":{"NextSteps":"Signed"}}', prefer="respond-async")
        expect("it is parked", (status, answer["outcome"]), (202, "parked"))
        expect("nothing was written", writes(), len(changes))

        heading("The review ends: the patch is carried out, and the CRM hears how it ended")
        control(partner_central, "POST", {"step": "approve"}, "/review")
        # Two events for each of the two edits, and one to carry out the patch.
        more += 5
        changes, _ = launch.at_rest(EMULATOR_LOG, lost=1, more=more)
        (ended,) = [event for event in crm.received if event["type"].startswith("opportunity-bridge.patch.")]
        say(f"{ended['type']}  {summary(ended['data']['answer'])}")
        expect("it was applied", ended["type"], "opportunity-bridge.patch.applied")
        echo = crm.received[-1]["data"]
        expect("AWS has it", echo["opportunity"]["LifeCycle"]["NextSteps"], "Signed")
        origin = {"actor": "bridge", "requestId": ended["data"]["requestId"]}
        expect("the event of the change is marked as its echo", echo["origin"], origin)

    heading(
        "The circle: somebody changes it in Partner Central, the CRM hears of it and answers with a patch"
    )
    answers: list[str] = []

    def react(event: dict) -> None:
        _, answer = send_signed('{"LifeCycle":{"NextSteps":"The CRM has seen it"}}', tell=detail)
        answers.append(answer["outcome"])

    crm.react = react
    before = len(changes)
    somebody_commits(partner_central)
    changes, _ = launch.at_rest(EMULATOR_LOG, lost=1, more=more)
    expect("two more were written: somebody's and the CRM's answer", len(changes) - before, 2)
    now = crm.received[-1]["data"]["opportunity"]["LifeCycle"]
    expect("both are there", (now["Stage"], now["NextSteps"]), ("Committed", "The CRM has seen it"))
    say(f"the CRM patches at each of {len(answers)} events: {', '.join(answers)}")
    expect("the circle has come to rest", answers, ["updated", "unchanged", "unchanged", "unchanged"])


def control(partner_central: str, method: str, body: dict, below: str = "") -> None:
    """Does to the opportunity what only AWS can do."""
    url = f"{partner_central}/_control/opportunities/{OPPORTUNITY}{below}"
    status, _, answer = launch.send(method, url, {}, json.dumps(body))
    if status >= 300:
        raise StepError(answer.decode())


def somebody_commits(partner_central: str) -> None:
    """Changes the opportunity as another client of Partner Central, with the AWS SDK for Python."""
    client = launch.partner_central_client(partner_central)
    update = launch.update_body(client.get_opportunity(**launch.OPPORTUNITY))
    update["LifeCycle"]["Stage"] = "Committed"
    client.update_opportunity(**update)


def own_language(stack: ExitStack) -> None:
    """Connects a CRM that knows neither AWS's names nor the bridge: HubSpot, as far as the bridge meets
    it.
    """
    log = stack.enter_context(FUNCTIONS_LOG.open("a"))
    emulator_log = stack.enter_context(EMULATOR_LOG.open("w"))
    port, token = launch.free_port(), secrets.token_hex(16)
    url = f"{launch.function_url(port)}/crm"
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}

    def send_record(record: dict) -> int:
        return send("POST", url, headers, json.dumps(record))[0]

    heading("A CRM that speaks its own language: HubSpot, with a mapping and no program between the two")
    deal = {
        "dealname": "Berths",
        "dealstage": "qualifiedtobuy",
        "hs_next_step": "Send the sizing of the pilot",
    }
    sends_stage = crms.Workflow(("dealstage",), {"changed_dealstage": "dealstage"})
    sends_next_step = crms.Workflow(("hs_next_step",), {"hs_next_step": "hs_next_step"})
    crm = stack.enter_context(crms.HubSpot(OPPORTUNITY, send_record, deal, [sends_stage, sends_next_step]))
    events = [
        "--on-change",
        launch.invoke_url(port),
        "--duplicate-events",
        "--deliver",
        f"{crm.url}{crm.PATH}",
    ]
    events += ["--deliver-body", "record", "--deliver-bearer", crms.TOKEN]
    show(launch.emulator_command(*events))
    partner_central = stack.enter_context(launch.emulator(*events, log=emulator_log))
    settings = launch.settings(
        partner_central,
        WEBHOOK_AUTH="bearer",
        WEBHOOK_SECRETS=token,
        CRM_MAPPING=str(ROOT / "mappings/hubspot.json"),
    )
    show(launch.functions_command(port))
    stack.enter_context(launch.functions(settings, log=log, port=port))
    say("mappings/hubspot.json names HubSpot's field for each of AWS's, and both functions read it.")

    heading("In: the deal moves on, and a workflow sends the stage by HubSpot's own name")
    crm.edit(dealstage="presentationscheduled")
    changes, _ = launch.at_rest(EMULATOR_LOG)
    expect("it was written once", len(changes), 1)
    expect("AWS's stage has come back to the deal", crm.record["aws_stage"], "Technical Validation")
    expect("the deal's own is as it was set", crm.record["dealstage"], "presentationscheduled")

    heading("Out: somebody changes it in Partner Central, and HubSpot's API gets a body of its own")
    somebody_commits(partner_central)
    changes, _ = launch.at_rest(EMULATOR_LOG)
    detail(json.dumps(crm.taken[-1], indent=2))
    expect("HubSpot has refused nothing", crm.refused, [])
    expect("AWS's stage is in the deal", crm.record["aws_stage"], "Committed")
    expect("nothing else was written: the circle has come to rest", len(changes), 2)

    heading("A stage that the mapping does not know is refused by both names")
    record = {crm.ID_FIELD: OPPORTUNITY, "changed_dealstage": "thirdcall"}
    status, answer = send("POST", url, headers, json.dumps(record))
    (error,) = answer["errors"]
    expect(
        "field and pointer are named",
        (status, error["field"], error["pointer"], error["code"]),
        (422, "changed_dealstage", "/LifeCycle/Stage", "unmapped-value"),
    )


def main() -> int:
    try:
        with ExitStack() as stack:
            demo(stack)
        with ExitStack() as stack:
            own_language(stack)
    except (StepError, launch.NotRunningError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        tell_checked()
        print(f"\nFAILED: {error}\nmore is in {FUNCTIONS_LOG} and {EMULATOR_LOG}", file=sys.stderr)
        return 1
    heading("Done: everything that was started is stopped")
    say("`make demo VERBOSE=1` shows every command and all JSON; `make playground` shows it in a browser")
    return 0


if __name__ == "__main__":
    sys.exit(main())
