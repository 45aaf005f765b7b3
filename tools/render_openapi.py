"""Renders the OpenAPI document as one page for people: `make docs`.

The page is one file that loads no other, so it can be mailed and read without a network. It is made
from `openapi.json` alone.

Usage: python -m tools.render_openapi [FOLDER], by default target/docs
"""

import json
import re
import sys
from html import escape
from pathlib import Path

from tools.paths import ROOT, TARGET

OPENAPI = ROOT / "functions/patch-opportunity/openapi.json"
FOLDER = TARGET / "docs"
METHODS = ("get", "put", "post", "patch", "delete")

STYLE = Path(__file__).with_suffix(".css")


def prose(text: str) -> str:
    """Markdown as far as the document uses it: paragraphs, code, strong words, links."""
    paragraphs = []
    for paragraph in text.strip().split("\n\n"):
        html = escape(paragraph, quote=False)
        html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
        html = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", html)
        html = re.sub(r"\[([^\]]+)\]\((https?://[^)\s]+)\)", r'<a href="\2">\1</a>', html)
        paragraphs.append(f"<p>{html}</p>")
    return "\n".join(paragraphs)


def table(headings: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th scope=col>{name}</th>" for name in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def named(name: str, is_required: bool | None) -> str:
    return f"<code>{escape(name)}</code>{' *' if is_required else ''}"


def anchor(*parts: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", "-".join(parts)).strip("-")


class Page:
    """The parts of the page, made from one document."""

    def __init__(self, document: dict):
        self.document = document
        self.schemas = document["components"]["schemas"]

    def resolved(self, node: dict) -> dict:
        """The target of a reference, or the node itself."""
        while "$ref" in node:
            found = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found | {name: value for name, value in node.items() if name != "$ref"}
        return node

    def kind(self, schema: dict) -> str:
        """A type in a few words, with links to the schemas that have names."""
        if reference := schema.get("$ref"):
            name = reference.rsplit("/", 1)[1]
            if reference.startswith("#/components/schemas/"):
                return f'<a href="#{anchor("schema", name)}">{escape(name)}</a>'
            return self.kind(self.resolved(schema))
        if "const" in schema:
            return f"<code>{escape(json.dumps(schema['const']))}</code>"
        for joined in ("anyOf", "oneOf"):
            if joined in schema:
                return " or ".join(dict.fromkeys(self.kind(one) for one in schema[joined]))
        if "allOf" in schema:
            return " and ".join(dict.fromkeys(self.kind(one) for one in schema["allOf"]))
        types = schema.get("type", "any")
        types = [types] if isinstance(types, str) else types
        if "array" in types and "items" in schema:
            return " or ".join(
                f"list of {self.kind(schema['items'])}" if it == "array" else it for it in types
            )
        return " or ".join(types)

    def limits(self, schema: dict) -> str:
        """The limits of a value, besides its type."""
        names = {
            "minLength": "at least {} characters",
            "maxLength": "at most {} characters",
            "minItems": "at least {} items",
            "maxItems": "at most {} items",
            "minimum": "from {}",
            "maximum": "to {}",
        }
        told = [text.format(schema[name]) for name, text in names.items() if name in schema]
        if "pattern" in schema:
            told.append(f"pattern <code>{escape(schema['pattern'])}</code>")
        if "default" in schema:
            told.append(f"by default <code>{escape(json.dumps(schema['default']))}</code>")
        if values := [value for value in schema.get("enum", []) if value is not None]:
            told.append("one of " + ", ".join(f"<code>{escape(str(value))}</code>" for value in values))
        return "; ".join(told)

    def described(self, schema: dict) -> str:
        text = prose(schema["description"]) if "description" in schema else ""
        limits = self.limits(schema)
        return text + (f'<p class="soft">{limits}</p>' if limits else "")

    def fields(self, schema: dict) -> str:
        required = schema.get("required", [])
        rows = [
            [
                f"<code>{escape(name)}</code>{' *' if name in required else ''}",
                self.kind(one),
                self.described(one),
            ]
            for name, one in schema.get("properties", {}).items()
        ]
        return table(["Field", "Type", "Meaning"], rows)

    def content(self, content: dict) -> str:
        parts = []
        for media_type, one in content.items():
            parts.append(f"<p><code>{escape(media_type)}</code>: {self.kind(one.get('schema', {}))}</p>")
            examples = {"Example": {"value": one["example"]}} if "example" in one else one.get("examples", {})
            for name, example in examples.items():
                example = self.resolved(example)
                if "value" in example:
                    shown = escape(json.dumps(example["value"], indent=2, ensure_ascii=False), quote=False)
                    title = escape(example.get("summary", name))
                    parts.append(
                        f"<details><summary>{title}</summary><pre tabindex=0>{shown}</pre></details>"
                    )
        return "".join(parts)

    def operation(self, path: str, method: str, shared: list[dict], operation: dict) -> str:
        parameters = [self.resolved(one) for one in [*shared, *operation.get("parameters", [])]]
        rows = [
            [
                named(one["name"], one.get("required")),
                escape(one["in"]),
                prose(one.get("description", "")) + self.described(one.get("schema", {})),
            ]
            for one in parameters
        ]
        answers = []
        for status, answer in operation["responses"].items():
            answer = self.resolved(answer)
            headers = ", ".join(f"<code>{escape(name)}</code>" for name in answer.get("headers", {}))
            told = prose(answer["description"]) + (
                f'<p class="soft">Headers: {headers}</p>' if headers else ""
            )
            answers.append([f"<strong>{status}</strong>", told + self.content(answer.get("content", {}))])
        body = self.resolved(operation.get("requestBody", {}))
        told = prose(body.get("description", "")) + self.content(body.get("content", {}))
        is_open = operation.get("security") == []
        return "\n".join(
            [
                f'<section class="operation" id="{anchor(method, path)}">',
                f'<h3><span class="method">{method}</span><code>{escape(path)}</code></h3>',
                f"<p><strong>{escape(operation.get('summary', ''))}</strong></p>",
                prose(operation.get("description", "")),
                '<p class="soft">For everybody.</p>' if is_open else "",
                f"<h4>Parameters</h4>{table(['Name', 'In', 'Meaning'], rows)}" if rows else "",
                f"<h4>Body</h4>{prose(body.get('description', ''))}{self.content(body['content'])}"
                if body
                else "",
                f"<h4>Answers</h4>{table(['Status', 'Meaning'], answers)}",
                "</section>",
            ]
        )

    def html(self) -> str:
        info = self.document["info"]
        operations = [
            (path, method, item.get("parameters", []), item[method])
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        ]
        index = "".join(
            f'<li><a href="#{anchor(method, path)}"><code>{method.upper()} {escape(path)}</code></a></li>'
            for path, method, *_ in operations
        )
        names = "".join(
            f'<li><a href="#{anchor("schema", name)}">{escape(name)}</a></li>' for name in self.schemas
        )
        schemes = table(
            ["Scheme", "Kind", "Meaning"],
            [
                [f"<code>{escape(name)}</code>", escape(one["type"]), prose(one.get("description", ""))]
                for name, one in self.document["components"].get("securitySchemes", {}).items()
            ],
        )
        schemas = "".join(
            f'<section class="operation" id="{anchor("schema", name)}"><h3>{escape(name)}</h3>'
            f'<p class="soft">{self.kind(schema)}</p>{self.described(schema)}{self.fields(schema)}</section>'
            for name, schema in self.schemas.items()
        )
        title = escape(info["title"])
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}: API reference</title>
<link rel="icon" href="data:,">
<style>{STYLE.read_text()}</style>
</head>
<body>
<nav aria-label="Contents" tabindex="0">
<strong>Requests</strong><ul>{index}</ul>
<strong>Schemas</strong><ul>{names}</ul>
</nav>
<main>
<h1>{title} <span class="soft">{escape(info["version"])}</span></h1>
<p><strong>{escape(info.get("summary", ""))}</strong></p>
{prose(info.get("description", ""))}
<h2>Who may call</h2>
{schemes}
<h2>Requests</h2>
{"".join(self.operation(*one) for one in operations)}
<h2>Schemas</h2>
<p class="soft">* is required.</p>
{schemas}
</main>
</body>
</html>
"""


def render(folder: Path = FOLDER) -> Path:
    """Writes the page into a folder; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "openapi.html"
    page.write_text(Page(json.loads(OPENAPI.read_text())).html())
    return page


if __name__ == "__main__":
    print(render(Path(sys.argv[1]) if sys.argv[1:] else FOLDER))
