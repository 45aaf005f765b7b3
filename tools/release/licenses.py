"""The licenses of everything in a release that others have written, in one text.

A package's own files are taken, because they name whom to thank. Only where it has none does the text of the
license that it declares stand in their place, with its authors.
"""

import json
import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ziglang

from tools.paths import ROOT
from tools.release import python

FILE = re.compile(r"(?i)(licen[sc]e|copying|copyright|notice|unlicense)[^/]*")
STANDARD = Path(__file__).parent / "MIT.txt"
RULE = "=" * 80


class LicenseError(Exception):
    """Something has no license that is known here."""


@dataclass(frozen=True)
class Crate:
    """A crate of the registry, as cargo knows it."""

    name: str
    version: str
    license: str
    authors: str
    folder: Path


@cache
def crates() -> dict[tuple[str, str], Crate]:
    """The crates of the registry that the workspace depends on, by name and version."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return {
        (it["name"], it["version"]): Crate(
            it["name"],
            it["version"],
            it["license"],
            ", ".join(re.sub(r"\s*<.+?>", "", author) for author in it["authors"])
            or f"the authors of {it['name']}",
            Path(it["manifest_path"]).parent,
        )
        for it in found["packages"]
        if it["source"]
    }


def instead(expression: str, authors: str) -> str:
    """The text of a license whose package has none."""
    # `A OR B` lets us choose.
    choices = re.split(r"\s+OR\s+|/", expression)
    if "Apache-2.0" in choices:
        return (ROOT / "LICENSE").read_text()
    if "MIT" in choices:
        return STANDARD.read_text().replace("AUTHORS", authors)
    raise LicenseError(f"there is no text of `{expression}`, and the package has none")


def of_crate(crate: Crate) -> list[str]:
    """The texts of a crate."""
    files = sorted(path for path in crate.folder.rglob("*") if path.is_file() and FILE.fullmatch(path.name))
    texts = [path.read_text(errors="replace") for path in files if path.suffix not in (".rs", ".py", ".go")]
    return texts or [instead(crate.license, crate.authors)]


def of_compilers() -> dict[str, list[str]]:
    """What the compilers link into each program: Rust's library has a file of its own in a release."""
    libraries = Path(ziglang.__file__).parent / "lib"
    return {
        "LLVM's libunwind and compiler-rt, linked by Zig": [(libraries / "libunwind/LICENSE.TXT").read_text()]
    }


def rust() -> str:
    """What Rust says of its standard library, which is in each program."""
    command = ["rustc", "--print", "sysroot"]
    root = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return (Path(root) / "share/doc/rust/COPYRIGHT-library.html").read_text()


def told(texts: dict[str, list[str]]) -> str:
    """All texts, each once, below the names of those that have it."""
    names = defaultdict(list)
    for name, of_it in sorted(texts.items()):
        for text in of_it:
            names[text.strip()].append(name)
    parts = ["\n".join([RULE, *having, RULE, "", text, ""]) for text, having in names.items()]
    return "What is in this release and was written by others, each with its license.\n\n" + "\n".join(parts)


def third_party(used: list[Crate], packages: list[python.Package]) -> str:
    """The licenses of crates, of packages from PyPI, and of what compilers link."""
    texts = {f"{crate.name} {crate.version}": of_crate(crate) for crate in used}
    for package in packages:
        own = list(package.texts) or [instead(package.license, package.authors)]
        texts[f"{package.name} {package.version} (Python)"] = own
    return told(texts | of_compilers())
