"""Embeds the opportunity's schema in the OpenAPI document: `python tests/embed_schema.py`.

Generators of clients take one file whose references stay inside it, so the document carries the
schema that the bridge judges by, as the schema of a patch. A test fails where it is not up to date.

- Each member of the opportunity, and each definition, becomes a component of its own name: the
  classes of a generated client. References follow.
- `required` goes, except inside arrays: a merge patch names what it changes, but replaces an array
  whole. What may not be null stays so: nothing that AWS requires can be removed.
- Each body of `BODIES` lists the members, after properties of its own.
"""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "shared/model/schema/opportunity.schema.json"
DOCUMENT = ROOT / "functions/patch-opportunity/openapi.json"
BODIES = ("OpportunityPatch", "IdentifiedOpportunityPatch")
WIDTH = 100


def embedded(document: dict, schema: dict) -> dict:
    """The document with the schema in it."""
    components = document["components"]["schemas"]
    members = {name: reference(name) for name in schema["properties"]}
    bodies = {name: with_members(components[name], members) for name in BODIES}
    parts = {name: as_patch(part) for name, part in (schema["properties"] | schema["$defs"]).items()}
    schemas = components | bodies | parts
    return document | {"components": document["components"] | {"schemas": schemas}}


def with_members(body: dict, members: dict) -> dict:
    own = {name: property for name, property in body["properties"].items() if name not in members}
    return body | {"properties": own | members}


def as_patch(schema: dict, in_array: bool = False) -> dict:
    """A schema for what a merge patch says of a value."""
    patch = dict(schema)
    if not in_array:
        patch.pop("required", None)
    if "$ref" in patch:
        patch |= reference(patch["$ref"].removeprefix("#/$defs/"))
    if "properties" in patch:
        patch["properties"] = {name: as_patch(part, in_array) for name, part in patch["properties"].items()}
    if "items" in patch:
        patch["items"] = as_patch(patch["items"], in_array=True)
    return patch


def reference(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def text(value, indent: int = 0, before: int = 0) -> str:
    """JSON. What holds no second object is in one line, where it fits behind `before` characters."""
    line = json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict) and value:
        line = f"{{ {line[1:-1]} }}"
    if not isinstance(value, (dict, list)) or line.count("{") < 2 and before + len(line) <= WIDTH:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        lines = []
        for name, item in value.items():
            start = f"{inner}{json.dumps(name, ensure_ascii=False)}: "
            lines.append(start + text(item, indent + 2, len(start)))
    elif isinstance(value[0], (dict, list)):
        lines = [inner + text(item, indent + 2, indent + 2) for item in value]
    else:
        lines = filled([json.dumps(item, ensure_ascii=False) for item in value], inner)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n" + ",\n".join(lines) + f"\n{' ' * indent}{closing}"


def filled(words: list[str], indent: str) -> list[str]:
    lines = [indent + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) + 3 > WIDTH:
            lines.append(indent + word)
        else:
            lines[-1] += f", {word}"
    return lines


def up_to_date() -> str:
    """The document's text as it should be."""
    return text(embedded(json.loads(DOCUMENT.read_text()), json.loads(SCHEMA.read_text()))) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(up_to_date())
