"""The documents of this repository, taken apart into what a reader would type."""

import re
import shlex
import subprocess
from typing import NamedTuple

from tools.paths import ROOT

# What AWS has to answer. A document that shows one of these says that it needs AWS.
PROGRAMS_OF_AWS = {"aws", "sam"}
TARGETS_OF_AWS = {"backfill", "deploy", "forget", "hand-on", "log", "redrive", "smoke"}


class Block(NamedTuple):
    """A fenced block of a document."""

    document: str
    language: str
    text: str

    def commands(self) -> list[str]:
        """The commands in it, each on a line; what is shown of their output is left out."""
        text = self.text.replace("\\\n", " ")
        if self.language == "console" and "$ " in text:
            return re.findall(r"^ *\$ (.+)", text, re.MULTILINE)
        if self.language in ("", "console", "sh"):
            return [line.strip() for line in text.splitlines() if line.strip()]
        return []


def names() -> list[str]:
    """Every document, by its path."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.split()


def text(name: str) -> str:
    return (ROOT / name).read_text()


def blocks(name: str) -> list[Block]:
    """The fenced blocks of a document."""
    fence = re.compile(r"^( *)```(.*?)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    return [Block(name, language, inner) for _, language, inner in fence.findall(text(name))]


def inline(name: str) -> list[str]:
    """The commands in the sentences of a document."""
    prose = re.sub(r"^( *)```.*?^\1```$", "", text(name), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"`((?:aws|cargo|make|python|\.venv/bin/python|sam)\s[^`]+)`", prose)
    return [re.sub(r"\s*\n\s*", " ", command) for command in found]


def commands(name: str, program: str) -> list[list[str]]:
    """The commands of a program in a document, split as a shell does, those inside of others included."""
    shown = [command for block in blocks(name) for command in block.commands()] + inline(name)
    inner = [part for command in shown for part in re.findall(r"\$\(((?:aws|sam) [^()]+)\)", command)]
    found = []
    for command in shown + inner:
        outer = re.sub(r"\$\([^()]+\)", "INNER", command)
        try:
            parts = shlex.split(outer, comments=True)
        except ValueError:  # a quotation that goes on in the next line: a part of a longer script
            continue
        if parts and parts[0] == program:
            found.append(parts)
    return found


def needs_aws(command: str) -> bool:
    """Whether a command reaches out for AWS. One that names an endpoint on this machine does not."""
    program, *rest = command.split()
    if program == "make":
        return bool(TARGETS_OF_AWS & set(rest))
    if program.removeprefix("./") in TARGETS_OF_AWS:
        return True
    return program in PROGRAMS_OF_AWS and "--endpoint-url" not in rest


def is_about_aws(name: str) -> bool:
    """Whether a document says of all its commands that they need AWS."""
    return "Every command on this page needs AWS" in text(name)
