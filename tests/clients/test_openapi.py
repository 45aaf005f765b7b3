"""Programs that know nothing else of the bridge accept its OpenAPI document."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import openapi_schema_validator
import openapi_spec_validator
import referencing.jsonschema

from tools import embed_schema, launch, openapi_3_0
from tools.paths import ROOT

HERE = Path(__file__).resolve().parent
TOKEN = "local-token"


REDOCLY = "@redocly/cli@2.77.0"


def read(document: Path) -> dict:
    return json.loads(document.read_text())


class TheDocument(unittest.TestCase):
    def test_is_openapi(self):
        for document in (embed_schema.DOCUMENT, openapi_3_0.DOCUMENT):
            with self.subTest(document.name):
                openapi_spec_validator.validate(read(document))

    @unittest.skipUnless(shutil.which("npx"), "Node is not installed")
    def test_passes_redocly_without_a_warning(self):
        command = ["npx", "--yes", REDOCLY, "lint", "--format", "json"]
        # The documents and the health check refuse nothing, and 405 belongs to no operation.
        command += ["--skip-rule", "operation-4xx-response", "--skip-rule", "no-unused-components"]
        environment = os.environ | {
            "npm_config_cache": str(ROOT / ".venv/npm"),
            "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
            "REDOCLY_TELEMETRY": "off",
        }
        folder = self.enterContext(tempfile.TemporaryDirectory())  # no configuration but this
        for document in (embed_schema.DOCUMENT, openapi_3_0.DOCUMENT):
            with self.subTest(document.name):
                run = subprocess.run(
                    [*command, str(document)], cwd=folder, env=environment, capture_output=True, text=True
                )
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                self.assertEqual(json.loads(run.stdout)["problems"], [])

    def test_contains_the_schema_that_the_bridge_validates_against(self):
        self.assertEqual(embed_schema.DOCUMENT.read_text(), embed_schema.up_to_date())

    def test_accepts_a_whole_opportunity_and_the_body_of_an_update(self):
        opportunity = read(ROOT / "events/opportunity.json")
        update = launch.OPPORTUNITY | launch.writable(opportunity)
        update["LastModifiedDate"] = opportunity["LastModifiedDate"]
        for document, validator in (
            (embed_schema.DOCUMENT, openapi_schema_validator.OAS31Validator),
            (openapi_3_0.DOCUMENT, openapi_schema_validator.OAS30Validator),
        ):
            for schema, body in (("OpportunityPatch", opportunity), ("IdentifiedOpportunityPatch", update)):
                with self.subTest(f"{document.name} {schema}"):
                    components = {"components": read(document)["components"]}
                    resource = referencing.jsonschema.DRAFT202012.create_resource(components)
                    registry = referencing.Registry().with_resource("urn:document", resource)
                    reference = {"$ref": f"urn:document#/components/schemas/{schema}"}
                    validator(reference, registry=registry).validate(body)


class TheDocumentInOpenApi30(unittest.TestCase):
    def test_is_made_from_the_3_1_document(self):
        self.assertEqual(openapi_3_0.DOCUMENT.read_text(), openapi_3_0.up_to_date())

    def test_accepts_only_json(self):
        bodies = read(openapi_3_0.DOCUMENT)["components"]["requestBodies"].values()
        self.assertEqual(
            {media_type for body in bodies for media_type in body["content"]}, {"application/json"}
        )

    def test_what_3_0_does_not_know_is_converted_or_refused(self):
        for schema in (
            {"type": ["string", "integer"]},
            {"type": ["string", "null"], "enum": ["a", None]},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            {"description": "x", "$ref": "#/components/schemas/Answer"},
        ):
            with self.subTest(schema), self.assertRaises(openapi_3_0.NoCounterpartError):
                openapi_3_0.place(schema, {"Answer": {"properties": {}}})

    def test_stays_within_the_limits_of_salesforce_external_services(self):
        """https://help.salesforce.com/s/articleView?id=platform.external_services_schema_def_definition.htm
        and the pages beside it: names that Apex takes, descriptions of 1333 characters, no `not`.
        """
        document = read(openapi_3_0.DOCUMENT)
        operations = [
            operation
            for item in document["paths"].values()
            for operation in item.values()
            if isinstance(operation, dict)
        ]
        parameters = document["components"]["parameters"].values()
        for described in (*operations, *parameters):
            self.assertLessEqual(len(described.get("description", "")), 1333, described)
        schemas = document["components"]["schemas"]
        names = [operation["operationId"] for operation in operations]
        for name, schema in schemas.items():
            names += [name, *schema.get("properties", {})]
            self.assertNotIn("not", schema, name)
        for name in names:
            self.assertRegex(name, re.compile(r"[A-Za-z](_?[A-Za-z0-9])*\Z"))


class TheFunction(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        opportunity = cls.enterClassContext(tempfile.NamedTemporaryFile("w", suffix=".json"))
        opportunity.write(open_for_everything())
        opportunity.flush()
        partner_central = cls.enterClassContext(launch.emulator("--seed", opportunity.name))
        settings = launch.settings(
            partner_central,
            PARTNER_CENTRAL_CATALOG="AWS",
            WEBHOOK_AUTH="bearer",
            WEBHOOK_SECRETS=TOKEN,
            CRM_MAPPING=str(ROOT / "mappings/hubspot.json"),
        )
        cls.url = cls.enterClassContext(launch.answering(settings))

    def test_answers_generated_requests_as_the_document_says(self):
        command = ["schemathesis", "--config-file", str(HERE / "schemathesis.toml")]
        command += ["run", str(embed_schema.DOCUMENT), "--url", self.url, "--no-color"]
        command += ["--header", f"Authorization: Bearer {TOKEN}"]
        hooks = {"SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"), "PYTHONPATH": str(ROOT)}
        environment = os.environ | hooks
        with tempfile.TemporaryDirectory() as folder:  # it leaves files where it runs
            run = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=launch.PATIENCE_SECONDS,
            )
        self.assertEqual(run.returncode, 0, f"\n{run.stdout}{run.stderr}")


def open_for_everything() -> str:
    """The sample before a review; in catalog `AWS` no patch can start one."""
    opportunity = json.loads((ROOT / "events/opportunity.json").read_text())
    opportunity["Catalog"] = "AWS"
    opportunity["LifeCycle"]["ReviewStatus"] = "Pending Submission"
    return json.dumps(opportunity)
