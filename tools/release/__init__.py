"""A release: what somebody without Rust deploys and operates the bridge with.

`python -m tools.release` says what it does. The version is the workspace's in Cargo.toml, and nowhere else.
"""

import tomllib

from tools.paths import ROOT, TARGET

# What `make build` has made, by architecture, and where the archive is put together.
PROGRAMS = TARGET / "release-programs"
DIST = ROOT / "dist"
# The functions as the template names them, and their programs.
FUNCTIONS = {
    "EnrichOpportunity": "enrich-opportunity",
    "PatchOpportunity": "patch-opportunity",
    "SweepOpportunities": "sweep-opportunities",
}
MAPPING_CHECK = "mapping-check"


def version() -> str:
    """The version of the bridge."""
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def name() -> str:
    """The name of the release's folder, and of its archive without the suffix."""
    return f"opportunity-bridge-{version()}"
