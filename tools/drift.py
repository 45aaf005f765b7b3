"""What has changed in AWS's model of Partner Central since the bridge was written: `make drift`.

The AWS SDK for Python carries the service model. This fetches the newest one from PyPI, takes out of it
what the bridge depends on, and compares that with what is recorded in the repository
(`shared/model/schema/botocore-facts.json`): fields, value lists and limits of the operations that the
bridge calls, and which operations there are. Exits with 1 where anything came, went or changed.

What came in answers, the functions notice too, by the recorded facts; this one tells before anybody sends it.

Usage: python -m tools.drift [--botocore VERSION] [--record]
"""

import argparse
import gzip
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "shared/model/schema/botocore-facts.json"
MODEL = re.compile(r"botocore/data/partnercentral-selling/[0-9-]+/service-2\.json(\.gz)?")
# What the functions call.
OPERATIONS = ["GetAwsOpportunitySummary", "GetOpportunity", "ListOpportunities", "UpdateOpportunity"]
LIMITS = ["min", "max", "pattern"]


class NoModelError(Exception):
    """There is no service model to compare with."""


def fetched(version: str | None) -> tuple[str, dict]:
    """A version of botocore, the newest where none is named, and its model of the service."""
    package = f"botocore=={version}" if version else "botocore"
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "--no-deps", "--only-binary", ":all:", "--dest", folder, package],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise NoModelError(f"`{package}` cannot be fetched from PyPI: {done.stderr.strip()}")
        (wheel,) = Path(folder).glob("botocore-*.whl")
        return wheel.name.split("-")[1], model_in(wheel)


def model_in(wheel: Path) -> dict:
    """The newest model of the service in a wheel of botocore."""
    with zipfile.ZipFile(wheel) as files:
        found = sorted(name for name in files.namelist() if MODEL.fullmatch(name))
        if not found:
            raise NoModelError(f"{wheel.name} holds no model of Partner Central Selling")
        content = files.read(found[-1])
    return json.loads(gzip.decompress(content) if found[-1].endswith(".gz") else content)


def facts(version: str, model: dict) -> dict:
    """What the bridge depends on: all operations by name, and the shapes of those that it calls."""
    called = {
        name: {side: model["operations"][name][side]["shape"] for side in ("input", "output")}
        for name in OPERATIONS
        if name in model["operations"]
    }
    shapes: dict[str, dict] = {}
    waiting = [shape for sides in called.values() for shape in sides.values()]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = shape_of(model["shapes"][name])
            waiting += [*shapes[name].get("members", {}).values(), *filter(None, [shapes[name].get("items")])]
    return {
        "botocore": version,
        "operations": sorted(model["operations"]),
        "called": called,
        "shapes": dict(sorted(shapes.items())),
    }


def shape_of(shape: dict) -> dict:
    """A shape without what is said about it."""
    kept: dict = {"type": shape["type"]}
    if "members" in shape:
        kept["members"] = {name: member["shape"] for name, member in sorted(shape["members"].items())}
    if shape.get("required"):
        kept["required"] = sorted(shape["required"])
    if "member" in shape:
        kept["items"] = shape["member"]["shape"]
    if "enum" in shape:
        kept["values"] = sorted(shape["enum"])
    return kept | {limit: shape[limit] for limit in LIMITS if limit in shape}


def fields(known: dict) -> dict[str, dict]:
    """Each place of each request and answer, by its name: its shape, and whether it is required."""
    found = {}
    for operation, sides in known["called"].items():
        for side, shape in sides.items():
            where = f"{operation} {'request' if side == 'input' else 'answer'}"
            for pointer, rule in places(known["shapes"], shape, ""):
                found[f"{where} {pointer}"] = rule
    return found


def places(shapes: dict, name: str, pointer: str, around: tuple[str, ...] = ()) -> Iterator[tuple[str, dict]]:
    """The places in a shape. What holds itself is not entered twice."""
    shape = shapes[name]
    if name in around:
        return
    for member, of in shape.get("members", {}).items():
        at = f"{pointer}/{member}"
        yield at, shapes[of] | {"is required": member in shape.get("required", [])}
        yield from places(shapes, of, at, (*around, name))
    if "items" in shape:
        at = f"{pointer}/*"
        yield at, shapes[shape["items"]]
        yield from places(shapes, shape["items"], at, (*around, name))


def drift(old: dict, new: dict) -> list[str]:
    """What came, went or changed, each in a line."""
    lines = came_and_went("operation", old["operations"], new["operations"])
    before, after = fields(old), fields(new)
    lines += came_and_went("field", before, after)
    for place in before.keys() & after.keys():
        was, now = before[place], after[place]
        values = came_and_went(f"{place}: value", was.get("values", []), now.get("values", []))
        limits = [
            f"{place}: {rule} was {told(was, rule)}, is {told(now, rule)}"
            for rule in ("type", "is required", *LIMITS)
            if was.get(rule) != now.get(rule)
        ]
        lines += values + limits
    return sorted(lines)


def came_and_went(what: str, before, after) -> list[str]:
    return [f"{what} `{name}` came" for name in after if name not in before] + [
        f"{what} `{name}` went" for name in before if name not in after
    ]


def told(rule: dict, name: str) -> str:
    return f"`{rule[name]}`" if name in rule else "not there"


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.drift")
    parser.add_argument("--botocore", metavar="VERSION", help="compare with this version, not the newest")
    parser.add_argument("--record", action="store_true", help="record what was found")
    arguments = parser.parse_args()
    version, model = fetched(arguments.botocore)
    found = facts(version, model)
    recorded = json.loads(FACTS.read_text()) if FACTS.exists() else found
    lines = drift(recorded, found)
    print(*lines, sep="\n", end="\n" if lines else "")
    print(f"botocore {recorded['botocore']} (recorded) to {version}: {len(lines) or 'no'} changes")
    if arguments.record:
        FACTS.write_text(written(found))
        print(f"recorded in {FACTS.relative_to(ROOT)}")
        return 0
    return 1 if lines else 0


def written(found: dict) -> str:
    """The facts as they are recorded: a line for each operation and each shape."""
    shapes = ",\n".join(
        f"    {json.dumps(name)}: {json.dumps(shape)}" for name, shape in found["shapes"].items()
    )
    called = ",\n".join(
        f"    {json.dumps(name)}: {json.dumps(sides)}" for name, sides in found["called"].items()
    )
    operations = ",\n".join(f"    {json.dumps(name)}" for name in found["operations"])
    return (
        f'{{\n  "botocore": {json.dumps(found["botocore"])},\n  "operations": [\n{operations}\n  ],\n'
        f'  "called": {{\n{called}\n  }},\n  "shapes": {{\n{shapes}\n  }}\n}}\n'
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NoModelError as error:
        sys.exit(f"nothing is known of drift: {error}")
