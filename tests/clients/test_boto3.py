"""boto3 and the bridge see the same Partner Central, whoever wrote to it."""

import functools
import json
import operator
import tempfile
import unittest
from datetime import timedelta

from tools import launch
from tools.launch import OPPORTUNITY, partner_central_client, update_body
from tools.paths import ROOT

SAMPLE = json.loads((ROOT / "events/opportunity.json").read_text())


class TheEmulator(unittest.TestCase):
    def setUp(self):
        self.partner_central = partner_central_client(self.enterContext(launch.emulator()))

    def test_gives_an_opportunity(self):
        found = self.partner_central.get_opportunity(**OPPORTUNITY)
        for member in ("Id", "Customer", "Project", "PrimaryNeedsFromAws"):
            self.assertEqual(without_nulls(found[member]), without_nulls(SAMPLE[member]))

    def test_refuses_an_update_of_an_earlier_state(self):
        stale = update_body(self.partner_central.get_opportunity(**OPPORTUNITY))
        stale["LastModifiedDate"] -= timedelta(milliseconds=1)
        with self.assertRaises(self.partner_central.exceptions.ConflictException):
            self.partner_central.update_opportunity(**stale)

    def test_lists_page_by_page(self):
        identifiers = {f"O{number}" for number in range(1, 6)}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as seeds:
            json.dump([SAMPLE | {"Id": identifier} for identifier in identifiers], seeds)
            seeds.flush()
            partner_central = partner_central_client(self.enterContext(launch.emulator("--seed", seeds.name)))
        pages = partner_central.get_paginator("list_opportunities").paginate(
            Catalog="Sandbox", PaginationConfig={"PageSize": 2}
        )
        listed = [[summary["Id"] for summary in page["OpportunitySummaries"]] for page in pages]
        self.assertEqual([len(page) for page in listed], [2, 2, 2])
        self.assertEqual(set(functools.reduce(operator.iadd, listed, [])), identifiers | {"O7654321"})


class TheBridgeAndBoto3(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        url = cls.enterClassContext(launch.emulator())
        cls.partner_central = partner_central_client(url)
        bridge = cls.enterClassContext(launch.answering(launch.settings(url, WEBHOOK_AUTH="none")))
        cls.url = bridge

    def patch(self, patch: dict, **headers: str) -> tuple[int, dict, str]:
        """Status, body and entity tag of the bridge's answer to a merge patch."""
        status, answered, body = launch.patch(self.url, OPPORTUNITY["Identifier"], patch, **headers)
        return status, body, answered["etag"]

    def test_see_what_the_other_wrote_and_nothing_else_changes(self):
        before = self.partner_central.get_opportunity(**OPPORTUNITY)

        patch = {"LifeCycle": {"Stage": "Committed"}, "Project": {"AdditionalComments": "Größe"}}
        status, answer, tag = self.patch(patch)
        self.assertEqual((status, answer["outcome"]), (200, "updated"))
        by_bridge = self.partner_central.get_opportunity(**OPPORTUNITY)
        expected = update_body(before)
        expected["LifeCycle"]["Stage"] = "Committed"
        expected["Project"]["AdditionalComments"] = "Größe"
        expected["LastModifiedDate"] = by_bridge["LastModifiedDate"]
        self.assertEqual(update_body(by_bridge), expected)
        self.assertGreater(by_bridge["LastModifiedDate"], before["LastModifiedDate"])

        expected["LifeCycle"]["NextSteps"] = "Sign"
        self.partner_central.update_opportunity(**expected)
        status, answer, current = self.patch({"LifeCycle": {"Stage": "Launched"}}, if_match=tag)
        self.assertEqual((status, answer["status"]), (412, 412))
        status, answer, _ = self.patch({"LifeCycle": {"Stage": "Launched"}}, if_match=current)
        self.assertEqual((status, answer["outcome"]), (200, "updated"))
        by_both = self.partner_central.get_opportunity(**OPPORTUNITY)["LifeCycle"]
        self.assertEqual((by_both["Stage"], by_both["NextSteps"]), ("Launched", "Sign"))


def without_nulls(value):
    """A document as boto3 returns it: without members that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value
