"""The OpenAPI document in the hands of programs that know nothing else of the bridge."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import openapi_spec_validator

from tools import embed_schema, local

HERE = Path(__file__).resolve().parent
TOKEN = "local-token"


class TheDocument(unittest.TestCase):
    def test_is_openapi(self):
        openapi_spec_validator.validate(json.loads(embed_schema.DOCUMENT.read_text()))

    def test_holds_the_schema_that_the_bridge_judges_by(self):
        self.assertEqual(embed_schema.DOCUMENT.read_text(), embed_schema.up_to_date())


class TheFunction(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        opportunity = cls.enterClassContext(tempfile.NamedTemporaryFile("w", suffix=".json"))
        opportunity.write(open_for_everything())
        opportunity.flush()
        partner_central = cls.enterClassContext(local.emulator("--seed", opportunity.name))
        settings = local.settings(
            partner_central, PARTNER_CENTRAL_CATALOG="AWS", WEBHOOK_AUTH="bearer", WEBHOOK_SECRETS=TOKEN
        )
        cls.url = cls.enterClassContext(local.answering(settings))

    def test_answers_generated_requests_as_the_document_says(self):
        command = ["schemathesis", "--config-file", str(HERE / "schemathesis.toml")]
        command += ["run", str(embed_schema.DOCUMENT), "--url", self.url, "--no-color"]
        command += ["--header", f"Authorization: Bearer {TOKEN}"]
        environment = os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")}
        with tempfile.TemporaryDirectory() as folder:  # it leaves files where it runs
            run = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=local.PATIENCE_SECONDS,
            )
        self.assertEqual(run.returncode, 0, f"\n{run.stdout}{run.stderr}")


def open_for_everything() -> str:
    """The sample as it is before a review, which in catalog `AWS` no patch can start."""
    opportunity = json.loads((local.ROOT / "events/opportunity.json").read_text())
    opportunity["Catalog"] = "AWS"
    opportunity["LifeCycle"]["ReviewStatus"] = "Pending Submission"
    return json.dumps(opportunity)
