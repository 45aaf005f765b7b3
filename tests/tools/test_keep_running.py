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

from tools import local

SWEEP = re.compile(r"^curl .*/sweep-opportunities/invocations$", re.MULTILINE)
PASTED = re.compile(r'^URL=.*?^  -d "\$body"$', re.MULTILINE | re.DOTALL)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tools.keep_running", *arguments]


def is_listening(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urllib.parse.urlsplit(url).port)) == 0


class KeepRunning(unittest.TestCase):
    def test_the_printed_commands_work_the_crm_gets_the_events_and_ctrl_c_stops_everything(self):
        heard = queue.Queue()
        crm = self.enterContext(local.Crm(react=heard.put))
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        program = self.enterContext(local.running(command(crm.url), **options))
        printed = ""
        while "Ctrl-C" not in printed:
            line = program.stdout.readline()
            self.assertTrue(line, f"it has ended after: {printed}")
            printed += line

        pasted = PASTED.search(printed)[0]
        done = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        self.assertEqual((answer["identifier"], answer["outcome"]), ("O7654321", "updated"), done.stderr)
        event = heard.get(timeout=local.PATIENCE_SECONDS)
        self.assertEqual(event["data"]["opportunity"]["LifeCycle"]["NextSteps"], "Sign on Monday")

        sweep = SWEEP.search(printed)[0]
        done = subprocess.run(["sh", "-c", sweep], capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(done.stdout)["handedOn"], 1, done.stdout)
        again = heard.get(timeout=local.PATIENCE_SECONDS)
        self.assertEqual(again["id"], event["id"])

        urls = [url for url in re.findall(r"http://127\S+", printed) if url != crm.url]
        self.assertTrue(all(map(is_listening, urls)))
        program.send_signal(signal.SIGINT)
        self.assertIn("is stopped", program.stdout.read())
        self.assertEqual(program.wait(), 0)
        self.assertFalse(any(map(is_listening, urls)))

    def test_a_crm_that_events_cannot_be_sent_to_is_refused(self):
        refused = subprocess.run(command("crm.example"), cwd=local.ROOT, capture_output=True, text=True)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("crm.example", refused.stderr)
        self.assertIn("the emulator has ended with status 2", refused.stderr)
