"""What a program says of itself: the crates that it is made of, and the folders that it was built in.

`cargo auditable` links the list of crates into a program, in a section of its own. Scanners read it there.
"""

import io
import json
import os
import re
import subprocess
import zlib
from collections import defaultdict
from pathlib import Path

from elftools.elf.elffile import ELFFile

from tools.paths import ROOT
from tools.release import FUNCTIONS

# https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md
SECTION = ".dep-v0"


def crates(content: bytes) -> list[dict]:
    """The crates of a program, each with `name`, `version`, `source` and, by index, `dependencies`.

    There are none where the program does not say.
    """
    section = ELFFile(io.BytesIO(content)).get_section_by_name(SECTION)
    return json.loads(zlib.decompress(section.data()))["packages"] if section else []


def places(content: bytes, root: Path) -> list[str]:
    """The folders of the machine that a program names; another folder would give other bytes."""
    cargo = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    return [folder for folder in (str(root), cargo) if folder.encode() in content]


def linked(target: str) -> set[tuple[str, str]]:
    """The crates that cargo links into the programs for a target, by name and version.

    A program lists more of them: `cargo auditable` asks `cargo metadata`, which also has crates for features
    that nothing turns on (https://github.com/rust-lang/cargo/issues/10801).
    """
    command = [
        "cargo",
        "tree",
        "--workspace",
        "--locked",
        "--target",
        target,
        "--edges",
        "normal,no-proc-macro",
    ]
    command += ["--prefix", "depth", "--format", "{p}"]
    tree = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    below, path = defaultdict(set), []
    for line in tree.splitlines():
        # What was shown before is not shown again, so the branches are put together first.
        if found := re.match(r"(\d+)(\S+) v(\S+)", line):
            path[int(found[1]) :] = [(found[2], found[3])]
            if len(path) > 1:
                below[path[-2]].add(path[-1])
    reached = set()
    waiting = [crate for crate in below if crate[0] in (*FUNCTIONS.values(), "mapping")]
    while waiting:
        crate = waiting.pop()
        if crate not in reached:
            reached.add(crate)
            waiting += below[crate]
    return reached
