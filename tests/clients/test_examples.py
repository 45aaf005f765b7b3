"""The example receivers end with the newest state whatever the order of events, and every example runs."""

import base64
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from tests.clients import receiver_model
from tools import launch
from tools.paths import ROOT

EXAMPLES = ROOT / "examples"
COMMANDS = {"py": sys.executable, "mjs": "node"}
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OPPORTUNITY = "O7654321"


def example(name: str):
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


receiver = example("receiver")


class AReceiver(unittest.TestCase):
    """Runs the receivers through every order of the events of a few changes."""

    @classmethod
    def setUpClass(cls):
        cls.scenarios = [
            {
                "name": name,
                "scenario": scenario,
                "documents": [receiver_model.document(state) for state in scenario.states],
                "events": events,
                "orders": orders,
            }
            for name, scenario in receiver_model.SCENARIOS.items()
            for events, orders in [receiver_model.orders(scenario)]
        ]

    def wrong(self, receive, fetched) -> dict[str, int]:
        """How many orders of each scenario do not end in the newest state; scenarios without any are
        left out.
        """
        wrong = {}
        for it in self.scenarios:
            for order in it["orders"]:
                for is_late in (False, True):
                    end = receiver_model.end_state(
                        it["scenario"], it["events"], order, is_late, receive, fetched
                    )
                    if end != it["documents"][-1]:
                        wrong[it["name"]] = wrong.get(it["name"], 0) + 1
        return wrong

    def test_in_python_ends_with_the_newest_state_after_every_order(self):
        self.assertEqual(self.wrong(receiver.receive, receiver.fetched), {})

    def test_in_javascript_ends_with_the_newest_state_after_every_order(self):
        names = ("name", "documents", "events", "orders")
        orders = json.dumps([{name: it[name] for name in names} for it in self.scenarios])
        command = ["node", Path(__file__).with_name("receiver_model.mjs")]
        run = subprocess.run(command, input=orders, capture_output=True, text=True, check=True)
        count = 2 * sum(len(it["orders"]) for it in self.scenarios)
        self.assertEqual(json.loads(run.stdout), {"orders": count, "wrong": []})

    def test_by_another_rule_ends_in_an_older_state(self):
        def by_date(state: dict, event: dict) -> dict:
            """Compares only `LastModifiedDate`."""
            if event["sequence"][:15] < state.get("sequence", "")[:15]:
                return state
            return receiver.receive(state | {"sequence": ""}, event)

        def forgetting(state: dict, event: dict) -> dict:
            """Forgets the sequence of the duplicates that it skips."""
            return state if event["id"] == state.get("id") else receiver.receive(state, event)

        def by_id(state: dict, event: dict) -> dict:
            """Skips an event that it has ever seen, and applies any other."""
            seen = state.get("seen", [])
            if event["id"] in seen:
                return state
            return receiver.receive(state | {"sequence": ""}, event) | {"seen": [*seen, event["id"]]}

        for receive in (by_date, forgetting, by_id):
            self.assertNotEqual(self.wrong(receive, receiver.fetched), {}, receive.__doc__)

        def at_any_time(state: dict, _: dict, name: str, document: object) -> dict:
            """Stores what it has fetched, whatever has happened since."""
            return state | {name: document}

        self.assertNotEqual(self.wrong(receiver.receive, at_any_time), {}, at_any_time.__doc__)

    def test_fetches_what_is_too_large_for_an_event(self):
        problem = {
            "pointer": "/opportunity/LifeCycle/NextStepsHistory",
            "code": "too-large",
            "detail": "left out",
        }
        event = {
            "id": "a",
            "subject": "O1",
            "sequence": "1",
            "data": {"opportunity": {}, "problems": [problem]},
        }
        self.assertEqual(receiver.receive({}, event)["missing"], {"opportunity": "/opportunities/O1"})


class TheExamples(unittest.TestCase):
    """Runs sender and receiver of each language, with the functions in between."""

    def run_with(self, kind: str):
        log = Path(self.enterContext(tempfile.TemporaryDirectory())) / "receiver.log"
        output = self.enterContext(log.open("w"))
        command = [COMMANDS[kind], str(EXAMPLES / f"receiver.{kind}")]
        self.enterContext(launch.running(command, stdout=output, stderr=subprocess.DEVNULL))
        crm = self.lines(log, 1)[0]

        # How a patch ended that had waited for a review, before anything is known of the opportunity.
        ended = {"type": "opportunity-bridge.patch.applied", "id": "p1", "subject": OPPORTUNITY, "data": {}}
        self.assertEqual(launch.send("POST", crm, {}, json.dumps(ended))[0], 204)

        port = launch.free_port()
        events = ("--on-change", launch.invoke_url(port), "--duplicate-events", "--deliver", crm)
        settings = launch.settings(
            self.enterContext(launch.emulator(*events)),
            WEBHOOK_AUTH="standard-webhooks",
            WEBHOOK_SECRETS=SECRET,
        )
        url = self.enterContext(launch.answering(settings, port))

        patch = {"LifeCycle": {"NextSteps": f"Signed by sender.{kind}: Köln 🚢"}}
        self.assertEqual(self.sent(kind, url, patch), (200, "updated"))
        self.assertEqual(self.sent(kind, url, patch), (200, "unchanged"))
        self.assertEqual(
            self.sent(kind, url, patch, secret="whsec_" + base64.b64encode(bytes(32)).decode())[0], 401
        )
        # Two events report the one change.
        self.lines(log, 4)
        self.assertEqual(launch.send("POST", crm, {}, json.dumps(ended | {"id": "p2"}))[0], 204)
        outcomes = ["dropped", "applied", "dropped", "dropped"]
        self.assertEqual(self.lines(log, 5)[1:], [f"{OPPORTUNITY} {it} {{}}" for it in outcomes])

    def sent(self, kind: str, url: str, patch: dict, secret: str = SECRET) -> tuple[int, str | None]:
        """The status and the outcome that a sender prints."""
        command = [COMMANDS[kind], str(EXAMPLES / f"sender.{kind}"), url, OPPORTUNITY, json.dumps(patch)]
        environment = os.environ | {"WEBHOOK_SECRET": secret}
        run = subprocess.run(command, check=False, env=environment, stdout=subprocess.PIPE, text=True)
        status, answer = run.stdout.split(" ", 1)
        self.assertEqual(run.returncode, 0 if int(status) < 300 else 1)
        return int(status), json.loads(answer).get("outcome")

    def lines(self, log: Path, count: int) -> list[str]:
        """The lines of a log, once there are as many as expected."""
        deadline = time.monotonic() + launch.PATIENCE_SECONDS
        while time.monotonic() < deadline:
            lines = log.read_text().splitlines()
            if len(lines) >= count:
                return lines
            time.sleep(0.1)
        raise AssertionError(f"{count} lines expected in {lines}")

    def test_run_in_python(self):
        self.run_with("py")

    def test_run_in_javascript(self):
        self.run_with("mjs")


if __name__ == "__main__":
    unittest.main()
