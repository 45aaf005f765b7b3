"""Checks what `sam build` made: small programs that Lambda can run, without CPU jitter entropy.

They say of which crates they are made, and nothing of the machine that made them.

Usage: python -m tools.check_build ARCHITECTURE, `arm64` or `x86_64`
"""

import io
import os
import struct
import sys
import zipfile
from pathlib import Path

from tools import check_entropy
from tools.release import FUNCTIONS, programs

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}  # e_machine of ELF
PLATFORMS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
MIB = 1024 * 1024
# The same program is a tenth larger for x86_64.
MAX_ZIP = {"x86_64": 4.25 * MIB, "arm64": 4 * MIB}


def faults(program: Path, architecture: str) -> tuple[list[str], str]:
    """The faults of a program, and a line that describes it."""
    content = program.read_bytes()
    if content[:5] != b"\x7fELF\x02":
        return [f"{program}: not a 64-bit ELF file"], "not a program"
    (machine,) = struct.unpack_from("<H", content, 18)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bootstrap", content)
    size = file.tell()
    found = []
    if machine != MACHINES[architecture]:
        found.append(f"{program}: machine {machine:#x}, expected {architecture}")
    if not os.access(program, os.X_OK):
        found.append(f"{program}: not executable")
    if size > MAX_ZIP[architecture]:
        found.append(
            f"{program}: {size / MIB:.2f} MiB zipped, expected at most {MAX_ZIP[architecture] / MIB:g}"
        )
    return found, f"{architecture}, {len(content) / MIB:.2f} MiB, zipped {size / MIB:.2f}"


def untold(program: Path) -> list[str]:
    """What a program does not say of itself, or says of the machine that made it."""
    content, found = program.read_bytes(), []
    if not programs.crates(content):
        found.append(f"{program}: has no list of its crates, expected one of cargo-auditable")
    for folder in programs.places(content, ROOT):
        found.append(f"{program}: names the folder `{folder}`, so it would be another one elsewhere")
    return found


def main() -> int | str:
    (architecture,) = sys.argv[1:]
    found = []
    for name in FUNCTIONS:
        wrong, line = faults(ROOT / ".aws-sam/build" / name / "bootstrap", architecture)
        print(f"{name}: {line}")
        found += wrong + untold(ROOT / ".aws-sam/build" / name / "bootstrap")
    found += check_entropy.faults(TARGET / PLATFORMS[architecture] / "release")
    return "\n".join(found) or 0


if __name__ == "__main__":
    sys.exit(main())
