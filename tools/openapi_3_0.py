"""Makes the OpenAPI 3.0 document from that in 3.1: `make schema`.

Salesforce External Services and other importers take 3.0 only, and are particular. A test fails where the
document is not up to date. What is different:

- Requests are `application/json` alone, which the bridge takes as a merge patch. An operation that takes
  nothing else is left out. Refusals stay what they are, `application/problem+json`: Salesforce asks at the
  import what to read them as, and `application/json` is right.
  https://help.salesforce.com/s/articleView?id=platform.external_services_mime_type_mapping.htm
- 3.0 has no type `null`. A value that may be null is `nullable`. A named object that may be null is itself
  `nullable`, so that the references to it stay plain: importers that make forms need that. A named list of
  values that may be null is `anyOf` that list and `Null`, because generators make several classes of a list
  that has null in it. (`nullable` beside a reference would let no null through: OpenAPI 3.0.3, "Schema
  Object", `nullable`.)
- What stands beside a `$ref` would be ignored, so the two are put together.
"""

import json

from tools import embed_schema

DOCUMENT = embed_schema.DOCUMENT.with_name("openapi-3.0.json")
VERSION = "3.0.3"
JSON = "application/json"
TAKEN_AS_JSON = {JSON, "application/merge-patch+json"}
NULL = {"description": "Nothing.", "type": "string", "nullable": True, "enum": [None]}
NOTHING = {"type": "null"}
DATA = ("default", "enum", "example")


class NoCounterpartError(Exception):
    """Something that this has no rule for."""


def converted(document: dict) -> dict:
    """The document in 3.0."""
    components = document["components"]
    bodies = components["requestBodies"].items()
    bodies = {name: as_json(body) for name, body in bodies if body["content"].keys() & TAKEN_AS_JSON}
    schemas = components["schemas"] | {"Null": NULL}
    schemas |= {name: schemas[name] | {"nullable": True} for name in objects_or_null(document)}
    document = document | {
        "openapi": VERSION,
        "info": info(document["info"]),
        "paths": {path: kept(item, bodies) for path, item in document["paths"].items()},
        "components": components | {"requestBodies": bodies, "schemas": schemas},
    }
    document = place(document, schemas)
    used = referenced(document)
    document["components"]["schemas"] = {
        name: schema for name, schema in document["components"]["schemas"].items() if name in used
    }
    return document


def info(info: dict) -> dict:
    """The document's head, with what 3.0 has no place for in the description."""
    identifier = info["license"]["identifier"]
    return {name: part for name, part in info.items() if name != "summary"} | {
        "description": f"{info['summary']}\n\n{info['description']}",
        "license": {"name": info["license"]["name"], "url": f"https://spdx.org/licenses/{identifier}.html"},
    }


def as_json(body: dict) -> dict:
    """A body under the name that every importer knows."""
    (content,) = body["content"].values()
    return body | {"content": {JSON: content}}


def kept(item: dict, bodies: dict) -> dict:
    """A path without the operations whose body is gone."""

    def is_kept(part) -> bool:
        body = part.get("requestBody") if isinstance(part, dict) else None
        return body is None or body["$ref"].rsplit("/", 1)[1] in bodies

    return {name: part for name, part in item.items() if is_kept(part)}


def place(value, schemas: dict):
    """What stands in the place of a value, be it a schema or what holds some."""
    if isinstance(value, list):
        return [place(item, schemas) for item in value]
    if not isinstance(value, dict):
        return value
    # Examples and listed values are data, whatever they look like.
    parts = {
        name: part if name in DATA else place(part, schemas)
        for name, part in value.items()
        if name != embed_schema.MARK
    }
    if isinstance(parts.get("examples"), list):
        parts["example"] = parts.pop("examples")[0]
    if "const" in parts:
        parts = {"type": "string", "enum": [parts.pop("const")]} | parts
    if isinstance(parts.get("type"), list):
        return nullable(parts)
    if NOTHING in parts.get("anyOf", []):
        return named_or_null(parts, schemas)
    if "$ref" in parts and len(parts) > 1:
        return together(parts, schemas)
    return parts


def nullable(schema: dict) -> dict:
    kinds = [kind for kind in schema["type"] if kind != "null"]
    if len(kinds) != 1 or "enum" in schema:
        raise NoCounterpartError(schema)
    return schema | {"type": kinds[0], "nullable": True}


def objects_or_null(document: dict) -> set[str]:
    """The names of the objects that may be null wherever they are referred to."""
    places = {True: set(), False: set()}

    def look(value, is_null: bool = False) -> None:
        if isinstance(value, list):
            for item in value:
                look(item, is_null)
        elif isinstance(value, dict):
            if isinstance(value.get("$ref"), str) and "schemas" in value["$ref"]:
                places[is_null].add(name_of(value))
            for name, part in value.items():
                look(part, name == "anyOf" and NOTHING in part)

    look(document)
    schemas = document["components"]["schemas"]
    names = {name for name in places[True] if "properties" in schemas[name]}
    if names & places[False]:
        raise NoCounterpartError(names & places[False])
    return names


def named_or_null(schema: dict, schemas: dict) -> dict:
    named = [part for part in schema["anyOf"] if part != NOTHING]
    if len(schema) > 1 or len(named) > 1 or "$ref" not in named[0]:
        raise NoCounterpartError(schema)
    if "properties" in schemas[name_of(named[0])]:
        return named[0]
    return {"anyOf": [named[0], embed_schema.reference("Null")]}


def together(schema: dict, schemas: dict) -> dict:
    """A reference with something beside it: the named schema itself, and that."""
    named = schemas[name_of(schema)]
    if "properties" in named:
        raise NoCounterpartError(schema)
    beside = {name: part for name, part in schema.items() if name != "$ref"}
    return place(named, schemas) | beside


def name_of(reference: dict) -> str:
    return reference["$ref"].rsplit("/", 1)[1]


def referenced(document: dict) -> set[str]:
    """The names of the schemas that the paths and the answers need."""
    components = document["components"]
    found: dict[str, set[str]] = {kind: set() for kind in components}

    def follow(value) -> None:
        if isinstance(value, list):
            for item in value:
                follow(item)
        elif isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                _, _, kind, name = value["$ref"].split("/")
                if name not in found[kind]:
                    found[kind].add(name)
                    follow(components[kind][name])
            follow(list(value.values()))

    follow([document["paths"], components["responses"]])
    return found["schemas"]


def up_to_date() -> str:
    """The document's text as it should be."""
    document = converted(embed_schema.read())
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(up_to_date())
