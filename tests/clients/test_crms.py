"""HubSpot and Salesforce exchange edits with Partner Central, each under its own field names: every
edit arrives on the other side once, and the circle comes to rest. No program of the partner's is in
between.
"""

import json
import tempfile
import unittest
from pathlib import Path

from tools import crms, launch
from tools.launch import OPPORTUNITY, partner_central_client, update_body
from tools.paths import ROOT

TOKEN = "a-token-of-the-bridges"
IDENTIFIER = OPPORTUNITY["Identifier"]
# The next steps of the sample opportunity, and so of the CRM's record.
NEXT_STEPS = "Send the sizing of the pilot"
UPDATE = f"UpdateOpportunity {IDENTIFIER} done"

# The workflows of docs/crm.md: one for each group of fields, which sends the fields it watches.
HUBSPOT = [
    crms.Workflow(("hs_next_step",), {"hs_next_step": "hs_next_step"}),
    crms.Workflow(
        ("dealstage",),
        {"changed_dealstage": "dealstage", "aws_closed_lost_reason": "aws_closed_lost_reason"},
    ),
    crms.Workflow(("amount",), {"changed_amount": "amount"}),
]
SALESFORCE = [
    crms.Workflow(("NextStep",), {"NextStep": "NextStep"}),
    crms.Workflow(("StageName",), {"Changed_StageName": "StageName"}),
]
# One workflow that sends the whole deal under its own names, whichever field was edited.
WHOLE_DEAL = [crms.Workflow(("hs_next_step",), {it: it for it in ("dealstage", *crms.HubSpot.TEXTS)})]
STAGE_ALONE = [crms.Workflow(("dealstage",), {"dealstage": "dealstage"})]


def sample(name: str) -> dict:
    """A mapping that ships."""
    return json.loads((ROOT / "mappings" / f"{name}.json").read_text())


def with_shared_stage() -> dict:
    """HubSpot's mapping with only one stage, the deal's own, in both directions."""
    mapping = sample("hubspot")
    (stage,) = (row for row in mapping["fields"] if row["crm"] == "changed_dealstage")
    stage["crm"] = "dealstage"
    del stage["to"]
    return mapping


class Circle(unittest.TestCase):
    def close(
        self, kind: type[crms.Crm], mapping: dict, workflows: list[crms.Workflow], record: dict
    ) -> None:
        """Closes the circle of Partner Central and a CRM."""
        directory = Path(self.enterContext(tempfile.TemporaryDirectory()))
        file = directory / "mapping.json"
        file.write_text(json.dumps(mapping))
        self.log = directory / "emulator.log"
        log = self.enterContext(self.log.open("w"))
        port = launch.free_port()
        self.outcomes = []

        def send(record: dict) -> int:
            headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
            status, _, body = launch.send(
                "POST", f"{launch.function_url(port)}/crm", headers, json.dumps(record)
            )
            answer = json.loads(body)
            self.outcomes.append(answer.get("outcome") or answer["type"].rsplit("/", 1)[1])
            return status

        self.crm = self.enterContext(kind(IDENTIFIER, send, record, workflows))
        path = "*?updateOnly=true" if kind is crms.Salesforce else ""
        deliver = ["--deliver", f"{self.crm.url}{kind.PATH}{path}", "--deliver-method", kind.METHOD]
        deliver += ["--deliver-body", "record", "--deliver-bearer", crms.TOKEN]
        events = ["--on-change", launch.invoke_url(port), "--duplicate-events", *deliver]
        url = self.enterContext(launch.emulator(*events, log=log))
        settings = launch.settings(url, WEBHOOK_AUTH="bearer", WEBHOOK_SECRETS=TOKEN, CRM_MAPPING=str(file))
        self.enterContext(launch.answering(settings, port))
        self.partner_central = partner_central_client(url)

    def close_hubspot(self, workflows=HUBSPOT, mapping=None, **record) -> None:
        mapping = mapping or sample("hubspot")
        deal = {"dealname": "Berths", "dealstage": "qualifiedtobuy", "hs_next_step": NEXT_STEPS}
        self.close(crms.HubSpot, mapping, workflows, deal | record)

    def close_salesforce(self) -> None:
        record = {"Name": "Berths", "StageName": "Qualification", "NextStep": NEXT_STEPS}
        self.close(crms.Salesforce, sample("salesforce"), SALESFORCE, record)

    def seller_edits(self, **life_cycle: str) -> None:
        """Edits the opportunity as AWS's seller, and tries again if somebody else was faster."""
        while True:
            update = update_body(self.partner_central.get_opportunity(**OPPORTUNITY))
            update["LifeCycle"] |= life_cycle
            try:
                self.partner_central.update_opportunity(**update)
                return
            except self.partner_central.exceptions.ConflictException:
                continue

    def opportunity(self) -> dict:
        return self.partner_central.get_opportunity(**OPPORTUNITY)

    def assert_rests_after(self, writes: int) -> None:
        """Checks that this many changes were made, the CRM accepted every event, and nothing is left to
        do.
        """
        changes, events = launch.at_rest(self.log)
        self.assertEqual(changes, [UPDATE] * writes)
        self.assertEqual([event for event in events if not event.endswith(" delivered")], [])
        self.assertEqual((self.crm.refused, self.crm.failed, self.crm.waiting), ([], [], []))


class HubSpot(Circle):
    def test_an_edit_in_partner_central_arrives_once(self):
        self.close_hubspot()
        self.seller_edits(Stage="Committed", NextSteps="Sign on Monday")
        self.assert_rests_after(writes=1)
        found = {name: self.crm.record[name] for name in ("aws_stage", "hs_next_step", "dealstage")}
        expected = {"aws_stage": "Committed", "hs_next_step": "Sign on Monday", "dealstage": "qualifiedtobuy"}
        self.assertEqual(found, expected)
        # The workflow on the next step has sent back what AWS had just sent.
        self.assertEqual(self.outcomes, ["unchanged"])

    def test_a_deals_edit_arrives_once_and_comes_back_in_awss_form(self):
        self.close_hubspot()
        self.crm.edit(dealstage="presentationscheduled", amount="160000")
        self.assert_rests_after(writes=2)
        opportunity = self.opportunity()
        self.assertEqual(opportunity["LifeCycle"]["Stage"], "Technical Validation")
        spend = opportunity["Project"]["ExpectedCustomerSpend"]
        self.assertEqual([it["Amount"] for it in spend], ["13333.33", "90000"])
        self.assertEqual(self.crm.record["aws_stage"], "Technical Validation")
        self.assertEqual(self.crm.record["aws_monthly_spend"], "13333.33")
        self.assertEqual(self.crm.record["amount"], "160000")
        self.assertEqual(self.outcomes, ["updated", "updated"])

    def test_a_cleared_field_is_cleared_on_the_other_side(self):
        self.close_hubspot()
        self.crm.edit(hs_next_step=None)
        self.assert_rests_after(writes=1)
        self.assertIsNone(self.opportunity()["LifeCycle"].get("NextSteps"))
        self.assertIsNone(self.crm.record["hs_next_step"])

    def test_a_whole_deal_does_not_revert_the_stage_that_awss_seller_set(self):
        self.close_hubspot(WHOLE_DEAL)
        self.seller_edits(Stage="Committed")
        self.assert_rests_after(writes=1)
        self.outcomes.clear()
        self.crm.edit(hs_next_step="Call on Friday")
        self.assert_rests_after(writes=2)
        life_cycle = self.opportunity()["LifeCycle"]
        self.assertEqual((life_cycle["Stage"], life_cycle["NextSteps"]), ("Committed", "Call on Friday"))
        self.assertEqual(self.crm.record["dealstage"], "qualifiedtobuy")
        self.assertEqual(self.outcomes, ["updated"])

    def test_an_edit_that_a_review_closes_is_kept_until_the_review_is_over(self):
        self.close_hubspot()
        self.seller_edits(ReviewStatus="Submitted")
        changes, _ = launch.at_rest(self.log)
        self.assertEqual(changes, [UPDATE])
        self.crm.edit(dealstage="contractsent")
        self.assertEqual((self.outcomes, self.crm.failed), (["locked-for-now"], []))
        self.assertEqual(len(self.crm.waiting), 1)
        self.seller_edits(ReviewStatus="Approved")
        launch.at_rest(self.log)
        self.crm.send_again()
        self.assert_rests_after(writes=3)
        self.assertEqual(self.opportunity()["LifeCycle"]["Stage"], "Committed")

    def test_stage_changes_on_both_sides_at_once_end_in_one_state_on_both(self):
        for mapping, workflows, field, codes in [
            (sample("hubspot"), HUBSPOT, "aws_stage", {}),
            (
                with_shared_stage(),
                STAGE_ALONE,
                "dealstage",
                {"Business Validation": "decisionmakerboughtin", "Committed": "contractsent"},
            ),
        ]:
            for first in ("seller", "partner"):
                with self.subTest(f"{field}, {first} first"):
                    self.close_hubspot(workflows, mapping)
                    self.cross(first)
                    launch.at_rest(self.log)
                    self.assertEqual((self.crm.refused, self.crm.failed, self.crm.waiting), ([], [], []))
                    stage = self.opportunity()["LifeCycle"]["Stage"]
                    self.assertEqual(self.crm.record[field], codes.get(stage, stage))
                    # The last edit wins. Only where both sides share one field can the event of the first
                    # edit arrive after the second one, and the CRM then sends the first one back.
                    last = "Committed" if first == "seller" else "Business Validation"
                    other = "Business Validation" if first == "seller" else "Committed"
                    self.assertIn(stage, [last] if field == "aws_stage" else [last, other])
                    self.doCleanups()

    def cross(self, first: str) -> None:
        """Moves the deal to `contractsent`, while AWS's seller moves the opportunity to another stage:
        either while the deal's record is on its way, or just after it was written, while its event is
        on the way.
        """
        send = self.crm.send

        def crossing(record: dict) -> int:
            self.crm.send = send
            if first == "seller":
                self.seller_edits(Stage="Business Validation")
            status = send(record)
            if first == "partner":
                self.seller_edits(Stage="Business Validation")
            return status

        self.crm.send = crossing
        self.crm.edit(dealstage="contractsent")


class Salesforce(Circle):
    def test_an_edit_in_partner_central_arrives_once(self):
        self.close_salesforce()
        self.seller_edits(Stage="Committed", NextSteps="Sign on Monday")
        self.assert_rests_after(writes=1)
        found = {name: self.crm.record[name] for name in ("AWS_Stage__c", "NextStep", "StageName")}
        expected = {"AWS_Stage__c": "Committed", "NextStep": "Sign on Monday", "StageName": "Qualification"}
        self.assertEqual(found, expected)
        self.assertEqual(str(self.crm.record["AWS_Monthly_Spend__c"]), "12500.50")
        self.assertEqual(self.outcomes, ["unchanged"])

    def test_a_records_edit_arrives_once_and_comes_back_in_awss_form(self):
        self.close_salesforce()
        self.crm.edit(StageName="Proposal/Price Quote")
        self.assert_rests_after(writes=1)
        self.assertEqual(self.opportunity()["LifeCycle"]["Stage"], "Business Validation")
        self.assertEqual(self.crm.record["AWS_Stage__c"], "Business Validation")
        self.assertEqual(self.crm.record["StageName"], "Proposal/Price Quote")
        self.assertEqual(self.outcomes, ["updated"])


class TheStandIns(unittest.TestCase):
    """The stand-ins refuse what they exist to refuse."""

    def refusal(self, crm: crms.Crm, method: str, target: str, body: dict) -> str:
        with self.assertRaises(crms.RefusedError) as refused:
            crm.take(method, target, "application/json", body)
        return refused.exception.code

    def test_hubspot_refuses_what_its_api_refuses(self):
        crm = crms.HubSpot(IDENTIFIER, lambda record: 200)
        self.addCleanup(crm.server_close)

        def refusal(properties: dict, **others) -> str:
            item = {"id": IDENTIFIER, "idProperty": crm.ID_FIELD, "properties": properties} | others
            return self.refusal(crm, "POST", crm.PATH, {"inputs": [item]})

        self.assertEqual(refusal({"amount": 7}), "VALIDATION_ERROR")
        self.assertEqual(refusal({}, id=7), "VALIDATION_ERROR")
        self.assertEqual(refusal({}, idProperty="dealname"), "VALIDATION_ERROR")
        self.assertEqual(refusal({}, id="O1"), "VALIDATION_ERROR")
        self.assertEqual(refusal({"nobodys": "x"}), "PROPERTY_DOESNT_EXIST")
        for name, value in [
            ("dealstage", "Qualified"),
            ("amount", "12,5"),
            ("aws_close_date", "2030-01-01"),
            ("aws_close_date", "1893456000123"),
            ("aws_national_security", "No"),
        ]:
            self.assertEqual(refusal({name: value}), "INVALID_PROPERTY_VALUE", name)
        self.assertEqual(self.refusal(crm, "PATCH", crm.PATH, {}), "NOT_FOUND")

    def test_salesforce_refuses_what_its_api_refuses(self):
        crm = crms.Salesforce(IDENTIFIER, lambda record: 200)
        self.addCleanup(crm.server_close)
        target = f"{crm.PATH}{IDENTIFIER}"
        for body, code in [
            ({crm.ID_FIELD: IDENTIFIER}, "INVALID_FIELD"),
            ({"Nobodys__c": "x"}, "INVALID_FIELD"),
            ({"NextStep": "x" * 256}, "STRING_TOO_LONG"),
            ({"NextStep": 7}, "JSON_PARSER_ERROR"),
            ({"AWS_Monthly_Spend__c": "12500.50"}, "JSON_PARSER_ERROR"),
            ({"AWS_Close_Date__c": "soon"}, "JSON_PARSER_ERROR"),
            ({"AWS_Needs__c": "Money"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ]:
            self.assertEqual(self.refusal(crm, "PATCH", target, body), code, body)
        self.assertEqual(self.refusal(crm, "POST", target, {}), "NOT_FOUND")
        self.assertEqual(self.refusal(crm, "PATCH", f"{crm.PATH}O1?updateOnly=true", {}), "NOT_FOUND")


if __name__ == "__main__":
    unittest.main()
