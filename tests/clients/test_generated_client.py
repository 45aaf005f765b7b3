"""A client that a generator makes of the OpenAPI document reads and writes through the bridge."""

import importlib
import importlib.util
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import ModuleType

from tools import embed_schema, local

TOKEN = "local-token"
IDENTIFIER = "O7654321"


class AGeneratedClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        generate(Path(folder))
        cls.package = load(Path(folder) / "bridge_client")
        cls.models = importlib.import_module("bridge_client.models")

        settings = local.settings(
            cls.enterClassContext(local.emulator()), WEBHOOK_AUTH="bearer", WEBHOOK_SECRETS=TOKEN
        )
        cls.url = cls.enterClassContext(local.answering(settings))

    def call(self, operation: str, token: str = TOKEN, **arguments):
        """What an operation answers, as the object that the generator made for it."""
        function = importlib.import_module(f"bridge_client.api.opportunities.{operation}").sync
        with self.package.AuthenticatedClient(base_url=self.url, token=token) as client:
            return function(client=client, **arguments)

    # Changes go through the operation without JSON Patch: where a body may be a list, this generator
    # writes `isinstance(body, list[...])`, which Python refuses.

    def test_changes_an_opportunity_and_reads_it(self):
        life_cycle = self.models.LifeCycle(stage=self.models.LifeCycleStage.COMMITTED)
        patch = self.models.IdentifiedOpportunityPatch(identifier=IDENTIFIER, life_cycle=life_cycle)
        answer = self.call("post_identified_opportunity", body=patch)
        self.assertEqual(answer.outcome, self.models.AnswerOutcome.UPDATED)
        self.assertEqual([change.path for change in answer.changes], ["/LifeCycle/Stage"])

        read = self.call("get_opportunity", identifier=IDENTIFIER)
        self.assertEqual(read["LifeCycle"]["Stage"], "Committed")
        self.assertEqual(read.last_modified_date, answer.last_modified_date)

    def test_tries_a_change(self):
        project = self.models.Project(title=None)
        patch = self.models.IdentifiedOpportunityPatch(identifier=IDENTIFIER, project=project)
        answer = self.call("post_identified_opportunity", body=patch, dry_run=True)
        self.assertEqual(answer.outcome, self.models.AnswerOutcome.DRY_RUN)
        self.assertEqual(
            [(error.pointer, error.code) for error in answer.errors], [("/Project/Title", "locked")]
        )

    def test_is_told_why_it_is_refused(self):
        problem = self.call("get_opportunity", identifier=IDENTIFIER, token="wrong")
        self.assertEqual(
            (problem.type_, problem.status), ("urn:opportunity-bridge:problems/unauthorized", 401)
        )


def generate(folder: Path) -> None:
    """Makes the package `bridge_client`; a warning is an error, because it leaves something out."""
    config = folder / "config.json"
    config.write_text('{"post_hooks": []}')  # else the code is formatted, with tools to be installed
    command = ["openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"]
    command += ["--path", str(embed_schema.DOCUMENT), "--output-path", str(folder / "bridge_client")]
    made = subprocess.run([*command, "--config", str(config)], capture_output=True, text=True)
    if made.returncode:
        raise AssertionError(made.stdout + made.stderr)


def load(package: Path) -> ModuleType:
    """A package that is not where Python looks for packages."""
    spec = importlib.util.spec_from_file_location(package.name, package / "__init__.py")
    module = sys.modules[package.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
