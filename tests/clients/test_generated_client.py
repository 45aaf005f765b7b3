"""Generated clients, made from the OpenAPI documents, read and write through the bridge."""

import importlib
import importlib.util
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import ModuleType

from tools import embed_schema, launch, openapi_3_0

TOKEN = "local-token"
IDENTIFIER = "O7654321"


def setUpModule():
    global url
    partner_central = unittest.enterModuleContext(launch.emulator())
    settings = launch.settings(partner_central, WEBHOOK_AUTH="bearer", WEBHOOK_SECRETS=TOKEN)
    url = unittest.enterModuleContext(launch.answering(settings))


class AGeneratedClient:
    """What a client must be able to do, whichever document it was generated from."""

    document: Path

    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.name = cls.__name__.lower()
        generate(cls.document, folder / cls.name)
        cls.package = load(folder / cls.name)
        cls.models = importlib.import_module(f"{cls.name}.models")

    def call(self, operation: str, token: str = TOKEN, **arguments):
        """The answer of an operation, as the object that the generator made for it."""
        function = importlib.import_module(f"{self.name}.api.opportunities.{operation}").sync
        with self.package.AuthenticatedClient(base_url=url, token=token) as client:
            return function(client=client, **arguments)

    def patch(self, **fields):
        return self.models.OpportunityPatch(**fields)

    def part(self, name: str, **fields):
        """An object of an opportunity, by its name in the document."""
        # From 3.0 this generator names an object that may be null `LifeCycleType0`.
        made = getattr(self.models, name, None) or getattr(self.models, f"{name}Type0")
        return made(**fields)

    def next_steps(self, text: str):
        return self.part("LifeCycle", next_steps=text)

    def test_changes_an_opportunity_and_reads_it(self):
        patch = self.patch(life_cycle=self.next_steps(self.id()))
        answer = self.call("patch_opportunity", identifier=IDENTIFIER, body=patch)
        self.assertEqual(answer.outcome, self.models.Outcome.UPDATED)
        self.assertEqual(
            [(change.pointer, change.source) for change in answer.changes],
            [("/LifeCycle/NextSteps", self.models.Source.PATCH)],
        )

        read = self.call("get_opportunity", identifier=IDENTIFIER)
        self.assertEqual(read["LifeCycle"]["NextSteps"], self.id())
        self.assertEqual(read.last_modified_date, answer.last_modified_date)
        self.assertEqual(f'"{read.last_modified_date}"', answer.etag)

    def test_changes_the_opportunity_that_the_body_names_in_the_state_that_was_read(self):
        read = self.call("get_opportunity", identifier=IDENTIFIER)
        patch = self.models.IdentifiedOpportunityPatch(
            identifier=IDENTIFIER,
            last_modified_date=read.last_modified_date,
            life_cycle=self.next_steps(self.id()),
        )
        answer = self.call(
            "update_opportunity", body=patch, prefer=self.models.Preference.RETURN_REPRESENTATION
        )
        self.assertEqual(answer.outcome, self.models.Outcome.UPDATED)
        self.assertEqual(answer.opportunity["LifeCycle"]["NextSteps"], self.id())

        stale = self.call("update_opportunity", body=patch)
        self.assertEqual(stale.type_, self.models.ProblemType.PRECONDITION_FAILED)
        self.assertEqual(stale.etag, answer.etag)

    def test_clears_a_value_of_a_list_in_a_dry_run(self):
        account = self.part("CustomerAccount", industry=None)
        patch = self.patch(customer=self.part("Customer", account=account))
        answer = self.call("patch_opportunity", identifier=IDENTIFIER, body=patch, dry_run=True)
        self.assertEqual(answer.outcome, self.models.Outcome.DRY_RUN)
        self.assertEqual(
            [(change.pointer, change.after) for change in answer.changes],
            [("/Customer/Account/Industry", None)],
        )
        self.assertIsNone(answer.request["Customer"]["Account"]["Industry"])

    def test_learns_from_a_dry_run_what_would_be_refused(self):
        patch = self.patch(project=self.part("Project", title=None))
        answer = self.call("patch_opportunity", identifier=IDENTIFIER, body=patch, dry_run=True)
        self.assertEqual(
            [(error.pointer, error.code) for error in answer.errors],
            [("/Project/Title", self.models.Code.LOCKED)],
        )

    def test_learns_what_was_skipped_because_it_is_locked(self):
        patch = self.patch(
            project=self.part("Project", title="Another"), life_cycle=self.next_steps(self.id())
        )
        prefer = self.models.Preference.LOCKED_SKIP
        answer = self.call("patch_opportunity", identifier=IDENTIFIER, body=patch, prefer=prefer)
        self.assertEqual(answer.outcome, self.models.Outcome.UPDATED_IN_PART)
        self.assertEqual([change.pointer for change in answer.changes], ["/LifeCycle/NextSteps"])
        self.assertEqual(
            [(skipped.pointer, skipped.code, skipped.wanted) for skipped in answer.skipped],
            [("/Project/Title", self.models.Code.LOCKED, "Another")],
        )

    def test_learns_why_it_is_refused(self):
        patch = self.patch(project=self.part("Project", title="Another"))
        problem = self.call("patch_opportunity", identifier=IDENTIFIER, body=patch)
        self.assertEqual((problem.type_, problem.status), (self.models.ProblemType.OPPORTUNITY_LOCKED, 409))
        (error,) = problem.errors
        self.assertEqual((error.code, error.source), (self.models.Code.LOCKED, self.models.Source.PATCH))
        read = self.call("get_opportunity", identifier=IDENTIFIER)
        self.assertEqual(problem.etag, f'"{read.last_modified_date}"')

        problem = self.call("get_opportunity", identifier=IDENTIFIER, token="wrong")
        self.assertEqual((problem.type_, problem.status), (self.models.ProblemType.UNAUTHORIZED, 401))

    def test_reads_awss_summary(self):
        summary = self.call("get_aws_summary", identifier=IDENTIFIER)
        self.assertEqual(summary["RelatedOpportunityId"], IDENTIFIER)


class OfOpenApi31(AGeneratedClient, unittest.TestCase):
    document = embed_schema.DOCUMENT

    def test_changes_an_opportunity_by_a_json_patch(self):
        replace = self.models.ValueOperation(
            op=self.models.ValueOperationOp.REPLACE, path="/LifeCycle/NextSteps", value=self.id()
        )
        answer = self.call("post_json_patch", identifier=IDENTIFIER, body=[replace])
        self.assertEqual(answer.outcome, self.models.Outcome.UPDATED)


class OfOpenApi30(AGeneratedClient, unittest.TestCase):
    document = openapi_3_0.DOCUMENT


def generate(document: Path, package: Path) -> None:
    """Generates a package; a warning is an error, because it means that something was left out."""
    config = package.with_suffix(".json")
    config.write_text('{"post_hooks": []}')  # else the code is formatted, with tools to be installed
    command = ["openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"]
    command += ["--path", str(document), "--output-path", str(package), "--config", str(config)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise AssertionError(made.stdout + made.stderr)


def load(package: Path) -> ModuleType:
    """Loads a package from outside Python's search path."""
    spec = importlib.util.spec_from_file_location(package.name, package / "__init__.py")
    module = sys.modules[package.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
