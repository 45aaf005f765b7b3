#!/usr/bin/env python3
"""A command of the bridge, named by this file: `./deploy ENVIRONMENT=sandbox`. See docs/operations.md."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036, because an older one is what many machines have
    sys.exit("this is Python {}.{}, expected 3.11 or newer".format(*sys.version_info))

FILE = Path(__file__).resolve()
# The release's own packages go before those of the machine.
sys.path[:0] = [str(FILE.parent), str(FILE.parent / "lib")]

from tools import operate  # noqa: E402

sys.exit(operate.main([FILE.name, *sys.argv[1:]]))
