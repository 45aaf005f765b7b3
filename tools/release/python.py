"""The packages from PyPI that the operator's tools use, as files beside them: nobody has to install any.

They are taken from `.venv`, where tools/requirements.txt pins them. Only what is Python is taken: it runs on
every machine. Of botocore's models of AWS's services, those are taken that the tools or a sign-in call; of
SAM, the modules by which it reads parameters and templates.
"""

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

# Each distribution, and which of its files are wanted: all, or those that a pattern finds.
DISTRIBUTIONS = {
    "aws-sam-cli": r"samcli/(__init__|cli/(__init__|types)|commands/(__init__|exceptions)"
    r"|lib/(__init__|config/(__init__|exceptions|file_manager)|package/(__init__|ecr_utils)))\.py",
    "aws-sam-translator": r"samtranslator/(__init__|yaml_helper)\.py",
    "boto3": "boto3/(?!data/|examples/).+",
    "botocore": r"botocore/((?!data/).+|data/[^/]+\.json"
    r"|data/(cloudformation|cloudwatch|lambda|logs|secretsmanager|signin|sqs|sso|sso-oidc|sts)/.+)",
    "click": ".+",
    "jmespath": "jmespath/.+",
    "python-dateutil": "dateutil/.+",
    "PyYAML": "yaml/.+",
    "ruamel.yaml": "ruamel/.+",
    "s3transfer": "s3transfer/.+",
    "six": ".+",
    "standardwebhooks": "standardwebhooks/.+",
    "tomlkit": "tomlkit/.+",
    "urllib3": "urllib3/.+",
}
# What those that say it in words of their own mean.
SPDX = {
    "aws-sam-translator": "Apache-2.0",
    "click": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "s3transfer": "Apache-2.0",
}
LICENSE = re.compile(r"(?i)(licen[sc]e|notice|copying)")


@dataclass(frozen=True)
class Package:
    """A distribution that is in a release."""

    name: str
    version: str
    # An SPDX expression.
    license: str
    authors: str
    texts: tuple[str, ...]


def wanted(path: str, pattern: str) -> bool:
    """Whether a file of a distribution goes into a release."""
    parts = Path(path).parts
    if ".." in parts or "__pycache__" in parts or path.endswith((".so", ".pyd", ".pyi", "py.typed")):
        return False
    if ".dist-info" in path:
        return path.endswith("/METADATA")
    return bool(re.fullmatch(pattern, path))


def copy(folder: Path) -> list[Package]:
    """Puts the packages into a folder."""
    found = []
    for name, pattern in DISTRIBUTIONS.items():
        distribution = metadata.distribution(name)
        texts = []
        for file in distribution.files or []:
            path = file.as_posix()
            if ".dist-info/" in path and LICENSE.search(path.partition(".dist-info/")[2]):
                texts.append(file.read_text())
            if wanted(path, pattern):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(Path(file.locate()).read_bytes())
        about = distribution.metadata
        found.append(
            Package(
                name,
                distribution.version,
                SPDX.get(name) or about["License-Expression"] or about["License"],
                re.sub(r"\s+<.+?>", "", about["Author"] or about["Author-Email"] or f"the authors of {name}"),
                tuple(texts),
            )
        )
    return found
