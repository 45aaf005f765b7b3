"""The commands of a release, for people who have no Rust: `./deploy ENVIRONMENT=sandbox`.

Each is a target of the Makefile, takes the same settings, and does the same. A setting is NAME=VALUE, or a
variable of the environment, as for make.

Usage: python -m tools.operate COMMAND [NAME=VALUE...]
"""

import os
import platform
import runpy
import shlex
import shutil
import subprocess
import sys

from tools.paths import ROOT

# The settings that each command takes.
SETTINGS = {
    "deploy": ("ENVIRONMENT", "PARAMETERS", "ARCHITECTURE", "TAGS", "ROLE"),
    "preflight": ("ENVIRONMENT", "PARAMETERS"),
    "smoke": ("ENVIRONMENT", "ID"),
    "log": ("ENVIRONMENT", "SINCE", "FIND"),
    "hand-on": ("ENVIRONMENT", "IDS"),
    "forget": ("ENVIRONMENT", "ID"),
    "redrive": ("ENVIRONMENT",),
    "backfill": ("ENVIRONMENT", "SINCE", "UNTIL"),
    "mapping": ("FILE",),
}
CATALOGS = {"sandbox": "Sandbox", "production": "AWS"}
# The template of each architecture (`sam` takes `template.yaml` by itself), and what machines call it.
TEMPLATES = {"arm64": "template.yaml", "x86_64": "template-x86_64.yaml"}
MACHINES = {"aarch64": "arm64", "arm64": "arm64", "amd64": "x86_64", "x86_64": "x86_64"}
SAM = "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html"


class SettingError(Exception):
    """A command was not told what it needs, or something that it does not know."""


def settings(command: str, texts: list[str], environment: dict[str, str]) -> dict[str, str]:
    """The settings of a command; those that are not given are empty."""
    known = SETTINGS[command]
    found = {name: environment.get(name, "") for name in known}
    for text in texts:
        name, is_setting, value = text.partition("=")
        if not is_setting or name not in known:
            expected = ", ".join(f"`{it}=…`" for it in known)
            raise SettingError(f"`{text}` is no setting of `{command}`, expected {expected}")
        found[name] = value
    if "ENVIRONMENT" in known and found["ENVIRONMENT"] not in CATALOGS:
        told = f"`{found['ENVIRONMENT']}`" if found["ENVIRONMENT"] else "not set"
        raise SettingError(f"`ENVIRONMENT` is {told}, expected {' or '.join(f'`{it}`' for it in CATALOGS)}")
    return found


def needed(given: dict[str, str], name: str, example: str) -> str:
    """A setting that a command cannot do without."""
    if not given[name]:
        raise SettingError(f"`{name}` is not set, expected {example}")
    return given[name]


def steps(command: str, given: dict[str, str]) -> list[list[str]]:
    """What a command runs, one after the other: modules of Python and programs, with their arguments."""
    if command == "mapping":
        program = mapping_check(platform.system(), platform.machine())
        return [[program, needed(given, "FILE", "a mapping, such as mappings/hubspot.json")]]
    environment = given["ENVIRONMENT"]
    stack = f"opportunity-bridge-{environment}"
    parameters = shlex.split(given.get("PARAMETERS", ""))
    tool = ["python", "-m", f"tools.{command.replace('-', '_')}"]
    match command:
        case "preflight":
            return [[*tool, environment, *parameters]]
        case "deploy":
            return [*steps("preflight", given), sam_deploy(given, parameters)]
        case "smoke":
            return [[*tool, stack, given["ID"]]]
        case "log":
            since = ["--since", given["SINCE"]] if given["SINCE"] else []
            find = ["--find", given["FIND"]] if given["FIND"] else []
            return [[*tool, stack, *since, *find]]
        case "hand-on":
            return [[*tool, stack, *shlex.split(given["IDS"])]]
        case "forget":
            return [[*tool, stack, *shlex.split(given["ID"])]]
        case "backfill":
            since = needed(given, "SINCE", "a date such as 2024-01-01")
            return [[*tool, stack, since, *filter(None, [given["UNTIL"]])]]
    return [[*tool, stack]]


def sam_deploy(given: dict[str, str], parameters: list[str]) -> list[str]:
    """The call of SAM's that deploys the release's own programs."""
    architecture = given["ARCHITECTURE"] or "arm64"
    if architecture not in TEMPLATES:
        raise SettingError(f"`ARCHITECTURE` is `{architecture}`, expected `arm64` or `x86_64`")
    tags, role = shlex.split(given["TAGS"]), given["ROLE"]
    return [
        *[
            "sam",
            "deploy",
            "--template-file",
            str(ROOT / TEMPLATES[architecture]),
            "--config-env",
            given["ENVIRONMENT"],
        ],
        *[
            "--parameter-overrides",
            f"Catalog={CATALOGS[given['ENVIRONMENT']]}",
            f"Architecture={architecture}",
        ],
        *parameters,
        *(["--tags", *tags] if tags else []),
        *(["--role-arn", role] if role else []),
    ]


def mapping_check(system: str, machine: str) -> str:
    """The program that checks mappings, for a machine; there is one for each that the functions run on."""
    programs = {path.parent.name: str(path) for path in sorted(ROOT.glob("bin/*/mapping-check"))}
    architecture = MACHINES.get(machine.lower())
    if system != "Linux" or architecture not in programs:
        expected = " or ".join(f"`Linux {name}`" for name in programs)
        raise SettingError(
            f"this machine is `{system} {machine}`, expected {expected}; "
            "from the source, `make mapping` builds the check"
        )
    return programs[architecture]


def run(step: list[str]) -> int:
    """Runs a step; gives its status."""
    if step[:2] != ["python", "-m"]:
        return subprocess.run(step, check=False).returncode
    _, _, module, *arguments = step
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def main(arguments: list[str]) -> int:
    command, *texts = arguments
    try:
        planned = steps(command, settings(command, texts, dict(os.environ)))
        if command == "deploy" and not shutil.which("sam"):
            raise SettingError(f"there is no `sam` on the PATH, expected the AWS SAM CLI: {SAM}")
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    for step in planned:
        if status := run(step):
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
