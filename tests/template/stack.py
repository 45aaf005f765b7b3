"""The template with its parameters filled in, as far as that can be known without AWS.

Enough of CloudFormation's functions to ask what a stack would be for given parameters: which
resources it would have, and with which properties. A reference to what such a stack would not have
is an error.
"""

import re
from pathlib import Path

from tools.lint_template import transformed

ROOT = Path(__file__).resolve().parent.parent.parent

TEMPLATE = (ROOT / "template.yaml").read_text()
PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "bridge",
}
# A CRM of each kind, as parameters.
CRMS = {
    "api-key": {"CrmUrl": "https://crm.example/events", "CrmAuth": "api-key", "CrmApiKey": "key"},
    "basic": {
        "CrmUrl": "https://crm.example/events",
        "CrmAuth": "basic",
        "CrmUsername": "bridge",
        "CrmPassword": "password",
    },
    "oauth": {
        "CrmUrl": "https://crm.example/events",
        "CrmAuth": "oauth",
        "CrmTokenUrl": "https://crm.example/token",
        "CrmClientId": "client",
        "CrmClientSecret": "secret",
    },
}
NO_VALUE = object()
SUBSTITUTED = re.compile(r"\$\{([^}]+)\}")
TRANSFORMED = transformed(TEMPLATE)


class Stack:
    """What the template makes of parameters; those that are not given have their defaults."""

    def __init__(self, **given: str):
        self.template = TRANSFORMED
        unknown = given.keys() - self.template["Parameters"].keys() - PSEUDO.keys()
        if unknown:
            raise KeyError(f"no such parameters: {unknown}")
        parameters = self.template["Parameters"].items()
        self.values = PSEUDO | {name: parameter["Default"] for name, parameter in parameters} | given
        kept = [name for name, resource in self.template["Resources"].items() if self.has(resource)]
        self.names = frozenset(kept)
        self.resources = {name: self.resolve(self.template["Resources"][name]) for name in kept}
        outputs = self.template["Outputs"].items()
        self.outputs = {name: self.resolve(output["Value"]) for name, output in outputs if self.has(output)}

    def has(self, conditional: dict) -> bool:
        """Whether what may have a condition is there."""
        return "Condition" not in conditional or self.resolve({"Condition": conditional["Condition"]})

    def of_type(self, kind: str) -> dict[str, dict]:
        """The properties of all resources of a type, by name."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def properties(self, name: str) -> dict:
        """A resource's properties."""
        return self.resources[name]["Properties"]

    def refusals(self) -> list[str]:
        """What the template's rules say against the parameters."""
        return [
            assertion["AssertDescription"]
            for rule in self.template["Rules"].values()
            if "RuleCondition" not in rule or self.resolve(rule["RuleCondition"])
            for assertion in rule["Assertions"]
            if not self.resolve(assertion["Assert"])
        ]

    def reference(self, name: str) -> str:
        """A parameter's value; `<Name>` for a resource, `<Name.Attribute>` for one's attribute."""
        if name in self.values:
            return self.values[name]
        resource = name.partition(".")[0]
        if resource not in self.names:
            raise KeyError(f"`{resource}` is not in the stack")
        return f"<{name}>"

    def resolve(self, value):
        """A value without CloudFormation's functions."""
        match value:
            case {"Ref": "AWS::NoValue"}:
                return NO_VALUE
            case {"Ref": name}:
                return self.reference(name)
            case {"Fn::GetAtt": [name, attribute]}:
                return self.reference(f"{name}.{attribute}")
            case {"Fn::Sub": [text, variables]}:
                known = self.resolve(variables)
                return SUBSTITUTED.sub(
                    lambda name: known[name[1]] if name[1] in known else str(self.reference(name[1])), text
                )
            case {"Fn::Sub": text}:
                return self.resolve({"Fn::Sub": [text, {}]})
            case {"Fn::FindInMap": [mapping, key, name]}:
                return self.template["Mappings"][mapping][self.resolve(key)][name]
            case {"Fn::If": [condition, then, otherwise]}:
                return self.resolve(then if self.resolve({"Condition": condition}) else otherwise)
            case {"Fn::Join": [separator, parts]}:
                return separator.join(self.resolve(parts))
            case {"Fn::Split": [separator, text]}:
                return self.resolve(text).split(separator)
            case {"Fn::Equals": [left, right]}:
                return str(self.resolve(left)) == str(self.resolve(right))
            case {"Fn::Not": [condition]}:
                return not self.resolve(condition)
            case {"Fn::And": conditions}:
                return all(map(self.resolve, conditions))
            case {"Condition": str(name)} if len(value) == 1:
                return self.resolve(self.template["Conditions"][name])
            case dict():
                resolved = {name: self.resolve(member) for name, member in value.items()}
                return {name: member for name, member in resolved.items() if member is not NO_VALUE}
            case list():
                return [item for item in map(self.resolve, value) if item is not NO_VALUE]
            case scalar:
                return scalar


def statements(policies: list[dict]) -> list[dict]:
    """The statements of a role's inline policies."""
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def listed(one_or_many) -> list:
    """A list, where IAM and CloudFormation take one thing or a list of them."""
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]
