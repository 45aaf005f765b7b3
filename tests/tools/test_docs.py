"""The commands of the operator's page exist, with the options that they are shown with.

Those that need AWS cannot be run here. So they are held against what they are made of: the Makefile, the
API's model that the AWS CLI is made of, SAM's own options.
"""

import re
import shlex
import unittest

import boto3
from botocore import xform_name
from samcli.commands.delete.command import cli as sam_delete
from samcli.commands.list.stack_outputs.command import cli as sam_list_stack_outputs

from tests.tools.test_make import MAKEFILE
from tools.local import ROOT

PAGE = (ROOT / "docs/operations.md").read_text()
# Of the AWS CLI itself, whatever the operation is.
EVERYWHERE = {"--region", "--query", "--output", "--cli-input-json"}
TARGETS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)
OF_A_STACK = {"deploy", "smoke", "log", "hand-on", "redrive"}


def commands(program: str) -> list[list[str]]:
    """The commands of a program on the page, split as a shell does, those inside of others included."""
    shown = re.findall(r"^ *\$ (.+(?:(?<=\\)\n.+)*)", PAGE, re.MULTILINE) + re.findall(
        r"`([a-z]+ [^`\n]+)`", PAGE
    )
    text = [command.replace("\\\n", " ") for command in shown]
    inner = [part for command in text for part in re.findall(r"\$\(([^()]+)\)", command)]
    outer = [re.sub(r"\$\([^()]+\)", "INNER", command) for command in text]
    return [parts for parts in map(shlex.split, outer + inner) if parts and parts[0] == program]


class Page(unittest.TestCase):
    def test_every_make_command_is_one_of_the_makefile_and_names_its_environment(self):
        found = commands("make")
        self.assertGreater(len(found), 20)
        for _, target, *variables in found:
            with self.subTest(target, variables=variables):
                self.assertIn(target, TARGETS)
                if target in OF_A_STACK and variables:
                    self.assertTrue(variables[0].startswith("ENVIRONMENT="), variables)
                for variable in variables:
                    name = variable.partition("=")[0]
                    self.assertTrue(name == "ENVIRONMENT" or f"({name})" in MAKEFILE, name)

    def test_every_aws_command_is_an_operation_with_options_that_it_takes(self):
        found = commands("aws")
        self.assertGreater(len(found), 8)
        for _, service, operation, *rest in found:
            with self.subTest(f"{service} {operation}"):
                model = boto3.client(service, region_name="us-east-1").meta.service_model
                operations = {xform_name(name, "-"): name for name in model.operation_names}
                shape = model.operation_model(operations[operation]).input_shape
                members = shape.members if shape else {}
                taken = {f"--{xform_name(name, '-')}" for name in members} | EVERYWHERE
                given = {part for part in rest if part.startswith("--")}
                self.assertLessEqual(given, taken)
                if given:
                    self.assertIn("--region", given)

    def test_every_sam_command_takes_its_options(self):
        for _, *parts in commands("sam"):
            if parts[0] not in ("delete", "list"):
                continue
            command = sam_delete if parts[0] == "delete" else sam_list_stack_outputs
            options = {option for parameter in command.params for option in parameter.opts}
            self.assertIn("--config-env", options)
            self.assertLessEqual({part for part in parts if part.startswith("--")}, options)

    def test_every_link_leads_somewhere(self):
        for target in re.findall(r"\]\(([^)]+)\)", PAGE):
            if target.startswith("https://"):
                continue
            path, _, anchor = target.partition("#")
            file = (ROOT / "docs" / path) if path else ROOT / "docs/operations.md"
            self.assertTrue(file.is_file(), target)
            if anchor:
                headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
                anchors = [re.sub(r"[^a-z0-9 -]", "", it.lower()).replace(" ", "-") for it in headings]
                self.assertIn(anchor, anchors, target)
