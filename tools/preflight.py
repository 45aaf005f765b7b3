"""Finds what is wrong with a deployment before the minutes of building: `make deploy` begins with it.

Reads the parameters as SAM does, and compares them with the template: their names, their values, and
the rules by which CloudFormation would refuse them. Then asks AWS whose credentials these are, in what
state the stack is, and whether the account has room for a new stack's reserved concurrency. Changes
nothing.

Usage: python -m tools.preflight ENVIRONMENT [PARAMETERS...], as `sam deploy --parameter-overrides` takes them
"""

import difflib
import re
import sys
import tomllib

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from samcli.cli.types import CfnParameterOverridesType
from samtranslator.yaml_helper import yaml_parse

from tools.paths import ROOT
from tools.stack import REGION, described

TEMPLATE = ROOT / "template.yaml"
SAMCONFIG = ROOT / "samconfig.toml"
# Lambda keeps this many concurrent executions for functions that reserve none.
KEPT_BY_LAMBDA = 100
# If these are empty, no function reserves any.
CONCURRENCY = ("EnrichConcurrency", "PatchConcurrency")
# Parameters that the Makefile sets: one in a file would silently replace them.
BY_MAKE = {"Architecture": "make deploy ARCHITECTURE=…", "Catalog": "ENVIRONMENT"}

# The states in which a stack cannot be changed, and what to do first.
REMEDIES = {
    "ROLLBACK_COMPLETE": "its first deployment failed: `sam delete --config-env {environment}`",
    "ROLLBACK_FAILED": "its first deployment failed: `sam delete --config-env {environment}`",
    "DELETE_FAILED": "it was deleted halfway: `sam delete --config-env {environment}`",
    "UPDATE_ROLLBACK_FAILED": "going back failed: `aws cloudformation continue-update-rollback {of_stack}`",
}


class PreflightError(Exception):
    """What is wrong, one text for each fault."""


def template() -> dict:
    """The template as written."""
    return yaml_parse(TEMPLATE.read_text())


def environments() -> dict[str, dict]:
    """The settings of each environment."""
    settings = tomllib.loads(SAMCONFIG.read_text())
    return {name: found for name, found in settings.items() if isinstance(found, dict) and "global" in found}


def given(texts: list[str]) -> dict[str, str]:
    """The parameters of a command line, including those in files, as SAM reads them."""
    try:
        read = CfnParameterOverridesType().convert([text for text in texts if text], None, None)
    except click.ClickException as error:
        expected = "expected `PARAMETERS=file://` and the whole path of a file"
        raise PreflightError(f"the parameters cannot be read: {error.message}; {expected}") from error
    except Exception as error:  # a YAML or JSON parser's own
        raise PreflightError(f"the parameters cannot be read: {error}") from error
    return {name: str(value) for name, value in read.items()}


def of_names(parameters: dict[str, dict], values: dict[str, str]) -> list[str]:
    """The faults in the names of parameters."""
    wrong = []
    for name in values.keys() - parameters.keys():
        lower = {known.lower(): known for known in parameters}
        near = difflib.get_close_matches(name.lower(), lower, n=1)
        hint = (
            f", the nearest is `{lower[near[0]]}`"
            if near
            else ", expected one of docs/operations.md#parameters"
        )
        wrong.append(f"there is no parameter `{name}`{hint}")
    return wrong


def of_value(name: str, parameter: dict, value: str) -> str | None:
    """The fault of a parameter's value, if any; a secret's value is not repeated."""
    shown = f"`{name}`" if parameter.get("NoEcho") else f"`{name}` is `{value}`"
    allowed = parameter.get("AllowedValues")
    if allowed and value not in map(str, allowed):
        return f"{shown}, expected one of {', '.join(f'`{each}`' for each in allowed)}"
    pattern = parameter.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        return f"{shown}: {parameter.get('ConstraintDescription', f'it must match {pattern}')}"
    if parameter["Type"] == "Number":
        least, most = parameter.get("MinValue", float("-inf")), parameter.get("MaxValue", float("inf"))
        try:
            is_in_range = least <= float(value) <= most
        except ValueError:
            is_in_range = False
        if not is_in_range:
            return f"{shown}, expected a number from {least} to {most}"
    return None


def holds(condition, values: dict[str, str]) -> bool | str:
    """The result of a function in CloudFormation's rules."""
    match condition:
        case {"Fn::Equals": [left, right]}:
            return holds(left, values) == holds(right, values)
        case {"Fn::Not": [inner]}:
            return not holds(inner, values)
        case {"Fn::And": inner}:
            return all(holds(each, values) for each in inner)
        case {"Ref": name}:
            return values[name]
        case scalar:
            return str(scalar)


def of_rules(rules: dict[str, dict], values: dict[str, str]) -> list[str]:
    """The template's rules that the values break together."""
    return [
        assertion["AssertDescription"]
        for rule in rules.values()
        if holds(rule.get("RuleCondition", {"Fn::Equals": ["", ""]}), values)
        for assertion in rule["Assertions"]
        if not holds(assertion["Assert"], values)
    ]


def of_parameters(values: dict[str, str]) -> list[str]:
    """The faults of each parameter by itself."""
    parameters = template()["Parameters"]
    by_make = [f"`{name}` is set by `{BY_MAKE[name]}`, leave it out" for name in values if name in BY_MAKE]
    known = {name: value for name, value in values.items() if name in parameters}
    wrong = (of_value(name, parameters[name], value) for name, value in known.items())
    return of_names(parameters, values) + by_make + [each for each in wrong if each]


def of_all(values: dict[str, str], before: dict[str, str]) -> list[str]:
    """The faults of all parameters together. A parameter that is not given keeps its earlier value."""
    written = template()
    defaults = {name: str(parameter["Default"]) for name, parameter in written["Parameters"].items()}
    return of_rules(written["Rules"], defaults | before | values | {"AWS::Region": REGION})


def account(sts) -> str:
    """The owner of these credentials."""
    try:
        return sts.get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise PreflightError(
            f"AWS does not accept your credentials: {error} (try `aws sts get-caller-identity`)"
        ) from error


def state(cloudformation, stack: str) -> tuple[str | None, dict[str, str]]:
    """A stack's status and parameters; the status is `None` if there is no such stack."""
    try:
        found = described(cloudformation, stack)
    except ClientError as error:
        if "does not exist" in str(error):
            return None, {}
        raise PreflightError(f"CloudFormation does not tell of `{stack}`: {error}") from error
    kept = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
    return found["StackStatus"], kept


def of_state(status: str | None, stack: str, environment: str) -> list[str]:
    """The reasons why a stack cannot be changed."""
    if status in REMEDIES:
        remedy = REMEDIES[status].format(
            environment=environment, of_stack=f"--region {REGION} --stack-name {stack}"
        )
        return [f"`{stack}` is in state `{status}`: {remedy}"]
    if status and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        return [f"`{stack}` is in state `{status}`: wait until that has ended"]
    return []


def reserved(written: dict, values: dict[str, str]) -> int:
    """How many concurrent executions the template's functions reserve together."""
    defaults = {name: str(parameter["Default"]) for name, parameter in written["Parameters"].items()}
    total = 0
    for resource in written["Resources"].values():
        match resource["Properties"].get("ReservedConcurrentExecutions"):
            case {"Fn::If": [condition, number, _]}:
                if holds(written["Conditions"][condition], defaults | values):
                    total += int(holds(number, defaults | values))
    return total


def of_concurrency(functions, values: dict[str, str]) -> list[str]:
    """The fault if the account has no room for the concurrency that a new stack reserves."""
    wanted = reserved(template(), values)
    free = functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    if wanted and free - wanted < KEPT_BY_LAMBDA:
        empty = " and ".join(f'`{name}: ""`' for name in CONCURRENCY)
        told = (
            f"of {free} unreserved concurrent executions Lambda keeps {KEPT_BY_LAMBDA}, {wanted} are wanted"
        )
        return [f"{told}: write {empty} into the file of parameters, or ask for a higher quota"]
    return []


def preflight(session: boto3.Session, environment: str, texts: list[str]) -> tuple[str, list[str]]:
    """A line on what will be changed, and the faults."""
    known = environments()
    if environment not in known:
        raise PreflightError(
            f"`ENVIRONMENT` is `{environment}`, expected {' or '.join(f'`{it}`' for it in known)}"
        )
    stack = known[environment]["global"]["parameters"]["stack_name"]
    values = given(texts)
    # Checks without AWS come first, so that they also help somebody without credentials.
    if wrong := of_parameters(values):
        return "", wrong
    number = account(session.client("sts"))
    status, before = state(session.client("cloudformation"), stack)
    wrong = of_state(status, stack, environment) + of_all(values, before)
    if status is None:
        wrong += of_concurrency(session.client("lambda"), values)
    return f"account {number}, region {REGION}, stack {stack} ({status or 'new'})", wrong


def main() -> int:
    environment, *texts = sys.argv[1:]
    try:
        line, wrong = preflight(boto3.Session(region_name=REGION), environment, texts)
    except (PreflightError, BotoCoreError, ClientError) as error:
        line, wrong = "", [str(error)]
    for each in wrong:
        print(f"not deployed: {each}", file=sys.stderr)
    if wrong:
        return 1
    print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
