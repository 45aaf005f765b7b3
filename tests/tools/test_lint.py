"""The template is what CloudFormation takes, and the lint would notice if it were not."""

import unittest

from tests.template.stack import TEMPLATE
from tools.lint_template import lint

# A right text, a wrong one, and what the lint says of it.
PLANTED = [
    ("InvokeMode: BUFFERED", "InvokeMode: BUFERED", "'BUFERED' is not one of"),
    ("Destination: !GetAtt Bus.Arn", "Destination: !GetAtt Buss.Arn", "'Buss' is not one of"),
    ("MaximumRetryAttempts: 2\n", "MaximumRetryAttempts: 500\n", "500 is greater than the maximum of 2"),
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
