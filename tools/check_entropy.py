"""Checks that AWS-LC was built without CPU jitter entropy: .cargo/config.toml says why.

Release programs are stripped of their symbols, so the check reads the static libraries that they were
linked from. Every symbol of this entropy source begins with `jent_`.

Usage: python -m tools.check_entropy FOLDER, such as `target/debug`
"""

import sys
from pathlib import Path


def faults(folder: Path) -> list[str]:
    """The faults of the AWS-LC builds in a folder, one line each."""
    libraries = list(folder.glob("build/aws-lc-sys-*/out/libaws_lc*.a"))
    if not libraries:
        return [f"{folder}: no build of AWS-LC, so nothing is known of its entropy"]
    return [
        f"{library}: holds CPU jitter entropy, see .cargo/config.toml"
        for library in libraries
        if b"jent_" in library.read_bytes()
    ]


if __name__ == "__main__":
    (folder,) = map(Path, sys.argv[1:])
    sys.exit("\n".join(faults(folder)) or 0)
