"""Embeds the opportunity's schema in the OpenAPI document: `make schema`.

Client generators take one file, and make good classes only of schemas that have names. So the document
contains the schema that the bridge validates against, as the schema of a merge patch and in named
parts. A test fails if it is out of date.

- Each object and each list of values becomes a component, named by its path: `CustomerAccount`,
  `LifeCycleStage`. A reference to one that may be null is `anyOf` it and null.
- `required` is removed, except inside arrays: a patch names what it changes, and replaces an array
  whole. What may not be null stays so: a patch cannot remove what AWS requires.
- The two bodies list the members of the opportunity after properties of their own.
"""

import json

from tools.paths import ROOT
from tools.release import version

SCHEMA = ROOT / "shared/model/schema/opportunity.schema.json"
DOCUMENT = ROOT / "functions/patch-opportunity/openapi.json"
BODIES = ("OpportunityPatch", "IdentifiedOpportunityPatch")
MARK = "x-embedded"  # tells the components made here from those written by hand


def embedded(document: dict, schema: dict) -> dict:
    """The document with the schema in it."""
    by_hand = {name: part for name, part in document["components"]["schemas"].items() if MARK not in part}
    parts: dict[str, dict] = {}
    members = {name: place(name, part, parts) for name, part in schema["properties"].items()}
    for name, part in schema["$defs"].items():
        parts[name] = part | {MARK: True}
    for name in BODIES:
        own = {name: field for name, field in by_hand[name]["properties"].items() if name not in members}
        by_hand[name] = by_hand[name] | {"properties": own | members}
    return document | {"components": document["components"] | {"schemas": by_hand | parts}}


def place(path: str, schema: dict, parts: dict, in_array: bool = False) -> dict:
    """The schema that replaces a value's schema; the components are added to `parts`."""
    part = dict(schema)
    if "$ref" in part:
        return part | reference(part["$ref"].removeprefix("#/$defs/"))
    if "items" in part:
        part["items"] = place(f"{path}Item", part["items"], parts, in_array=True)
    if "properties" not in part and "enum" not in part:
        return part
    is_nullable = "null" in part["type"]
    if is_nullable:
        (part["type"],) = (kind for kind in part["type"] if kind != "null")
    if "enum" in part:
        part["enum"] = [value for value in part["enum"] if value is not None]
    if not in_array:
        part.pop("required", None)
    if "properties" in part:
        members = part["properties"].items()
        part["properties"] = {
            name: place(f"{path}{name}", member, parts, in_array) for name, member in members
        }
    parts[path] = part | {MARK: True}
    return {"anyOf": [reference(path), {"type": "null"}]} if is_nullable else reference(path)


def reference(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def read() -> dict:
    """The current document."""
    return json.loads(DOCUMENT.read_text())


def up_to_date() -> str:
    """The document's text as it should be."""
    document = embedded(read(), json.loads(SCHEMA.read_text()))
    document["info"]["version"] = version()
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(up_to_date())
