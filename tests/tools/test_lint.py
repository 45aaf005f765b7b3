"""CloudFormation would accept the template, and the lint notices errors."""

import unittest

from tests.template.stack import TEMPLATE
from tools.lint_template import lint

# A valid text, an invalid one, and the lint's message about it.
PLANTED = [
    ("Type: AWS::Events::Archive", "Type: AWS::Events::Archives", "'AWS::Events::Archives' does not exist"),
    (
        "Type: EventBridge\n            Destination: !GetAtt Bus.Arn",
        "Type: EventBridge\n            Destination: !GetAtt Buss.Arn",
        "'Buss' is not one of",
    ),
    ("EvaluationPeriods: 12\n", "EvaluationPeriods: 0\n", "0 is less than the minimum of 1"),
    ("[AwsChecksCallers, AWS_IAM, NONE]", "[AwsChecksCallers, AWS_IAM, NOPE]", "'NOPE' is not one of"),
]


class Lint(unittest.TestCase):
    def test_the_template_has_no_errors(self):
        self.assertEqual(lint(TEMPLATE), [])

    def test_each_planted_error_is_found_and_nothing_else(self):
        for right, wrong, said in PLANTED:
            with self.subTest(wrong):
                self.assertEqual(TEMPLATE.count(right), 1)
                errors = lint(TEMPLATE.replace(right, wrong))
                self.assertEqual(len(errors), 1, errors)
                self.assertIn(said, errors[0])
