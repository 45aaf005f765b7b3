"""The commands in the documents exist, with the options shown.

Commands that need AWS cannot run here. So they are compared with their definitions: the Makefile, the
API's model that the AWS CLI is made from, SAM's own options. All others are run as they stand by
`tests.clients.test_documents`, or by the tests that `RUN_ELSEWHERE` names there.
"""

import importlib.util
import re
import unittest

import boto3
from botocore import xform_name
from samcli.commands.delete.command import cli as sam_delete
from samcli.commands.list.stack_outputs.command import cli as sam_list_stack_outputs

from tests.tools import documents
from tests.tools.test_make import MAKEFILE
from tools import operate
from tools.paths import ROOT

# The AWS CLI's own options, valid for every operation.
EVERYWHERE = {"--region", "--query", "--output", "--cli-input-json", "--endpoint-url"}
TARGETS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)


def found(program: str) -> list[tuple[str, list[str]]]:
    """The commands of a program in all documents, each with its document."""
    return [(name, command) for name in documents.names() for command in documents.commands(name, program)]


class Commands(unittest.TestCase):
    def test_every_make_command_is_in_the_makefile_and_names_its_environment(self):
        commands = [(name, command) for name, command in found("make") if len(command) > 1]
        self.assertGreater(len(commands), 60)
        for document, (_, target, *variables) in commands:
            with self.subTest(document=document, target=target, variables=variables):
                self.assertIn(target, TARGETS)
                if target in documents.TARGETS_OF_AWS and variables:
                    self.assertTrue(variables[0].startswith("ENVIRONMENT="), variables)
                for variable in variables:
                    name = variable.partition("=")[0]
                    self.assertTrue(name == "ENVIRONMENT" or f"({name})" in MAKEFILE, name)

    def test_every_command_of_a_release_exists_and_takes_its_settings(self):
        pages = "".join(map(documents.text, ("README.md", "docs/operations.md")))
        found = re.findall(r"(?<![\w/])\./([a-z-]+)((?: [A-Z]+=[^\s`]+)*)", pages)
        self.assertGreater(len(found), 5)
        for command, settings in found:
            with self.subTest(command, settings=settings):
                given = settings.replace("…", "sandbox").split()
                operate.settings(command, given, {"ENVIRONMENT": "sandbox"})

    def test_every_aws_command_is_an_operation_with_options_that_exist(self):
        # `configure` is the AWS CLI's own, and no service.
        shown = [(document, command) for document, command in found("aws") if len(command) > 2]
        commands = [(document, command) for document, command in shown if command[1] != "configure"]
        self.assertGreater(len(commands), 8)
        for document, (_, service, operation, *rest) in commands:
            with self.subTest(f"{document}: {service} {operation}"):
                model = boto3.client(service, region_name="us-east-1").meta.service_model
                operations = {xform_name(name, "-"): name for name in model.operation_names}
                shape = model.operation_model(operations[operation]).input_shape
                members = shape.members if shape else {}
                taken = {f"--{xform_name(name, '-')}" for name in members} | EVERYWHERE
                given = {part for part in rest if part.startswith("--")}
                self.assertLessEqual(given, taken)
                if given and "--endpoint-url" not in given:
                    self.assertIn("--region", given)

    def test_every_sam_command_has_options_that_exist(self):
        for _, (_, *parts) in found("sam"):
            if parts[0] not in ("delete", "list"):
                continue
            command = sam_delete if parts[0] == "delete" else sam_list_stack_outputs
            options = {option for parameter in command.params for option in parameter.opts}
            self.assertIn("--config-env", options)
            self.assertLessEqual({part for part in parts if part.startswith("--")}, options)

    def test_every_module_to_run_exists(self):
        modules = found("python") + found(".venv/bin/python")
        modules = [parts for _, parts in modules if "-m" in parts]
        self.assertGreater(len(modules), 1)
        for parts in modules:
            module = parts[-1] if parts[2] == "unittest" else parts[2]
            with self.subTest(parts):
                self.assertIsNotNone(importlib.util.find_spec(module))

    def test_what_needs_aws_is_shown_in_a_document_that_says_so(self):
        for name in documents.names():
            commands = [command for block in documents.blocks(name) for command in block.commands()]
            if any(map(documents.needs_aws, commands)):
                self.assertRegex(documents.text(name), r"\bneeds\s+AWS\b|\ban\s+AWS\s+account\b", name)


class Links(unittest.TestCase):
    def test_every_link_has_a_target(self):
        for name in documents.names():
            for target in re.findall(r"\]\(([^)\s]+)\)", documents.text(name)):
                if re.match(r"https?://", target):
                    continue
                path, _, anchor = target.partition("#")
                file = (ROOT / name).parent / path if path else ROOT / name
                with self.subTest(document=name, target=target):
                    self.assertTrue(file.exists())
                    if anchor:
                        headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
                        self.assertIn(anchor, list(map(anchored, headings)))


def anchored(heading: str) -> str:
    """The anchor that a heading gets on GitHub."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
