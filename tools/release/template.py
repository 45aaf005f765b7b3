"""The template of a release: the functions are zip files beside it, for one architecture.

`sam deploy` uploads a zip file as it is. It takes no choice between two, so each architecture has a template.
That template refuses the other architecture: a stack never gets programs that its processor does not run.
"""

import re

from samtranslator.yaml_helper import yaml_parse

from tools.release import FUNCTIONS


class TemplateError(Exception):
    """The template has another form than this expects."""


def zip_path(architecture: str, program: str) -> str:
    """Where the zip file of a function is, from the template."""
    return f"functions/{architecture}/{program}.zip"


def replaced(pattern: str, replacement: str, text: str) -> str:
    """The text with the one place that a pattern finds replaced."""
    text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    if count != 1:
        raise TemplateError(f"the template has `{pattern}` {count} times, expected once")
    return text


def released(text: str, architecture: str) -> str:
    """The template of a release, made of the one that builds from source; its comments stay."""
    for function, program in FUNCTIONS.items():
        text = replaced(
            rf"(^  {function}:\n    Type: AWS::Serverless::Function\n)"
            rf"    Metadata:\n      BuildMethod: rust-cargolambda\n      BuildProperties:\n"
            rf"        Binary: {program}\n"
            rf"(    Properties:\n      FunctionName: .+\n      CodeUri: )\.$",
            rf"\g<1>\g<2>{zip_path(architecture, program)}",
            text,
        )
    default = yaml_parse(text)["Parameters"]["Architecture"]["Default"]
    text = replaced(
        rf"(^  Architecture:\n(?:    .+\n)*?    Default: ){default}$", rf"\g<1>{architecture}", text
    )
    return replaced(
        r"(^  Architecture:\n(?:    .+\n)*?    AllowedValues: )\[.+\]$", rf"\g<1>[{architecture}]", text
    )
