"""The bill of materials of a release, in CycloneDX: what is in each program, and what its tools use.

It is made of what the programs say of themselves, so it names what is in them, not what Cargo.toml asks for.
"""

import json
import tomllib
import uuid
from datetime import UTC, datetime

from tools.paths import ROOT
from tools.release import licenses, python, version

SPEC = "1.6"
# Any one will do, as long as it stays: serial numbers are made of it and the content.
NAMESPACE = uuid.UUID("6f1a2f0e-5b0e-4a0c-9c0d-0f7f5d0b8a11")
REGISTRY = "crates.io"
COMPILER = "rustc"


def checksums() -> dict[tuple[str, str], str]:
    """The SHA-256 of each crate of the registry, by name and version."""
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(it["name"], it["version"]): it["checksum"] for it in locked if "checksum" in it}


def reference(crate: dict) -> str:
    """How other parts of the document name a crate."""
    return f"pkg:cargo/{crate['name']}@{crate['version']}"


def component(
    crate: dict, linked: set[tuple[str, str]], known: dict[tuple[str, str], licenses.Crate], sums: dict
) -> dict:
    """A crate as a component."""
    key = (crate["name"], crate["version"])
    found = {
        "type": "library",
        "bom-ref": reference(crate),
        "name": crate["name"],
        "version": crate["version"],
    }
    # What builds others, or is listed without need, is not in a program.
    found["scope"] = "required" if key in linked else "excluded"
    if crate["source"] != REGISTRY:
        return found | {"licenses": [{"expression": "Apache-2.0"}]}
    found["hashes"] = [{"alg": "SHA-256", "content": sums[key]}]
    found["licenses"] = [{"expression": known[key].license.replace("/", " OR ")}]
    return found | {"purl": reference(crate)}


def programs_components(
    programs: dict[str, tuple[list[dict], str]],
) -> tuple[list[dict], dict[str, set[str]]]:
    """Each program as a component, and what it and its crates depend on."""
    components, dependencies = [], {}
    for path, (crates, digest) in programs.items():
        (root,) = (crate for crate in crates if crate.get("root"))
        components.append(
            {
                "type": "application",
                "bom-ref": path,
                "name": path,
                "version": root["version"],
                "hashes": [{"alg": "SHA-256", "content": digest}],
                "licenses": [{"expression": "Apache-2.0"}],
            }
        )
        dependencies[path] = {reference(root)}
        for crate in crates:
            on = {reference(crates[index]) for index in crate.get("dependencies", [])}
            dependencies.setdefault(reference(crate), set()).update(on)
    return components, dependencies


def document(
    programs: dict[str, tuple[list[dict], str]],
    linked: set[tuple[str, str]],
    packages: list[python.Package],
    seconds: int,
    compiler: str,
) -> str:
    """The document, for programs by their path, each with the crates that it lists and its SHA-256."""
    known, sums = licenses.crates(), checksums()
    crates = {reference(crate): crate for of_it, _ in programs.values() for crate in of_it}
    components, dependencies = programs_components(programs)
    components += [component(crate, linked, known, sums) for _, crate in sorted(crates.items())]
    for package in packages:
        purl = f"pkg:pypi/{package.name.lower()}@{package.version}"
        components.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": package.name,
                "version": package.version,
                "scope": "required",
                "licenses": [{"expression": package.license}],
                "purl": purl,
            }
        )
        dependencies[purl] = set()
    whole = f"opportunity-bridge@{version()}"
    dependencies[whole] = set(programs) | {it["bom-ref"] for it in components if "pypi" in it["bom-ref"]}
    content = {
        "metadata": {
            "timestamp": datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z"),
            "tools": {"components": [{"type": "application", "name": COMPILER, "version": compiler}]},
            "component": {
                "type": "application",
                "bom-ref": whole,
                "name": "opportunity-bridge",
                "version": version(),
                "licenses": [{"expression": "Apache-2.0"}],
            },
        },
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": sorted(on)} for ref, on in sorted(dependencies.items())],
    }
    serial = uuid.uuid5(NAMESPACE, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": SPEC, "serialNumber": serial.urn, "version": 1}
    return json.dumps(head | content, indent=2) + "\n"
