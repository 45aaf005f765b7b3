"""The page shows the patches that wait for a review, and how they end."""

import os
from unittest.mock import patch

from playwright.sync_api import expect

from tests.playground.browser import OPPORTUNITY, InABrowser, card
from tools import memory


class Parked(InABrowser):
    def test_a_patch_waits_for_the_review_and_arrives(self) -> None:
        parked = self.park({"LifeCycle": {"NextSteps": "After the review"}})
        expect(card(self.page, "parked")).to_contain_text("is carried out when the review is over")
        expect(parked).to_contain_text("when the review was “In review”")
        expect(parked.get_by_label("Changes")).to_contain_text("/LifeCycle/NextSteps")
        expect(parked.get_by_label("Changes")).to_contain_text("After the review")
        self.assertEqual(self.writes(), [])
        self.assert_accessible(self.page)
        self.page.reload()
        expect(
            parked.get_by_role("button", name="Withdraw the change of /LifeCycle/NextSteps")
        ).to_be_visible()

        self.page.get_by_role("button", name="Approved", exact=True).click()
        carried_out = card(self.page, "patch applied")
        expect(carried_out).to_contain_text("Parked patch → Partner Central")
        expect(carried_out.get_by_label("Changes")).to_contain_text("After the review")
        expect(carried_out).to_contain_text("1 read, 1 write")
        expect(carried_out).to_contain_text("none lost")
        expect(carried_out.get_by_label("Steps")).to_contain_text("CRM told")
        echo = card(self.page, "echo")
        expect(echo).to_contain_text("origin: bridge")
        expect(echo.get_by_label("Changes").get_by_role("listitem")).to_have_count(1)
        expect(parked).to_contain_text("patch applied")
        expect(parked.get_by_role("button")).to_have_count(0)
        expect(self.page.locator("#inbox")).to_contain_text("patch applied")
        approved = self.page.locator("#timeline > li", has_text="/LifeCycle/ReviewStatus").first
        expect(approved).to_contain_text("origin: aws")
        expect(self.deal_field("Next step").get_by_role("textbox")).to_have_value("After the review")
        expect(self.page.locator("#score div").first).to_contain_text("of 1 patch written")
        expect(self.page.locator("#score div").first.locator("dd")).to_have_text("1")
        self.assertEqual(len(self.writes()), 1)

    def test_a_patch_that_waits_is_withdrawn(self) -> None:
        before = self.opportunity()["LifeCycle"]["NextSteps"]
        parked = self.park({"LifeCycle": {"NextSteps": "Never to be seen"}})
        parked.get_by_role("button", name="Withdraw").click()
        expect(parked).to_contain_text("None.")
        expect(parked.get_by_role("heading")).to_be_focused()
        expect(card(self.page, "withdrawn")).to_contain_text("waits no more")
        self.approve()
        expect(card(self.page, "applied")).to_be_visible()
        self.page.wait_for_load_state("networkidle")
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.opportunity()["LifeCycle"]["NextSteps"], before)

    def test_a_patch_that_waits_does_not_overwrite_what_a_seller_has_changed(self) -> None:
        parked = self.park({"LifeCycle": {"NextSteps": "The CRM’s, from before"}})
        expect(parked.get_by_role("button", name="Withdraw")).to_be_visible()
        self.save_as_seller("NextSteps", "The seller’s, from after")
        expect(self.page.locator("#seller-form").get_by_label("NextSteps")).to_have_value(
            "The seller’s, from after"
        )
        self.approve()
        overtaken = card(self.page, "patch overtaken")
        expect(overtaken.get_by_label("Findings")).to_contain_text("/LifeCycle/NextSteps · overtaken")
        expect(overtaken).to_contain_text("1 read, 0 writes")
        expect(parked).to_contain_text("overtaken: /LifeCycle/NextSteps")
        expect(self.page.locator("#inbox")).to_contain_text("Their edit stays")
        self.assertEqual(self.opportunity()["LifeCycle"]["NextSteps"], "The seller’s, from after")

    def test_a_patch_of_what_the_end_of_the_review_closes_is_refused(self) -> None:
        title = self.opportunity()["Project"]["Title"]
        parked = self.park({"Project": {"Title": "Wanted during the review"}})
        expect(parked.get_by_role("button", name="Withdraw")).to_be_visible()
        self.approve()
        refused = card(self.page, "patch refused")
        expect(refused).to_contain_text("refused like one that has just come")
        expect(refused.get_by_label("Findings")).to_contain_text("/Project/Title · locked")
        expect(parked).to_contain_text("refused: /Project/Title")
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.opportunity()["Project"]["Title"], title)

    def test_a_patch_that_has_waited_for_a_month_is_not_carried_out(self) -> None:
        before = self.opportunity()["LifeCycle"]["NextSteps"]
        parked = self.park({"LifeCycle": {"NextSteps": "Wanted a month ago"}})
        expect(parked.get_by_role("button", name="Withdraw")).to_be_visible()
        self.let_a_month_pass()
        self.approve()
        expect(card(self.page, "patch expired")).to_contain_text("has waited for 30 days")
        expect(parked).to_contain_text("patch expired")
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.opportunity()["LifeCycle"]["NextSteps"], before)

    def let_a_month_pass(self) -> None:
        """Makes the one that waits 31 days older: its id begins with the time at which it was parked."""
        dynamodb, table = memory.client(self.running.memory.url), memory.TABLE
        items = dynamodb.scan(TableName=table)["Items"]
        (named,) = [it for it in items if it["pk"]["S"].endswith(f"#{OPPORTUNITY}") and "waiting" in it]
        ((at, digest),) = [it.split("-") for it in named["waiting"]["SS"]]
        (waiting,) = [it for it in items if it["sk"]["S"] == f"{OPPORTUNITY}#{digest}"]
        earlier = f"{int(at) - 31 * 24 * 3600 * 1000:013}"
        named["waiting"]["SS"], waiting["at"]["N"] = [f"{earlier}-{digest}"], earlier
        for item in (named, waiting):
            dynamodb.put_item(TableName=table, Item=item)

    def test_a_patch_that_cannot_be_carried_out_now_waits_on(self) -> None:
        parked = self.park({"LifeCycle": {"NextSteps": "At the second event"}})
        expect(parked.get_by_role("button", name="Withdraw")).to_be_visible()
        # As often as the function is tried.
        denied = {"operation": "UpdateOpportunity", "times": 3, "fault": "access-denied"}
        self.running.control("POST", "faults", denied)
        self.approve()
        expect(card(self.page, "patch waits on")).to_contain_text("It could not be carried out: the function")
        expect(parked.get_by_role("button", name="Withdraw")).to_be_visible()
        self.running.control("POST", f"opportunities/{OPPORTUNITY}/announce")
        expect(card(self.page, "patch applied").get_by_label("Changes")).to_contain_text(
            "At the second event"
        )
        expect(parked.get_by_role("button")).to_have_count(0)

    def test_only_a_merge_patch_can_wait(self) -> None:
        self.page.get_by_text("Send a patch of your own").click()
        waits = self.page.get_by_label("Wait for the review")
        waits.check()
        self.page.get_by_text("The same with curl").click()
        expect(self.page.locator("#curl")).to_contain_text("-H 'prefer: respond-async'")
        self.page.get_by_text("JSON Patch", exact=True).click()
        expect(waits).to_be_disabled()
        expect(self.page.locator("#curl")).not_to_contain_text("respond-async")


class WithoutAMemory(InABrowser):
    """Where the bridge remembers nothing, the page offers nothing that needs it."""

    @classmethod
    def setUpClass(cls) -> None:
        with patch.dict(os.environ, MEMORY="off"):
            super().setUpClass()

    def test_no_patch_can_wait_and_the_rest_is_as_it_was(self) -> None:
        expect(self.page.locator("#parked")).to_be_hidden()
        self.page.get_by_text("Send a patch of your own").click()
        expect(self.page.get_by_label("Skip locked fields")).to_be_visible()
        expect(self.page.get_by_label("Wait for the review")).to_have_count(0)
        self.page.locator("#deal-form").get_by_label("Next step").fill("Sign on Monday")
        self.page.get_by_role("button", name="Save the deal").click()
        echo = card(self.page, "echo")
        expect(echo).to_contain_text("after the CRM’s own edit")
        expect(echo).not_to_contain_text("origin")
        expect(echo.get_by_label("Changes")).to_contain_text("/LifeCycle/NextSteps → hs_next_step")
        self.assertEqual(self.running.memory.told, "none: `MEMORY` is `off`")
