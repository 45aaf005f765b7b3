"""What AWS changes in its model is told, and the rules of the bridge are those of the recorded one."""

import copy
import gzip
import json
import re
import tempfile
import unittest
import zipfile
from pathlib import Path

from tests.template.stack import ROOT
from tools import drift

RECORDED = json.loads(drift.FACTS.read_text())
SCHEMA = json.loads((ROOT / "shared/model/schema/opportunity.schema.json").read_text())
# The bridge sets these itself.
OF_THE_BRIDGE = {"/Catalog", "/Identifier", "/LastModifiedDate"}


def rules(schema: dict, pointer: str = "") -> dict[str, dict]:
    """What the bridge's schema says of each place, by its pointer."""
    schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
    found = {pointer: schema} if pointer else {}
    for name, member in schema.get("properties", {}).items():
        found |= rules(member, f"{pointer}/{name}")
    return found | (rules(schema["items"], f"{pointer}/*") if "items" in schema else {})


def lengths(model: dict) -> tuple[int, int | None]:
    """The limits of a text. AWS writes most of them into the pattern."""
    forms = (r"\(\?s\)\.\{(\d+),(\d+)\}", r"\(\?=\.\{(\d+),(\d+)\}\$\).*")
    for form in forms:
        if in_pattern := re.fullmatch(form, model.get("pattern", "")):
            return int(in_pattern[1]), int(in_pattern[2])
    return model.get("min", 0), model.get("max")


class Schema(unittest.TestCase):
    def test_the_schema_of_an_opportunity_has_the_fields_values_and_limits_of_the_recorded_model(self):
        shape = RECORDED["called"]["UpdateOpportunity"]["input"]
        recorded = dict(drift.places(RECORDED["shapes"], shape, ""))
        ours = rules(SCHEMA)
        self.assertEqual(recorded.keys() - OF_THE_BRIDGE, ours.keys())
        for pointer, rule in ours.items():
            model = recorded[pointer]
            with self.subTest(pointer):
                values = [value for value in rule.get("enum", []) if value is not None]
                self.assertCountEqual(values, model.get("values", []))
                if model["type"] == "string":
                    self.assertEqual((rule.get("minLength", 0), rule.get("maxLength")), lengths(model))


class Changes(unittest.TestCase):
    def changed(self, change) -> list[str]:
        new = copy.deepcopy(RECORDED)
        change(new)
        return drift.drift(RECORDED, new)

    def test_nothing_is_told_where_nothing_has_changed(self):
        self.assertEqual(self.changed(lambda new: None), [])

    def test_what_came_is_told_by_operation_and_place(self):
        def change(new):
            project = new["shapes"]["Project"]
            project["members"]["QuantumReadiness"] = project["members"]["Title"]
            new["operations"].append("DreamOpportunity")
            new["shapes"]["Stage"]["values"].append("Dreamt of")

        told = self.changed(change)
        for line in [
            "operation `DreamOpportunity` came",
            "field `UpdateOpportunity request /Project/QuantumReadiness` came",
            "field `GetOpportunity answer /Project/QuantumReadiness` came",
            "UpdateOpportunity request /LifeCycle/Stage: value `Dreamt of` came",
        ]:
            self.assertIn(line, told)

    def test_what_went_and_limits_that_changed_are_told(self):
        def change(new):
            new["operations"].remove("ListOpportunities")
            title = new["shapes"]["Project"]["members"].pop("Title")
            del title
            account = new["shapes"]["Account"]
            account["required"] = ["CompanyName", "Duns"]
            new["shapes"][account["members"]["Duns"]]["pattern"] = "[0-9]{10}"

        told = self.changed(change)
        for line in [
            "operation `ListOpportunities` went",
            "field `UpdateOpportunity request /Project/Title` went",
            "UpdateOpportunity request /Customer/Account/Duns: is required was `False`, is `True`",
            "UpdateOpportunity request /Customer/Account/Duns: pattern was `[0-9]{9}`, is `[0-9]{10}`",
        ]:
            self.assertIn(line, told)


class Models(unittest.TestCase):
    def wheel(self, **files: bytes) -> Path:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        wheel = folder / "botocore-1.99.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return wheel

    def test_the_newest_model_in_a_wheel_is_taken(self):
        data = "botocore/data/partnercentral-selling"
        old, new = {"of": "the past"}, {"of": "today"}
        wheel = self.wheel(
            **{
                f"{data}/2022-07-26/service-2.json": json.dumps(old).encode(),
                f"{data}/2027-01-01/service-2.json.gz": gzip.compress(json.dumps(new).encode()),
                f"{data}/2027-01-01/paginators-1.json": b"{}",
            }
        )
        self.assertEqual(drift.model_in(wheel), new)

    def test_a_wheel_without_one_is_no_answer(self):
        with self.assertRaises(drift.NoModelError):
            drift.model_in(self.wheel(**{"botocore/data/s3/2006-03-01/service-2.json": b"{}"}))

    def test_facts_hold_what_the_called_operations_need_and_nothing_said_about_it(self):
        side = {"input": {"shape": "Empty"}, "output": {"shape": "Out"}}
        model = {
            "operations": {**dict.fromkeys(drift.OPERATIONS, side), "Other": side},
            "shapes": {
                "Empty": {"type": "structure", "members": {}},
                "Out": {
                    "type": "structure",
                    "documentation": "<p>long</p>",
                    "required": ["Names"],
                    "members": {"Names": {"shape": "Names", "documentation": "<p>long</p>"}},
                },
                "Names": {"type": "list", "member": {"shape": "Name"}, "max": 3},
                "Name": {"type": "string", "enum": ["b", "a"], "sensitive": True},
                "Unused": {"type": "string"},
            },
        }
        facts = drift.facts("1.99.0", model)
        self.assertEqual(json.loads(drift.written(facts)), facts)
        self.assertEqual(
            facts["shapes"],
            {
                "Empty": {"type": "structure", "members": {}},
                "Name": {"type": "string", "values": ["a", "b"]},
                "Names": {"type": "list", "items": "Name", "max": 3},
                "Out": {"type": "structure", "members": {"Names": "Names"}, "required": ["Names"]},
            },
        )
        self.assertIn("Other", facts["operations"])

    def test_the_recorded_facts_are_as_they_are_written(self):
        self.assertEqual(drift.FACTS.read_text(), drift.written(RECORDED))
