"""The commands in the documents that need no AWS, run as they stand there."""

import json
import os
import shutil
import subprocess
import sys
import unittest
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks import Webhook

from tests.tools import documents
from tools import launch
from tools.paths import ROOT

TOKEN = "a-token-of-some-length"
SECRET = "whsec_" + b64encode(bytes(range(24))).decode()
# What runs the others, and how that file says so.
RUN_ELSEWHERE = {
    "make demo": (".ci/run", "make demo"),
    "make test": (".ci/run", "make test"),
    "make local": ("tests/tools/test_local.py", "tools.local"),
    "make playground": ("tests/playground/browser.py", "from tools.playground import"),
}
# The blocks of the tests below, by their document and how they begin.
RUN_HERE = {
    ("README.md", "$ curl"),
    ("README.md", "body="),
    ("README.md", "signature = "),
    ("docs/crm.md", "$ make mapping"),
    ("examples/README.md", "python receiver.py"),
    ("tests/emulator/README.md", "cargo run"),
}


def block(document: str, beginning: str) -> documents.Block:
    """The one block of a document that begins so."""
    assert (document, beginning) in RUN_HERE
    (found,) = [it for it in documents.blocks(document) if it.text.startswith(beginning)]
    return found


def run(script: str, **variables: str) -> str:
    """What a script prints; the Python of this test is the `python` of it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path} | variables
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


class EveryCommand(unittest.TestCase):
    def test_is_run_by_a_test_or_needs_aws(self):
        for name in documents.names():
            for it in documents.blocks(name):
                commands = [command for command in it.commands() if not documents.needs_aws(command)]
                is_known = documents.is_about_aws(name) or any(
                    name == document and it.text.startswith(beginning) for document, beginning in RUN_HERE
                )
                for command in [] if is_known else commands:
                    with self.subTest(document=name):
                        self.assertIn(command.partition("#")[0].strip(), RUN_ELSEWHERE)

    def test_that_is_run_elsewhere_is_run_there(self):
        for command, (file, says) in RUN_ELSEWHERE.items():
            with self.subTest(command):
                self.assertIn(says, documents.text(file))

    def test_in_python_is_run_here_too(self):
        blocks = [it for name in documents.names() for it in documents.blocks(name)]
        python = [(it.document, it.text) for it in blocks if it.language == "python"]
        self.assertTrue(python)
        for name, text in python:
            self.assertTrue(any(name == it and text.startswith(start) for it, start in RUN_HERE), text)


class TheReadme(unittest.TestCase):
    def start(self, **settings: str) -> str:
        """The URL of a bridge, as the documents have it: with its slash."""
        partner_central = self.enterContext(launch.emulator())
        return self.enterContext(launch.answering(launch.settings(partner_central, **settings))) + "/"

    def test_shows_the_answer_that_its_first_request_gets(self):
        url = self.start(WEBHOOK_AUTH="bearer", WEBHOOK_SECRETS=TOKEN)
        shown = block("README.md", "$ curl")
        (command,) = shown.commands()
        answer = json.loads(run(command, URL=url, TOKEN=TOKEN))
        expected = json.loads("{\n" + shown.text.split("\n{\n", 1)[1])
        for differs in ("lastModifiedDate", "etag"):
            self.assertEqual(type(answer.pop(differs)), type(expected.pop(differs)))
        self.assertEqual(answer, expected)

    def test_signs_a_request_that_is_let_in(self):
        url = self.start(WEBHOOK_AUTH="standard-webhooks", WEBHOOK_SECRETS=SECRET)
        answer = json.loads(run(block("README.md", "body=").text, URL=url, SECRET=SECRET))
        self.assertEqual((answer["identifier"], answer["outcome"]), ("O7654321", "updated"))

        names = {"Webhook": Webhook, "secret": SECRET, "message_id": "msg_1", "now": datetime.now(UTC)}
        names["body"] = '{"Identifier": "O7654321"}'
        exec(block("README.md", "signature = ").text, names)
        headers = {
            "content-type": "application/json",
            "webhook-id": names["message_id"],
            "webhook-timestamp": str(int(names["now"].timestamp())),
            "webhook-signature": names["signature"],
        }
        status, _, _ = launch.send("POST", f"{url}opportunities", headers, names["body"])
        self.assertEqual(status, 200)

    def test_of_the_examples_starts_a_receiver_and_a_sender(self):
        url = self.start(WEBHOOK_AUTH="standard-webhooks", WEBHOOK_SECRETS=SECRET)
        port = launch.free_port()
        text = block("examples/README.md", "python receiver.py").text
        text = text.replace("8080", str(port)).replace("whsec_…", SECRET)
        receiver, others = text.split("\n", 1)
        start = ["sh", "-c", f"cd examples && exec {receiver}"]
        program = self.enterContext(launch.running(start, stdout=subprocess.DEVNULL))
        launch.wait_for(port, program)
        self.assertTrue(run(f"cd examples\n{others}", URL=url).startswith("200 "))


class Tools(unittest.TestCase):
    def test_a_mapping_is_checked_as_the_page_about_crms_says(self):
        (command,) = block("docs/crm.md", "$ make mapping").commands()
        self.assertIn("hs_next_step", run(command))

    def test_the_emulator_answers_the_aws_cli(self):
        port = launch.free_port()
        quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        emulator, *others = (
            block("tests/emulator/README.md", "cargo run").text.replace("8700", str(port)).splitlines()
        )
        program = self.enterContext(launch.running(["sh", "-c", f"exec {emulator}"], **quietly))
        launch.wait_for(port, program)
        if not shutil.which("aws"):
            self.skipTest("the AWS CLI is not installed")
        listed = json.loads(run("\n".join(others)))
        self.assertGreater(len(listed["OpportunitySummaries"]), 10)
