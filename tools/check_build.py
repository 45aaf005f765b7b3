"""Checks what `sam build` made: programs that Lambda can run, small, without CPU jitter entropy.

Usage: python -m tools.check_build ARCHITECTURE, `arm64` or `x86_64`
"""

import io
import os
import struct
import sys
import zipfile
from pathlib import Path

from tools import check_entropy

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FUNCTIONS = ["EnrichOpportunity", "PatchOpportunity", "SweepOpportunities"]
MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}  # e_machine of ELF
PLATFORMS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
MIB = 1024 * 1024
MAX_ZIP = 4 * MIB


def faults(program: Path, architecture: str) -> tuple[list[str], str]:
    """What is wrong with a program, and a line on it."""
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
    if size > MAX_ZIP:
        found.append(f"{program}: {size / MIB:.2f} MiB zipped, expected at most {MAX_ZIP // MIB}")
    return found, f"{architecture}, {len(content) / MIB:.2f} MiB, zipped {size / MIB:.2f}"


def main() -> int | str:
    (architecture,) = sys.argv[1:]
    found = []
    for name in FUNCTIONS:
        wrong, line = faults(ROOT / ".aws-sam/build" / name / "bootstrap", architecture)
        print(f"{name}: {line}")
        found += wrong
    found += check_entropy.faults(TARGET / PLATFORMS[architecture] / "release")
    return "\n".join(found) or 0


if __name__ == "__main__":
    sys.exit(main())
