"""A deployed stack, as the tools that operate it see it."""

import re

REGION = "us-east-1"  # the one region of Partner Central
FUNCTION = "EnrichOpportunity"
# Of each opportunity, in Partner Central's API.
IDENTIFIER = re.compile(r"O[0-9]{1,19}")


def parameters(cloudformation, stack: str) -> dict[str, str]:
    """A stack's parameters. Secret ones are masked."""
    found = described(cloudformation, stack).get("Parameters", [])
    return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in found}


def outputs(cloudformation, stack: str) -> dict[str, str]:
    """A stack's outputs."""
    found = described(cloudformation, stack).get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def described(cloudformation, stack: str) -> dict:
    """What CloudFormation says of a stack as a whole."""
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return found


def resources(cloudformation, stack: str, kind: str | None = None) -> dict[str, str]:
    """A stack's resources, or those of a type: physical id by logical id. A queue's is its URL."""
    described = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in described
        if kind in (None, resource["ResourceType"]) and "PhysicalResourceId" in resource
    }
