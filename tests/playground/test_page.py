"""What one sees on the playground's page is what happens: in Partner Central, on the bridge, in the CRM."""

import json
import subprocess

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.playground.browser import OPPORTUNITY, InABrowser
from tools import local
from tools.render_openapi import OPENAPI

expect.set_options(timeout=local.PATIENCE_SECONDS * 1000)


def card(page: Page, outcome: str) -> Locator:
    """The newest card of the timeline with an outcome."""
    pill = page.locator(".pill", has_text=outcome)
    return page.locator("#timeline > li", has=pill).first


class ThePage(InABrowser):
    def save_deal(self, label: str, value: str) -> None:
        field = self.page.locator("#deal-form").get_by_label(label)
        if field.evaluate("it => it.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
        self.page.get_by_role("button", name="Save the deal").click()

    def save_as_seller(self, label: str, value: str) -> None:
        field = self.page.locator("#seller-form").get_by_label(label, exact=True)
        if field.evaluate("it => it.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
        self.page.get_by_role("button", name="Save as AWS’s seller").click()

    def writes(self) -> list[dict]:
        return self.running.control("GET", "writes")

    def test_an_edit_by_awss_seller_appears_in_the_crm(self) -> None:
        self.save_as_seller("Stage", "Committed")
        deal = self.page.locator("#deal-form")
        expect(deal.get_by_label("Deal stage")).to_have_value("Contract sent")
        told = card(self.page, "applied")
        expect(told.get_by_label("Changes")).to_contain_text("/LifeCycle/Stage")
        expect(self.page.locator("#inbox")).to_contain_text("applied")
        expect(self.page.locator("#guide li").nth(0)).to_have_class("done")

    def test_an_edit_of_the_deal_arrives_in_partner_central(self) -> None:
        before = self.opportunity()
        self.save_deal("Next step", "Sign on Monday")
        expect(self.page.locator("#seller-form").get_by_label("NextSteps")).to_have_value("Sign on Monday")
        written = card(self.page, "updated")
        expect(written.get_by_label("Changes")).to_contain_text("Sign on Monday")
        expect(written).to_contain_text("1 read, 1 write")
        expect(written).to_contain_text("none lost")
        expect(card(self.page, "echo")).to_contain_text("nothing is left to change")
        after = self.opportunity()
        before["LifeCycle"]["NextSteps"] = "Sign on Monday"
        before["LastModifiedDate"] = after["LastModifiedDate"]
        self.assertEqual(after, before)
        (write,) = self.writes()
        self.assertGreater(len(write["body"]), 10, "the whole opportunity is sent")

    def test_the_body_sent_is_shown_against_the_body_read(self) -> None:
        self.save_deal("Next step", "Seen in the difference")
        written = card(self.page, "updated")
        written.get_by_text("The body sent against the body read").click()
        added = written.locator(".diff .plus")
        expect(added).to_have_count(1)
        expect(added).to_contain_text('"NextSteps": "Seen in the difference"')
        expect(written.locator(".diff .minus")).to_have_count(1)
        self.assertIn("diff", self.page.url)

    def test_a_locked_field_explains_itself(self) -> None:
        before = self.opportunity()
        self.save_deal("Deal name", "Another name")
        finding = "cannot be changed while the review status is `Approved`"
        field = self.page.locator("#deal-form .field", has=self.page.get_by_label("Deal name"))
        expect(field).to_contain_text(finding)
        expect(field.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")
        refused = card(self.page, "409 opportunity locked")
        expect(refused.get_by_label("Findings")).to_contain_text("/Project/Title · locked")
        expect(refused).to_contain_text("1 read, 0 writes")
        self.assertEqual((self.writes(), self.opportunity()), ([], before))
        self.page.get_by_role("button", name="Undo").click()
        expect(field).not_to_contain_text(finding)

    def test_a_lost_answer_ends_as_one_write(self) -> None:
        self.page.get_by_role("button", name="Lose its answer").click()
        expect(self.page.locator("#waiting-faults")).to_contain_text("write: lose its answer")
        self.save_deal("Next step", "Written once")
        written = card(self.page, "updated")
        expect(written.get_by_label("Steps")).to_contain_text("write: not answered")
        expect(written).to_contain_text("did not write it twice")
        expect(self.page.locator("#guide li").nth(2)).to_have_class("done")
        expect(self.page.locator("#waiting-faults")).to_contain_text("Nothing is armed")
        self.assertEqual(self.opportunity()["LifeCycle"]["NextSteps"], "Written once")
        landed = [it for it in self.writes() if it["outcome"] in ("done", "not answered")]
        self.assertEqual(len(landed), 1)

    def test_a_conflict_keeps_both_edits(self) -> None:
        self.page.get_by_role("button", name="Let a seller write first").click()
        self.save_deal("Next step", "The CRM’s edit")
        written = card(self.page, "updated")
        expect(written).to_contain_text("both edits are kept")
        expect(written.get_by_label("Steps")).to_contain_text("ConflictException")
        now = self.opportunity()
        self.assertEqual(now["LifeCycle"]["NextSteps"], "The CRM’s edit")
        self.assertEqual(now["Project"]["AdditionalComments"], "A seller of AWS was here first")

    def test_a_duplicate_is_dropped_by_the_rule(self) -> None:
        self.page.get_by_role("button", name="Send it twice").click()
        self.save_as_seller("NextSteps", "Told twice")
        dropped = card(self.page, "duplicate")
        expect(dropped).to_contain_text("its id is that of the last event applied")
        expect(self.page.locator("#inbox")).to_contain_text("its id is that of the last event applied")
        expect(self.page.locator("#deal-form").get_by_label("Next step")).to_have_value("Told twice")

    def test_a_late_event_is_dropped_by_the_rule(self) -> None:
        self.save_as_seller("NextSteps", "First")
        expect(self.page.locator("#deal-form").get_by_label("Next step")).to_have_value("First")
        first = self.running.control("GET", "deliveries")[-1]["answer"]
        self.save_as_seller("NextSteps", "Second")
        expect(self.page.locator("#deal-form").get_by_label("Next step")).to_have_value("Second")
        status, _, _ = local.send("POST", f"{self.running.emulator}/_crm", {}, json.dumps(first))
        self.assertEqual(status, 204)
        expect(card(self.page, "late")).to_contain_text("not greater than the greatest seen")
        expect(self.page.locator("#deal-form").get_by_label("Next step")).to_have_value("Second")

    def test_a_lost_event_is_shown_and_the_next_one_brings_the_change(self) -> None:
        self.page.get_by_role("button", name="Lose it", exact=True).click()
        self.save_as_seller("NextSteps", "Nobody hears of it")
        expect(card(self.page, "lost")).to_contain_text("The next event brings it")
        next_step = self.page.locator("#deal-form").get_by_label("Next step")
        expect(next_step).not_to_have_value("Nobody hears of it")
        self.save_as_seller("TargetCloseDate", "2031-05-06")
        expect(next_step).to_have_value("Nobody hears of it")

    def test_a_crm_that_answers_every_event_comes_to_rest(self) -> None:
        self.page.get_by_label("Answer every event with the whole deal").check()
        self.save_as_seller("NextSteps", "Answered by the CRM")
        expect(card(self.page, "unchanged")).to_contain_text("no event, no loop")
        self.assertEqual(self.writes(), [])

    def test_a_review_closes_and_opens_fields(self) -> None:
        self.page.get_by_role("button", name="Linden Grocers").click()
        buttons = self.page.get_by_role("group", name="AWS’s review")
        for step in ("Submitted", "In review", "Sent back", "Submitted", "Approved"):
            buttons.get_by_role("button", name=step, exact=True).click()
            status = "Action Required" if step == "Sent back" else step
            expect(buttons.locator(".pill")).to_have_text(status)
        expect(buttons.get_by_role("button", name="Approved")).to_be_disabled()
        expect(self.page.locator("#deal-form .facts")).to_contain_text("Approved")

    def test_an_unsigned_patch_is_not_let_in_and_asks_nothing_of_aws(self) -> None:
        self.page.get_by_text("Send a patch of your own").click()
        self.page.get_by_label("Do not sign it").check()
        self.page.get_by_role("button", name="Send", exact=True).click()
        refused = card(self.page, "401 unauthorized")
        expect(refused).to_contain_text("0 reads, 0 writes")
        asked = {it["operation"] for it in self.running.control("GET", "requests")}
        self.assertLessEqual(asked, {"GetSecretValue"})

    def test_a_patch_of_ones_own_tells_its_findings_at_the_place(self) -> None:
        self.page.get_by_text("Send a patch of your own").click()
        self.page.get_by_role("button", name="A misspelt field").click()
        self.page.get_by_role("button", name="Sign and send").click()
        findings = card(self.page, "422 invalid patch").get_by_label("Findings")
        expect(findings).to_contain_text("/LifeCycle/Stge")
        expect(findings).to_contain_text("Stage")
        self.page.get_by_role("button", name="Test, then replace").click()
        self.page.get_by_label("Dry run").check()
        self.page.get_by_role("button", name="Sign and send a dry run").click()
        told = card(self.page, "dry run").get_by_label("Changes")
        expect(told).to_contain_text("Only while it is approved")
        self.assertEqual(self.writes(), [])

    def test_the_curl_command_does_the_same(self) -> None:
        self.page.get_by_text("Send a patch of your own").click()
        patch = {"LifeCycle": {"NextSteps": "Sent from a 'terminal', isn’t it"}}
        self.page.get_by_label("What should change").fill(json.dumps(patch, ensure_ascii=False))
        self.page.get_by_text("The same with curl").click()
        command = self.page.locator("#curl").text_content()
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=local.PATIENCE_SECONDS
        )
        self.assertEqual(json.loads(done.stdout)["outcome"], "updated", done.stdout + done.stderr)
        self.assertEqual(self.opportunity()["LifeCycle"]["NextSteps"], patch["LifeCycle"]["NextSteps"])

    def test_a_reload_loses_nothing(self) -> None:
        self.save_deal("Next step", "Before the reload")
        written = card(self.page, "updated")
        expect(card(self.page, "echo")).to_be_visible()
        written.get_by_text("Request and answer").click()
        self.page.locator("#deal-form").get_by_label("Company").fill("Half typed")
        self.page.locator("#seller-form").get_by_label("Title").fill("Half typed, too")
        shown = self.page.locator("#timeline").inner_text()
        self.page.reload()
        expect(self.page.locator("#deal-form").get_by_label("Company")).to_have_value("Half typed")
        expect(self.page.locator("#seller-form").get_by_label("Title")).to_have_value("Half typed, too")
        expect(self.page.locator("#deal-form").get_by_label("Next step")).to_have_value("Before the reload")
        expect(card(self.page, "echo")).to_be_visible()
        self.assertEqual(self.page.locator("#timeline").inner_text(), shown)
        # The same link shows the same to somebody else.
        other = self.open("#" + self.page.url.split("#")[1])
        expect(card(other, "echo")).to_be_visible()
        self.assertEqual(other.locator("#timeline").inner_text(), shown)

    def test_the_three_hints_show_themselves(self) -> None:
        hints = self.page.locator("#guide li")
        for position in range(3):
            expect(hints.nth(position)).not_to_have_class("done")
            hints.nth(position).get_by_role("button").click()
            expect(hints.nth(position)).to_have_class("done")

    def test_a_keyboard_is_enough(self) -> None:
        page = self.page
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the bridge")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#bridge")).to_be_focused()
        page.reload()
        expect(page.locator("#connection.live")).to_be_visible()
        # What the keyboard comes by, in its order, each with an outline that can be seen.
        passed = []
        for _ in range(40):
            page.keyboard.press("Tab")
            passed.append(
                page.evaluate("""() => {
                    const it = document.activeElement;
                    const label = it.labels?.[0]?.textContent ?? it.getAttribute('aria-label');
                    const name = label ?? it.textContent;
                    return [name.trim(), getComputedStyle(it).outlineStyle];
                }""")
            )
        names = [name for name, _ in passed]
        for name in ("API reference", "Show me: The CRM changes something", "NextSteps", "Lose its answer"):
            self.assertIn(name, names)
        # A date is several stops, of which the last, its calendar, has an outline inside of the field.
        seen = {name for name, outline in passed if outline != "none"}
        self.assertEqual(set(names) - seen, set())
        page.get_by_role("button", name="Show me: AWS’s seller changes something").focus()
        page.keyboard.press("Enter")
        expect(card(page, "applied")).to_be_visible()

    def test_axe_finds_nothing_in_light_and_dark_wide_and_narrow(self) -> None:
        self.save_deal("Deal name", "Refused")
        expect(card(self.page, "409")).to_be_visible()
        self.page.get_by_role("button", name="Undo").click()
        self.page.get_by_role("button", name="Lose it", exact=True).click()
        self.save_as_seller("NextSteps", "Lost")
        expect(card(self.page, "lost")).to_be_visible()
        self.page.get_by_role("button", name="Send it twice").click()
        self.save_deal("Next step", "For axe")
        written = card(self.page, "updated")
        expect(card(self.page, "duplicate")).to_be_visible()
        for summary in ("The body sent against the body read", "Request and answer"):
            written.get_by_text(summary).click()
        self.page.get_by_role("button", name="Throttle it").click()
        self.page.get_by_text("Send a patch of your own").click()
        self.page.get_by_text("The same with curl").click()
        fragment = "#" + self.page.url.split("#")[1]
        for scheme in ("light", "dark"):
            for width in (1280, 768):
                with self.subTest(scheme=scheme, width=width):
                    page = self.open(
                        fragment,
                        color_scheme=scheme,
                        reduced_motion="reduce",
                        viewport={"width": width, "height": 900},
                    )
                    expect(card(page, "duplicate")).to_be_visible()
                    self.assert_accessible(page)
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    self.assertLessEqual(wide, width, "nothing sticks out")

    def test_axe_finds_nothing_in_the_api_reference(self) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("link", name="API reference").click()
        expect(self.page.get_by_role("heading", name="Opportunity Bridge")).to_be_visible()
        for path in json.loads(OPENAPI.read_text())["paths"]:
            expect(self.page.locator(".operation code", has_text=path).first).to_be_visible()
        self.assert_accessible(self.page)

    def assert_accessible(self, page: Page) -> None:
        found = Axe().run(page).response["violations"]
        told = [(it["id"], it["impact"], [node["html"][:160] for node in it["nodes"][:3]]) for it in found]
        self.assertEqual(told, [])

    def test_a_page_of_another_origin_is_refused(self) -> None:
        for path in ("_control/settings", "_bridge/opportunities", "_crm"):
            origin = {"origin": "http://elsewhere.example"}
            status, _, _ = local.send("POST", f"{self.running.emulator}/{path}", origin, "{}")
            self.assertEqual(status, 403, path)

    def test_every_opportunity_can_be_chosen(self) -> None:
        for button in self.page.locator("#opportunities button").all():
            button.click()
            name = button.locator(".name").inner_text()
            expect(self.page.locator("#opportunity h3")).to_have_text(name)
            expect(self.page.locator("#deal-form").get_by_label("Company")).to_have_value(name)
        self.assertIn("opportunity=", self.page.url)
        self.assertNotEqual(self.page.url.split("opportunity=")[1][:8], OPPORTUNITY)
