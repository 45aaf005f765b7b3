"""The circle of a CRM that answers every event with a patch, and Partner Central that sends two events
for every change, comes to rest.
"""

import json
import tempfile
import unittest
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tools import launch
from tools.launch import OPPORTUNITY, partner_central_client, update_body

IDENTIFIER = OPPORTUNITY["Identifier"]
SCOPE = "20260304/us-east-1/partnercentral-selling/aws4_request"
UPDATE = f"UpdateOpportunity {IDENTIFIER} done"


class ACircle(unittest.TestCase):
    def close(self, changes: Callable[[dict], dict]) -> None:
        """Closes the circle with a CRM that answers a CloudEvent with a patch, which `changes` makes
        from the opportunity in it.
        """
        directory = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.log = directory / "emulator.log"
        log = self.enterContext(self.log.open("w"))
        port = launch.free_port()
        self.answers = []

        def react(event: dict) -> None:
            patch = changes(event["data"]["opportunity"])
            _, _, answer = launch.patch(launch.function_url(port), event["subject"], patch)
            self.answers.append(answer)

        self.crm = self.enterContext(launch.Crm(react))
        events = ("--on-change", launch.invoke_url(port), "--duplicate-events", "--deliver", self.crm.url)
        self.url = self.enterContext(launch.emulator(*events, log=log))
        self.enterContext(launch.answering(launch.settings(self.url, WEBHOOK_AUTH="none"), port))
        self.partner_central = partner_central_client(self.url)

    def commit(self) -> dict:
        """Changes the opportunity in Partner Central as somebody else; returns its expected state."""
        update = update_body(self.partner_central.get_opportunity(**OPPORTUNITY))
        update["LifeCycle"]["Stage"] = "Committed"
        update["LastModifiedDate"] = self.partner_central.update_opportunity(**update)["LastModifiedDate"]
        return update

    def assert_seen_whole(self, expected: dict) -> None:
        """Checks that Partner Central has the expected state, and that the CRM last received exactly
        it, nulls included.
        """
        self.assertEqual(update_body(self.partner_central.get_opportunity(**OPPORTUNITY)), expected)
        self.assertEqual(self.crm.received[-1]["data"]["opportunity"], held(self.url))

    def outcomes(self) -> list[str]:
        return [answer["outcome"] for answer in self.answers]

    def assert_all_delivered(self, events: list[str]) -> None:
        """Checks that the CRM received every event, in order, and accepted each."""
        delivered = [f"event {it['eventid']} {it['subject']} delivered" for it in self.crm.received]
        self.assertEqual(delivered, events)
        self.assertEqual(len(set(events)), len(events), "every event has its own id")

    def test_of_echoes_comes_to_rest_after_the_one_real_change(self):
        self.close(launch.writable)
        changed = self.commit()

        changes, events = launch.at_rest(self.log)
        self.assertEqual(changes, [UPDATE])
        self.assert_all_delivered(events)
        self.assertEqual(self.outcomes(), ["unchanged", "unchanged"])
        event, duplicate = self.crm.received
        self.assertEqual(event["id"], duplicate["id"])
        self.assert_seen_whole(changed)

    def test_with_a_change_by_the_crm_comes_to_rest_after_both(self):
        next_steps = {"LifeCycle": {"NextSteps": "Called back, contract sent"}}
        self.close(lambda _: next_steps)
        changed = self.commit()

        changes, events = launch.at_rest(self.log)
        self.assertEqual(changes, [UPDATE, UPDATE])
        self.assert_all_delivered(events)
        self.assertEqual(self.outcomes(), ["updated", "unchanged", "unchanged", "unchanged"])
        ids = [event["id"] for event in self.crm.received]
        # The duplicate of the first event finds that the CRM's own change is already there.
        self.assertEqual([ids.index(it) for it in ids], [0, 1, 1, 1])
        changed["LifeCycle"] |= next_steps["LifeCycle"]
        changed["LastModifiedDate"] = datetime.fromisoformat(self.answers[0]["lastModifiedDate"])
        self.assert_seen_whole(changed)


def held(partner_central: str) -> dict:
    """The opportunity as Partner Central returns it: boto3 drops nulls and converts dates."""
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential=local/{SCOPE}",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "AWSPartnerCentralSelling.GetOpportunity",
    }
    request = urllib.request.Request(partner_central, json.dumps(OPPORTUNITY).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
