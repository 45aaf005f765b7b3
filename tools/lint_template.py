"""Lints a SAM template as CloudFormation will see it.

`sam validate --lint` passes templates with real errors, because cfn-lint no longer transforms them
(since 1.54). So the template is transformed here, offline, and cfn-lint reads the result.

Usage: python -m tools.lint_template TEMPLATE
"""

import json
import logging
import os
import sys
from pathlib import Path

import cfnlint.api
from cfnlint.context.parameters import ParameterSet
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

REGION = "us-east-1"  # the one region of Partner Central, and the one that cfn-lint takes by default

# What has no default that a resource could take: the template's rules ask for these before anything
# is made, which cfn-lint does not know.
PARAMETERS = {
    "CrmUrl": "https://crm.example/events/*",
    "CrmMapping": "hubspot.json",
    "CrmApiKey": "key",
    "CrmUsername": "bridge",
    "CrmPassword": "password",
    "CrmTokenUrl": "https://crm.example/token",
    "CrmClientId": "client",
    "CrmClientSecret": "secret",
}


# The translator times itself, and complains that nobody takes the times.
logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)


class NoManagedPolicies(ManagedPolicyLoader):
    """The template names no managed policies, so none are fetched."""

    def __init__(self):
        pass

    def load(self):
        return {}


def transformed(template: str) -> dict:
    """The template as CloudFormation will see it."""
    source = yaml_parse(template)
    for resource in source["Resources"].values():
        # What `sam build` and `sam deploy` do before the transform: code becomes an S3 object.
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://bucket/key"
    os.environ["AWS_DEFAULT_REGION"] = REGION
    return transform(source, {}, NoManagedPolicies())


def lint(template: str) -> list[str]:
    """The template's errors, each in a line; empty where there are none."""
    try:
        found = json.dumps(transformed(template), indent=2)
    except InvalidDocumentException as error:
        return [cause.message for cause in error.causes]
    config = {
        "regions": [REGION],
        "parameters": [ParameterSet(None, PARAMETERS)],
        "mandatory_checks": ["W1030"],  # what the template has others ignore, for want of these
    }
    return [
        f"{match.rule.id} {'/'.join(map(str, match.path))}: {match.message}"
        for match in cfnlint.api.lint(found, config=config)
    ]


def main() -> int:
    (path,) = map(Path, sys.argv[1:])
    errors = lint(path.read_text())
    print(*([f"{path}: {error}" for error in errors] or [f"{path}: no errors"]), sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
