"""What a program says of itself: the crates that it is made of, and the folders that it was built in.

`cargo auditable` links the list of crates into a program, in a section of its own. Scanners read it there.
"""

import io
import json
import os
import zlib
from pathlib import Path

from elftools.elf.elffile import ELFFile

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
