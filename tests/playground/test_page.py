"""The playground's page shows what really happens in Partner Central, on the bridge and in the CRM."""

import json
import subprocess

from playwright.sync_api import expect

from tests.playground.browser import OPPORTUNITY, PATIENCE_SECONDS, InABrowser, card
from tools import launch
from tools.paths import ROOT
from tools.render_openapi import OPENAPI


class ThePage(InABrowser):
    def save_deal(self, label: str, value: str) -> None:
        field = self.page.locator("#deal-form").get_by_label(label)
        if field.evaluate("it => it.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
        self.page.get_by_role("button", name="Save the deal").click()

    def sent_records(self) -> list[dict]:
        """What the page has sent to `POST /crm`, from the stream of what happens."""
        script = """async () => {
            const stream = new EventSource('/_control/events');
            const records = [];
            await new Promise((done) => stream.addEventListener('bridgeRequest', (it) => {
                const { bridgeRequest: sent } = JSON.parse(it.data);
                if (!sent.target.startsWith('/crm')) return;
                records.push([sent.target, sent.body]);
                setTimeout(done, 0);
            }));
            stream.close();
            return records;
        }"""
        return self.page.evaluate(script)

    def test_an_edit_by_awss_seller_appears_in_the_crm(self) -> None:
        stage = self.deal_field("Deal stage")
        own = stage.get_by_role("combobox").input_value()
        self.save_as_seller("Stage", "Committed")
        expect(stage).to_contain_text("AWS’s stage: Committed")
        # AWS's stage has a field of its own: what the sales team has set stays.
        expect(stage.get_by_role("combobox")).to_have_value(own)
        told = card(self.page, "applied")
        expect(told.get_by_label("Changes")).to_contain_text("/LifeCycle/Stage → aws_stage")
        expect(self.page.locator("#inbox")).to_contain_text("applied")
        expect(self.page.locator("#guide li").nth(0)).to_have_class("done")

    def test_an_edit_of_the_deal_arrives_in_partner_central(self) -> None:
        before = self.opportunity()
        self.save_deal("Next step", "Sign on Monday")
        expect(self.page.locator("#seller-form").get_by_label("NextSteps")).to_have_value("Sign on Monday")
        written = card(self.page, "updated")
        changes = written.get_by_label("Changes")
        expect(changes).to_contain_text("hs_next_step → /LifeCycle/NextSteps")
        expect(changes).to_contain_text("Sign on Monday")
        expect(written).to_contain_text("1 read, 1 write")
        expect(written).to_contain_text("none lost")
        expect(card(self.page, "echo")).to_contain_text("nothing in it for the CRM to send")
        record = {"aws_opportunity_id": OPPORTUNITY, "hs_next_step": "Sign on Monday"}
        self.assertEqual(self.sent_records(), [["/crm", record]])
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

    def test_the_deals_own_fields_are_sent_as_hubspot_has_them(self) -> None:
        identifier = "O1000108"
        self.page.get_by_role("button", name="Kestrel Airways").click()
        deal = self.page.locator("#deal-form")
        deal.get_by_label("Deal stage").select_option("closedlost")
        deal.get_by_label("Close date").fill("2030-01-31")
        deal.get_by_label("Amount").fill("240000")
        self.page.get_by_text("More fields").click()
        deal.get_by_label("Closed lost reason").fill("Price")
        self.page.get_by_role("button", name="Save the deal").click()
        written = card(self.page, "updated")
        for names in (
            "changed_dealstage → /LifeCycle/Stage",
            "aws_closed_lost_reason → /LifeCycle/ClosedLostReason",
            "changed_closedate → /LifeCycle/TargetCloseDate",
            "changed_amount → /Project/ExpectedCustomerSpend/0/Amount",
        ):
            expect(written.get_by_label("Changes")).to_contain_text(names)
        ((_, record),) = self.sent_records()
        self.assertEqual(
            record,
            {
                "aws_opportunity_id": identifier,
                "changed_dealstage": "closedlost",
                "aws_closed_lost_reason": "Price",
                "changed_closedate": "1896048000000",
                "changed_amount": "240000",
            },
        )
        now = self.opportunity(identifier)
        self.assertEqual(now["LifeCycle"]["Stage"], "Closed Lost")
        self.assertEqual(now["LifeCycle"]["TargetCloseDate"], "2030-01-31")
        self.assertEqual(now["Project"]["ExpectedCustomerSpend"][0]["Amount"], "20000")
        expect(self.deal_field("Deal stage")).to_contain_text("AWS’s stage: Closed Lost")
        expect(self.deal_field("Amount")).to_contain_text("AWS’s monthly spend: 20000")
        expect(card(self.page, "echo")).to_be_visible()
        self.page.reload()
        expect(deal.get_by_label("Deal stage")).to_have_value("closedlost")
        expect(deal.get_by_label("Close date")).to_have_value("2030-01-31")

    def test_a_locked_field_explains_itself_and_its_edit_waits(self) -> None:
        in_review = "O1000103"
        self.page.get_by_role("button", name="Nordwind Energie").click()
        before = self.opportunity(in_review)
        self.save_deal("Next step", "While AWS looks at it")
        finding = "cannot be changed while the review status is Submitted"
        field = self.deal_field("Next step")
        expect(field).to_contain_text(finding)
        expect(field.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")
        refused = card(self.page, "503 locked for now")
        expect(refused.get_by_label("Findings")).to_contain_text(
            "hs_next_step → /LifeCycle/NextSteps · locked"
        )
        expect(refused).to_contain_text("1 read, 0 writes")
        self.assertEqual((self.writes(), self.opportunity(in_review)), ([], before))
        waits = self.page.locator("#waiting-edit")
        expect(waits).to_contain_text("in 60 minutes")
        self.assert_accessible(self.page)
        self.page.get_by_role("group", name="AWS’s review").get_by_role("button", name="Approved").click()
        expect(self.page.locator("#seller-form")).to_be_visible()
        expect(card(self.page, "applied")).to_be_visible()
        self.page.get_by_role("button", name="Send it again now").click()
        expect(card(self.page, "updated")).to_contain_text("While AWS looks at it")
        expect(waits).to_be_empty()
        expect(field).not_to_contain_text(finding)
        now = self.opportunity(in_review)["LifeCycle"]
        self.assertEqual((now["ReviewStatus"], now["NextSteps"]), ("Approved", "While AWS looks at it"))

    def test_an_edit_is_taken_back(self) -> None:
        field = self.deal_field("Next step")
        was = field.get_by_role("textbox").input_value()
        field.get_by_role("textbox").fill("Half typed")
        self.page.get_by_role("button", name="Undo").click()
        expect(field.get_by_role("textbox")).to_have_value(was)
        expect(self.page.get_by_role("button", name="Save the deal")).to_be_disabled()

    def test_a_field_without_its_companion_is_refused_by_name(self) -> None:
        self.page.get_by_text("More fields").click()
        self.save_deal("Closed lost reason", "Price")
        expect(self.deal_field("Closed lost reason")).to_contain_text("changed_dealstage")
        expect(card(self.page, "422 invalid patch")).to_contain_text("missing-companion")
        self.assertEqual(self.writes(), [])

    def test_a_write_whose_answer_is_lost_is_made_once(self) -> None:
        self.page.get_by_role("button", name="Lose its answer").click()
        expect(self.page.locator("#waiting-faults")).to_contain_text("write: lose its answer")
        self.save_deal("Next step", "Written once")
        written = card(self.page, "updated")
        expect(written.get_by_label("Steps")).to_contain_text("write: not answered")
        expect(written).to_contain_text("did not write it twice")
        expect(self.page.locator("#guide li").nth(2)).to_have_class("done")
        expect(self.page.locator("#waiting-faults")).to_contain_text("Nothing will go wrong")
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
        status, _, _ = launch.send("POST", f"{self.running.emulator}/_crm", {}, json.dumps(first))
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

    def test_a_crm_that_sends_awss_changes_back_comes_to_rest(self) -> None:
        self.page.get_by_label("Send AWS’s changes back").check()
        self.save_as_seller("NextSteps", "Sent back by the CRM")
        expect(card(self.page, "unchanged")).to_contain_text("no event, no loop")
        record = {"aws_opportunity_id": OPPORTUNITY, "hs_next_step": "Sent back by the CRM"}
        self.assertEqual(self.sent_records(), [["/crm", record]])
        self.assertEqual(self.writes(), [])

    def test_a_review_closes_and_opens_fields(self) -> None:
        self.page.get_by_role("button", name="Linden Grocers").click()
        buttons = self.page.get_by_role("group", name="AWS’s review")
        for step in ("Submitted", "In review", "Sent back", "Submitted", "Approved"):
            buttons.get_by_role("button", name=step, exact=True).click()
            status = "Action Required" if step == "Sent back" else step
            expect(buttons.locator(".pill")).to_have_text(status)
        expect(buttons.get_by_role("button", name="Approved")).to_be_disabled()
        self.page.get_by_text("More from AWS").click()
        expect(self.page.locator("#deal .facts")).to_contain_text("Approved")

    def test_an_unsigned_patch_is_refused_without_a_call_to_aws(self) -> None:
        self.page.get_by_text("Send a patch of your own").click()
        self.page.get_by_label("Do not sign it").check()
        self.page.get_by_role("button", name="Send", exact=True).click()
        refused = card(self.page, "401 unauthorized")
        expect(refused).to_contain_text("0 reads, 0 writes")
        asked = {it["operation"] for it in self.running.control("GET", "requests")}
        self.assertLessEqual(asked, {"GetSecretValue"})

    def test_a_patch_of_ones_own_shows_each_finding_at_its_place(self) -> None:
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

    def test_a_patch_written_in_part_names_what_was_skipped_and_why(self) -> None:
        before = self.opportunity()
        self.page.get_by_text("Send a patch of your own").click()
        self.page.get_by_role("button", name="A closed field and an open one").click()
        self.page.get_by_label("Skip locked fields").check()
        self.page.get_by_text("The same with curl").click()
        expect(self.page.locator("#curl")).to_contain_text("-H 'prefer: locked=skip'")
        self.page.get_by_label("Lenient").check()
        expect(self.page.locator("#curl")).to_contain_text("-H 'prefer: handling=lenient, locked=skip'")
        self.page.get_by_label("Lenient").uncheck()
        self.page.get_by_role("button", name="Sign and send").click()
        written = card(self.page, "updated in part")
        expect(written.get_by_label("Changes").get_by_role("listitem")).to_have_count(1)
        expect(written.get_by_label("Changes")).to_contain_text("/LifeCycle/NextSteps")
        skipped = written.get_by_label("Skipped")
        expect(skipped.get_by_role("listitem")).to_have_count(1)
        title = before["Project"]["Title"]
        expect(skipped).to_contain_text("/Project/Title · locked")
        expect(skipped).to_contain_text(f"kept: {title} · wanted: Another title")
        expect(skipped).to_contain_text("cannot be changed while the review status is Approved")
        expect(written).to_contain_text("1 read, 1 write")
        expect(written).to_contain_text("none lost")
        expect(self.page.locator("#score div").first).to_contain_text("of 1 patch written")
        expect(self.page.locator("#score div").first.locator("dd")).to_have_text("1")
        now = self.opportunity()
        self.assertEqual(now["LifeCycle"]["NextSteps"], "Written beside a closed field")
        self.assertEqual(now["Project"]["Title"], title)
        self.assert_accessible(self.page)
        self.page.reload()
        expect(skipped).to_contain_text("/Project/Title · locked")
        expect(self.page.get_by_label("Skip locked fields")).to_be_checked()

    def test_the_curl_command_has_the_same_effect(self) -> None:
        self.page.get_by_text("Send a patch of your own").click()
        patch = {"LifeCycle": {"NextSteps": "Sent from a 'terminal', isn’t it"}}
        self.page.get_by_label("What should change").fill(json.dumps(patch, ensure_ascii=False))
        self.page.get_by_text("The same with curl").click()
        command = self.page.locator("#curl").text_content()
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
        self.assertEqual(json.loads(done.stdout)["outcome"], "updated", done.stdout + done.stderr)
        self.assertEqual(self.opportunity()["LifeCycle"]["NextSteps"], patch["LifeCycle"]["NextSteps"])

    def test_a_record_of_ones_own_goes_in_by_the_crms_names(self) -> None:
        self.page.get_by_text("Send a patch of your own").click()
        text = self.page.get_by_label("What should change")
        self.page.get_by_text("CRM record", exact=True).click()
        example = {"aws_opportunity_id": OPPORTUNITY, "hs_next_step": "Sign on Monday"}
        expect(text).to_have_value(json.dumps(example, indent=2))
        expect(self.page.locator("#patch-target")).to_have_text("POST /crm")
        self.page.get_by_label("Dry run").check()
        expect(self.page.locator("#patch-target")).to_have_text("POST /crm?dry_run=true")
        self.page.get_by_role("button", name="Sign and send a dry run").click()
        told = card(self.page, "dry run").get_by_label("Changes")
        expect(told).to_contain_text("hs_next_step → /LifeCycle/NextSteps")
        self.assertEqual(self.writes(), [])
        self.page.get_by_label("Dry run").uncheck()
        self.page.get_by_role("button", name="A stage that nobody knows").click()
        self.page.get_by_role("button", name="Sign and send").click()
        findings = card(self.page, "422 invalid patch").get_by_label("Findings")
        expect(findings).to_contain_text("changed_dealstage → /LifeCycle/Stage · unmapped-value")
        self.assertEqual(self.writes(), [])
        text.fill(json.dumps(example | {"hs_next_step": "Sent from a terminal"}))
        self.page.get_by_text("The same with curl").click()
        command = self.page.locator("#curl").text_content()
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
        self.assertEqual(json.loads(done.stdout)["outcome"], "updated", done.stdout + done.stderr)
        expect(self.deal_field("Next step").get_by_role("textbox")).to_have_value("Sent from a terminal")

    def test_what_was_typed_stays_when_another_form_is_chosen(self) -> None:
        self.page.get_by_text("Send a patch of your own").click()
        text = self.page.get_by_label("What should change")
        text.fill('{"LifeCycle": {}}')
        self.page.get_by_text("JSON Patch", exact=True).click()
        expect(text).to_have_value('{"LifeCycle": {}}')

    def test_a_reload_loses_nothing(self) -> None:
        self.save_deal("Next step", "Before the reload")
        written = card(self.page, "updated")
        expect(card(self.page, "echo")).to_be_visible()
        written.get_by_text("Request and answer").click()
        self.page.get_by_text("The mapping", exact=True).click()
        self.page.locator("#deal-form").get_by_label("Amount").fill("Half typed")
        self.page.locator("#seller-form").get_by_label("Title").fill("Half typed, too")
        shown = self.page.locator("#timeline").inner_text()
        self.page.reload()
        expect(self.page.locator("#deal-form").get_by_label("Amount")).to_have_value("Half typed")
        expect(self.page.locator("#seller-form").get_by_label("Title")).to_have_value("Half typed, too")
        expect(self.page.locator("#deal-form").get_by_label("Next step")).to_have_value("Before the reload")
        expect(card(self.page, "echo")).to_be_visible()
        self.assertEqual(self.page.locator("#timeline").inner_text(), shown)
        # The same link shows the same to somebody else.
        other = self.open("#" + self.page.url.split("#")[1])
        expect(card(other, "echo")).to_be_visible()
        self.assertEqual(other.locator("#timeline").inner_text(), shown)
        expect(other.get_by_text("/Project/CustomerUseCase").first).to_be_visible()
        expect(other.locator("#deal-form").get_by_label("Amount")).to_have_value("Half typed")

    def test_nothing_is_asked_while_nothing_happens(self) -> None:
        self.save_deal("Next step", "Then nothing")
        expect(card(self.page, "echo")).to_be_visible()
        self.page.wait_for_load_state("networkidle")
        asked = []
        self.page.on("request", lambda request: asked.append(request.url))
        self.page.wait_for_timeout(3000)
        self.assertEqual(asked, [])

    def test_the_three_hints_can_be_started(self) -> None:
        hints = self.page.locator("#guide li")
        for position in range(3):
            expect(hints.nth(position)).not_to_have_class("done")
            hints.nth(position).get_by_role("button").click()
            expect(hints.nth(position)).to_have_class("done")

    def test_who_saves_at_the_end_of_a_column_sees_what_comes_of_it(self) -> None:
        self.save_as_seller("NextSteps", "Saved far below")
        told = card(self.page, "applied")
        expect(told).to_contain_text("after an edit in Partner Central")
        for place in (
            self.page.get_by_role("button", name="Save as AWS’s seller"),
            told.get_by_label("Changes"),
            self.page.locator("#deal-form").get_by_label("Next step"),
        ):
            expect(place).to_be_in_viewport()

    def test_on_a_narrow_page_the_bridge_stays_in_sight(self) -> None:
        page = self.open(viewport={"width": 768, "height": 900})
        page.locator("#deal-form").get_by_label("Next step").fill("Saved far below, and narrow")
        button = page.get_by_role("button", name="Save the deal")
        button.click()
        written = card(page, "updated")
        expect(written).to_contain_text("Saved far below, and narrow")
        for place in (button, written.get_by_label("Changes")):
            expect(place).to_be_in_viewport()

    def test_a_keyboard_is_enough(self) -> None:
        page = self.page
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the bridge")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#bridge")).to_be_focused()
        page.reload()
        expect(page.locator("#connection.live")).to_be_visible()
        # Each stop of the keyboard, in order, has a visible outline.
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
        # A date field has several stops; the outline of the last one, its calendar, is inside the
        # field.
        seen = {name for name, outline in passed if outline != "none"}
        self.assertEqual(set(names) - seen, set())
        page.get_by_role("button", name="Show me: AWS’s seller changes something").focus()
        page.keyboard.press("Enter")
        expect(card(page, "applied")).to_be_visible()

    def test_axe_finds_nothing_in_light_and_dark_wide_and_narrow(self) -> None:
        self.page.get_by_text("Send a patch of your own").click()
        self.page.get_by_role("button", name="A field that the review closes").click()
        self.page.get_by_role("button", name="Sign and send").click()
        expect(card(self.page, "409 opportunity locked")).to_contain_text("/Project/Title · locked")
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
        self.page.get_by_text("The same with curl").click()
        self.page.get_by_text("More fields").click()
        self.save_deal("Closed lost reason", "Without the stage")
        expect(card(self.page, "422")).to_be_visible()
        self.park({"LifeCycle": {"NextSteps": "For axe, after the review"}})
        expect(self.page.locator("#parked")).to_contain_text("waits")
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
                    page.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
                    expect(page.locator("#deal-form .field.wrong")).to_be_visible()
                    expect(page.locator("#parked")).to_contain_text("waits")
                    self.assert_accessible(page)
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    self.assertLessEqual(wide, width, "nothing sticks out")
        withdraw = self.page.locator("#parked").get_by_role("button", name="Withdraw")
        withdraw.click()
        expect(withdraw).to_have_count(0)

    def test_axe_finds_nothing_in_the_api_reference(self) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("link", name="API reference").click()
        expect(self.page.get_by_role("heading", name="Opportunity Bridge")).to_be_visible()
        for path in json.loads(OPENAPI.read_text())["paths"]:
            expect(self.page.locator(".operation code", has_text=path).first).to_be_visible()
        self.assert_accessible(self.page)

    def test_a_page_of_another_origin_is_refused(self) -> None:
        for path in ("_control/settings", "_bridge/opportunities", "_crm"):
            origin = {"origin": "http://elsewhere.example"}
            status, _, _ = launch.send("POST", f"{self.running.emulator}/{path}", origin, "{}")
            self.assertEqual(status, 403, path)

    def test_every_opportunity_can_be_chosen(self) -> None:
        self.page.get_by_text("More from AWS").click()
        for button in self.page.locator("#opportunities button").all():
            button.click()
            name = button.locator(".name").inner_text()
            expect(self.page.locator("#opportunity h3")).to_have_text(name)
            expect(self.page.locator("#deal .facts")).to_contain_text(name)
        self.assertIn("opportunity=", self.page.url)
        self.assertNotEqual(self.page.url.split("opportunity=")[1][:8], OPPORTUNITY)


class WithAnotherMapping(InABrowser):
    """The deal is what the mapping makes of it: with Salesforce's it has Salesforce's names."""

    mapping = ROOT / "mappings/salesforce.json"

    def test_the_deal_has_the_names_of_the_mapping_and_is_heard_by_them(self) -> None:
        deal = self.page.locator("#deal-form")
        expect(deal.get_by_label("Stage name")).to_have_value("Qualification")
        deal.get_by_label("Next step").fill("Sign on Monday")
        deal.get_by_label("Close date").fill("2030-01-31")
        self.page.get_by_role("button", name="Save the deal").click()
        changes = card(self.page, "updated").get_by_label("Changes")
        expect(changes).to_contain_text("NextStep → /LifeCycle/NextSteps")
        expect(changes).to_contain_text("Changed_CloseDate → /LifeCycle/TargetCloseDate")
        expect(card(self.page, "echo").get_by_label("Changes")).to_contain_text("AWS_Close_Date__c")
        expect(deal).to_contain_text("AWS’s close date: 2030-01-31")
        self.assertEqual(self.opportunity()["LifeCycle"]["TargetCloseDate"], "2030-01-31")

    def test_a_lock_is_final_where_the_mapping_says_so(self) -> None:
        self.page.get_by_role("button", name="Nordwind Energie").click()
        self.page.locator("#deal-form").get_by_label("Next step").fill("While AWS looks at it")
        self.page.get_by_role("button", name="Save the deal").click()
        refused = card(self.page, "409 opportunity locked")
        expect(refused).to_contain_text("NextStep → /LifeCycle/NextSteps · locked")
        expect(self.page.locator("#waiting-edit")).to_be_empty()
