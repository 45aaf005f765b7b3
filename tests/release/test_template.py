"""A release's template is the one in the repository, with zip files in the place of builds."""

import unittest

from samtranslator.yaml_helper import yaml_parse

from tools.lint_template import lint
from tools.operate import TEMPLATES
from tools.paths import ROOT
from tools.release import FUNCTIONS, template

SOURCE = (ROOT / "template.yaml").read_text()


class Released(unittest.TestCase):
    def test_only_where_the_code_is_and_the_processor_differ(self):
        for architecture in TEMPLATES:
            with self.subTest(architecture):
                found = yaml_parse(template.released(SOURCE, architecture))
                expected = yaml_parse(SOURCE)
                for function, program in FUNCTIONS.items():
                    resource = expected["Resources"][function]
                    del resource["Metadata"]
                    resource["Properties"]["CodeUri"] = f"functions/{architecture}/{program}.zip"
                of_processor = expected["Parameters"]["Architecture"]
                of_processor |= {"Default": architecture, "AllowedValues": [architecture]}
                self.assertEqual(found, expected)

    def test_it_has_every_function_of_the_template(self):
        resources = yaml_parse(SOURCE)["Resources"].items()
        functions = {name for name, it in resources if it["Type"] == "AWS::Serverless::Function"}
        self.assertEqual(functions, set(FUNCTIONS))

    def test_comments_stay(self):
        released = template.released(SOURCE, "arm64")
        comments = [line for line in SOURCE.splitlines() if line.lstrip().startswith("#")]
        self.assertEqual([line for line in released.splitlines() if line.lstrip().startswith("#")], comments)

    def test_it_has_no_errors(self):
        self.assertEqual(lint(template.released(SOURCE, "x86_64")), [])

    def test_a_template_of_another_form_is_refused(self):
        with self.assertRaisesRegex(template.TemplateError, "0 times, expected once"):
            template.released(SOURCE.replace("      CodeUri: .\n", "      CodeUri: elsewhere\n", 1), "arm64")
