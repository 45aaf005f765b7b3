"""A developer can use `make local` as it says, and stop it."""

import json
import queue
import re
import signal
import socket
import subprocess
import sys
import unittest
import urllib.parse

from tools import launch
from tools.paths import ROOT

SWEEP = re.compile(r"^curl .*/sweep-opportunities/invocations$", re.MULTILINE)
PASTED = re.compile(r'^URL=.*?^  -d "\$body"$', re.MULTILINE | re.DOTALL)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tools.local", *arguments]


def run(script: str) -> dict:
    """The answer to a printed command."""
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def send(method: str, url: str, body: dict) -> None:
    status, _, answer = launch.send(method, url, {}, json.dumps(body))
    assert status < 300, answer


def next_steps(event: dict) -> str:
    return event["data"]["opportunity"]["LifeCycle"]["NextSteps"]


def is_listening(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urllib.parse.urlsplit(url).port)) == 0


class KeepRunning(unittest.TestCase):
    def test_the_printed_commands_work_the_crm_gets_the_events_and_ctrl_c_stops_everything(self):
        heard = queue.Queue()
        crm = self.enterContext(launch.Crm(react=heard.put))
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        program = self.enterContext(launch.running(command(crm.url), **options))
        printed = ""
        while "Ctrl-C" not in printed:
            line = program.stdout.readline()
            self.assertTrue(line, f"it has ended after: {printed}")
            printed += line

        def hear() -> dict:
            return heard.get(timeout=launch.PATIENCE_SECONDS)

        pasted, sweep = PASTED.search(printed)[0], SWEEP.search(printed)[0]
        answer = run(pasted)
        self.assertEqual((answer["identifier"], answer["outcome"]), ("O7654321", "updated"))
        self.assertEqual(next_steps(hear()), "Sign on Monday")

        # With a memory, a sweep hands on nothing that was handed on before.
        self.assertEqual(run(sweep)["handedOn"], 0)
        control = re.search(r"^Partner Central +(\S+)$", printed, re.MULTILINE)[1] + "/_control/"
        send("POST", control + "event-faults", {"fault": "lost"})
        edit = {"LifeCycle": {"ReviewStatus": "In review", "NextSteps": "Nobody hears of it"}}
        send("PATCH", control + "opportunities/O7654321", edit)
        self.assertEqual(run(sweep)["handedOn"], 1)
        self.assertEqual(next_steps(hear()), "Nobody hears of it")

        # A patch that the review closes waits, and arrives when the review is over.
        waits = pasted.replace("Sign on Monday", "Signed").replace(
            "  -H", "  -H 'prefer: respond-async' -H", 1
        )
        self.assertEqual(run(waits)["outcome"], "parked")
        send("POST", control + "opportunities/O7654321/review", {"step": "approve"})
        self.assertEqual(next_steps(hear()), "Nobody hears of it")
        self.assertEqual(hear()["type"], "opportunity-bridge.patch.applied")
        echo = hear()
        self.assertEqual((next_steps(echo), echo["data"]["origin"]["actor"]), ("Signed", "bridge"))

        urls = [url for url in re.findall(r"http://127\S+", printed) if url != crm.url]
        self.assertTrue(all(map(is_listening, urls)))
        # A second Ctrl-C changes nothing.
        for _ in range(2):
            program.send_signal(signal.SIGINT)
        self.assertIn("is stopped", program.stdout.read())
        self.assertEqual(program.wait(), 0)
        self.assertFalse(any(map(is_listening, urls)))

    def test_a_crm_that_events_cannot_be_sent_to_is_refused(self):
        refused = subprocess.run(command("crm.example"), cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("crm.example", refused.stderr)
        self.assertIn("the emulator has ended with status 2", refused.stderr)
