"""What the functions do, as observed by `observe.rs`."""

import json
import subprocess
from functools import cache

from tests.template.stack import ROOT

# The services' names in `x-amz-target`, and IAM's names for them.
SERVICES = {
    "AWSPartnerCentralSelling": "partnercentral",
    "DynamoDB_20120810": "dynamodb",
    "lambda": "lambda",
    "secretsmanager": "secretsmanager",
}


@cache
def observed() -> dict:
    command = ["cargo", "run", "--quiet", "--package", "bridge-tests", "--bin", "observe"]
    return json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)


def variables(package: str) -> set[str]:
    """The environment variables that a function reads."""
    return set(observed()["functions"][package]["variables"])


def actions(package: str) -> set[str]:
    """The IAM actions that a function's calls need."""
    calls = (call.split(".") for call in observed()["functions"][package]["calls"])
    return {f"{SERVICES[service]}:{operation}" for service, operation in calls}


def metrics(package: str) -> set[tuple[str, tuple[tuple[str, str], ...], str]]:
    """The metrics that a function writes (embedded metric format): namespace, dimensions, name."""
    return {
        (directive["Namespace"], tuple((name, line[name]) for name in dimensions), metric["Name"])
        for line in observed()["functions"][package]["metrics"]
        for directive in line["_aws"]["CloudWatchMetrics"]
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    }
