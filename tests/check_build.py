"""Checks what `sam build` made: two programs that Lambda can run, small, without CPU jitter entropy.

The programs are stripped of their symbols, so that the last is looked for in the AWS-LC that they were
linked from, where `jent_` begins the names of all of it.

Usage: check_build.py
"""

import io
import os
import struct
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
FUNCTIONS = ["EnrichOpportunity", "PatchOpportunity"]
MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}  # e_machine of ELF
MIB = 1024 * 1024
MAX_ZIP = 4 * MIB


def faults(program):
    """What is wrong with a program, and a line on it."""
    content = program.read_bytes()
    if content[:5] != b"\x7fELF\x02":
        return [f"{program}: no 64-bit ELF file"], ""
    (machine,) = struct.unpack_from("<H", content, 18)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bootstrap", content)
    size = file.tell()
    found = []
    if machine not in MACHINES:
        found.append(f"{program}: machine {machine:#x}, expected one of Lambda's")
    if not os.access(program, os.X_OK):
        found.append(f"{program}: not executable")
    if size > MAX_ZIP:
        found.append(f"{program}: {size / MIB:.2f} MiB zipped, expected at most {MAX_ZIP // MIB}")
    return found, f"{MACHINES.get(machine)}, {len(content) / MIB:.2f} MiB, zipped {size / MIB:.2f}"


def main():
    found = []
    for name in FUNCTIONS:
        wrong, line = faults(ROOT / ".aws-sam/build" / name / "bootstrap")
        print(f"{name}: {line}")
        found += wrong
    libraries = list(ROOT.glob("target/*-linux-gnu/release/build/aws-lc-sys-*/out/libaws_lc*.a"))
    if not libraries:
        found.append("target: no build of AWS-LC, so that nothing can be said of its entropy")
    found += [f"{library}: holds CPU jitter entropy, see .cargo/config.toml"
              for library in libraries if b"jent_" in library.read_bytes()]
    sys.exit("\n".join(found) or 0)


if __name__ == "__main__":
    main()
