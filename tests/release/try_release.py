"""What a release's archive has in it, each thing started once: `make try-release`, after `make release`.

The archive is unpacked in an empty folder. Its commands get a PATH with Python alone, and that without the
machine's packages: no Cargo, no make. Its programs run as Lambda runs them, with the emulator in AWS's place;
those for another processor under QEMU, where the machine has that.
"""

import hashlib
import io
import json
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import urllib.parse
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator

from tools import check_build, launch, operate
from tools.paths import ROOT
from tools.release import DIST, FUNCTIONS, bom, name, template

SECRET = "whsec_" + "QUJD" * 8
IDENTIFIER = "O7654321"
SAM = shutil.which("sam")
# Where Debian's packages put the C library of the other processor.
LIBRARIES = {"arm64": "/usr/aarch64-linux-gnu", "x86_64": "/usr/x86_64-linux-gnu"}
QEMU = {"arm64": "aarch64", "x86_64": "x86_64"}


def emulating(architecture: str) -> list[str] | None:
    """What runs programs of an architecture on this machine; `None` where nothing does."""
    if operate.MACHINES[platform.machine().lower()] == architecture:
        return []
    names = [f"qemu-{QEMU[architecture]}", f"qemu-{QEMU[architecture]}-static"]
    qemu = next(filter(None, map(shutil.which, names)), None)
    if qemu is None or not Path(LIBRARIES[architecture]).is_dir():
        return None
    return [qemu, "-L", LIBRARIES[architecture]]


class Unpacked(unittest.TestCase):
    """The archive in a folder of its own, and a PATH with nothing but Python on it."""

    @classmethod
    def setUpClass(cls):
        packed = DIST / f"{name()}.tar.gz"
        if not packed.exists():
            raise FileNotFoundError(f"there is no {packed}, run `make release` first")
        cls.home = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        with tarfile.open(packed) as tar:
            tar.extractall(cls.home, filter="data")
        (cls.folder,) = cls.home.iterdir()
        cls.path = cls.home / "path"
        cls.path.mkdir()
        python = cls.path / "python3"
        # `-S`: what a machine's Python happens to have installed does not help.
        python.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).resolve()}" -S "$@"\n')
        python.chmod(0o755)
        (cls.path / "env").symlink_to(shutil.which("env"))
        found = sorted(path.name for path in (cls.folder / "functions").iterdir() if path.is_dir())
        cls.architectures = [it for it in found if it in check_build.MACHINES]

    def run_there(self, *command: str, **variables: str) -> subprocess.CompletedProcess:
        """Runs a command in the archive's folder, with nothing of this process's environment."""
        environment = {
            "PATH": str(self.path),
            "HOME": str(self.home),
            "AWS_EC2_METADATA_DISABLED": "true",  # no credentials of the machine's either
            "PYTHONDONTWRITEBYTECODE": "1",
            "SAM_CLI_TELEMETRY": "0",
        }
        return subprocess.run(
            command, cwd=self.folder, env=environment | variables, capture_output=True, text=True
        )

    def program(self, architecture: str, program: str) -> Path:
        """A function's program, out of its zip file."""
        target = self.home / architecture / program
        if not target.exists():
            with zipfile.ZipFile(self.folder / template.zip_path(architecture, program)) as opened:
                (entry,) = opened.infolist()
                self.assertEqual((entry.filename, entry.external_attr >> 16), ("bootstrap", 0o100755))
                opened.extract(entry, target)
                (target / "bootstrap").chmod(0o755)
        return target / "bootstrap"

    def programs(self) -> Iterator[tuple[str, str, Path]]:
        for architecture in self.architectures:
            for program in FUNCTIONS.values():
                yield architecture, program, self.program(architecture, program)
            yield architecture, "mapping-check", self.folder / "bin" / architecture / "mapping-check"


class Content(Unpacked):
    def test_the_checksums_are_right_and_leave_nothing_out(self):
        listed = dict(
            reversed(line.split("  ", 1)) for line in (self.folder / "SHA256SUMS").read_text().splitlines()
        )
        found = {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.folder.rglob("*")
            if path.is_file() and path.name != "SHA256SUMS"
        }
        self.assertEqual(listed, found)

    def test_every_program_is_one_that_lambda_runs_and_names_its_crates_and_no_folder(self):
        for architecture, program, path in self.programs():
            with self.subTest(f"{program} {architecture}"):
                self.assertEqual(check_build.faults(path, architecture)[0] + check_build.untold(path), [])

    def test_every_link_of_its_pages_leads_to_a_file_of_it(self):
        for page in self.folder.rglob("*.md"):
            text = page.read_text()
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"", text):
                path = "".join(target)
                if not path.startswith("https://"):
                    self.assertTrue((page.parent / path).exists(), f"{page.name}: {path}")

    def test_the_bill_of_materials_is_valid(self):
        text = (self.folder / "sbom.cdx.json").read_text()
        version = SchemaVersion.from_version(bom.SPEC)
        self.assertIsNone(make_schemabased_validator(OutputFormat.JSON, version).validate_str(text))

    def test_the_bill_of_materials_names_every_crate_that_a_program_has_code_of(self):
        listed = json.loads((self.folder / "sbom.cdx.json").read_text())["components"]
        known = {f"{it['name']}-{it['version']}" for it in listed if it.get("scope") == "required"}
        for _, program, path in self.programs():
            # A panic says in which file of which crate it is.
            sources = re.findall(rb"/registry/src/[^/]+/([A-Za-z0-9_.+-]+)/", path.read_bytes())
            named = {source.decode() for source in sources}
            if program != "mapping-check":
                self.assertGreater(len(named), 20)
            self.assertLessEqual(named, known)

    def test_everything_of_others_has_its_license(self):
        text = (self.folder / "licenses/third-party.txt").read_text()
        names = set(re.findall(r"^[\w.-]+ [\w.+-]+(?= \(Python\)$|$)", text, re.MULTILINE))
        for component in json.loads((self.folder / "sbom.cdx.json").read_text())["components"]:
            if "purl" in component:
                self.assertIn(f"{component['name']} {component['version']}", names)

    def test_no_file_names_the_folder_that_it_was_made_in(self):
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(str(ROOT).encode(), path.read_bytes(), path)


class Commands(Unpacked):
    """The operator's commands, up to AWS's credentials, which nobody has here."""

    def test_a_deployment_without_sam_says_where_it_is_to_be_had(self):
        done = self.run_there("./deploy", "ENVIRONMENT=sandbox")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        said = "there is no `sam` on the PATH, expected the AWS SAM CLI: https://docs.aws.amazon.com/"
        self.assertTrue(done.stderr.startswith(said), done.stderr)

    def test_a_deployment_gets_as_far_as_credentials(self):
        done = self.run_there("./deploy", "ENVIRONMENT=sandbox", PATH=f"{self.path}:{Path(SAM).parent}")
        self.assertEqual(done.returncode, 1)
        said = "not deployed: AWS does not accept your credentials: Unable to locate credentials"
        self.assertTrue(done.stderr.startswith(said), done.stderr)

    def test_sams_own_call_gets_as_far_as_credentials(self):
        for architecture in self.architectures:
            file = operate.TEMPLATES[architecture]
            done = self.run_there(SAM, "deploy", "--template-file", file, "--config-env", "sandbox")
            with self.subTest(architecture):
                self.assertEqual(done.returncode, 1)
                self.assertIn("Unable to locate credentials", done.stdout + done.stderr)

    def test_a_file_of_parameters_is_checked_before_aws_is_asked(self):
        for suffix, text in [("yaml", "CrmURL: https://crm.example/\n"), ("toml", 'CrmURL = "https://x/"\n')]:
            file = self.home / f"crm.{suffix}"
            file.write_text(text)
            done = self.run_there("./preflight", "ENVIRONMENT=sandbox", f"PARAMETERS=file://{file}")
            said = "not deployed: there is no parameter `CrmURL`, the nearest is `CrmUrl`\n"
            self.assertEqual((done.returncode, done.stderr), (1, said))

    def test_every_command_of_a_stack_gets_as_far_as_credentials(self):
        given = {
            "smoke": ["ID=O7654321"],
            "log": ["FIND=O7654321"],
            "hand-on": ["IDS=O7654321"],
            "forget": ["ID=O7654321"],
            "redrive": [],
            "backfill": ["SINCE=2024-01-01"],
            "preflight": [],
        }
        self.assertEqual({*given, "deploy", "mapping"}, set(operate.SETTINGS))
        for command, settings in given.items():
            with self.subTest(command):
                done = self.run_there(f"./{command}", "ENVIRONMENT=sandbox", *settings)
                self.assertEqual(done.returncode, 1)
                self.assertIn("Unable to locate credentials", done.stderr)

    def test_make_runs_them_too_because_alarms_say_so(self):
        make = shutil.which("make")
        done = self.run_there(make, "log", "ENVIRONMENT=sandbox", "SINCE=2d")
        self.assertIn("Unable to locate credentials", done.stderr)
        done = self.run_there(make, "log")
        self.assertIn("`ENVIRONMENT` is not set", done.stderr)

    def test_a_mapping_is_checked(self):
        done = self.run_there("./mapping", "FILE=mappings/hubspot.json")
        if operate.MACHINES[platform.machine().lower()] not in self.architectures:
            said = f"this machine is `Linux {platform.machine()}`, expected `Linux "
            self.assertEqual(done.returncode, 2)
            self.assertTrue(done.stderr.startswith(said), done.stderr)
            return
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("There: the sample opportunity, for hubspot", done.stdout)


class Uploads(BaseHTTPRequestHandler):
    """S3, as far as `sam package` asks for it: a bucket that is empty and keeps what it is sent."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def do_PUT(self) -> None:
        self.server.objects[urllib.parse.urlparse(self.path).path] = self.body()
        self.send_response(200)
        self.send_header("etag", '"0"')
        self.send_header("content-length", "0")
        self.end_headers()

    def body(self) -> bytes:
        """The body; the AWS SDKs send it in chunks, each with its signature, where they add a checksum."""
        if "aws-chunked" not in self.headers.get("content-encoding", ""):
            return self.rfile.read(int(self.headers["content-length"]))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue
        return b"".join(parts)

    def log_message(self, *_) -> None:
        """Nothing."""


class Packaging(Unpacked):
    def test_sam_uploads_the_zip_files_as_they_are(self):
        server = self.enterContext(HTTPServer(("127.0.0.1", 0), Uploads))
        server.objects = {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        for architecture in self.architectures:
            server.objects.clear()
            command = [SAM, "package", "--template-file", operate.TEMPLATES[architecture]]
            command += ["--config-env", "sandbox", "--s3-bucket", "bucket", "--force-upload"]
            done = self.run_there(
                *command,
                AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.server_port}",
                AWS_ACCESS_KEY_ID="a",
                AWS_SECRET_ACCESS_KEY="b",
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            for program in FUNCTIONS.values():
                zipped = (self.folder / template.zip_path(architecture, program)).read_bytes()
                self.assertIn(zipped, server.objects.values(), program)
            # The fourth is the layer with the mappings, which SAM zips itself.
            (others,) = set(server.objects.values()) - {
                (self.folder / template.zip_path(architecture, program)).read_bytes()
                for program in FUNCTIONS.values()
            }
            with zipfile.ZipFile(io.BytesIO(others)) as layer:
                self.assertIn("hubspot.json", layer.namelist())


class Running(Unpacked):
    """The programs, for each processor that this machine runs or emulates."""

    @contextmanager
    def bridge(self, architecture: str, prefix: list[str]) -> Iterator[tuple[str, str, launch.Crm]]:
        """The emulator, Lambda's APIs and the three functions; gives the URLs of two, and the CRM."""
        with ExitStack() as stack:
            crm = stack.enter_context(launch.Crm(react=lambda _: None))
            port = launch.free_port()
            arguments = ["--on-change", launch.invoke_url(port), "--deliver", crm.url]
            partner_central = stack.enter_context(launch.emulator(*arguments))
            command = [*launch.functions_command(port), "--only-lambda-apis"]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            watch = stack.enter_context(launch.running(command, **quiet))
            launch.wait_for(port, watch)
            settings = launch.settings(
                partner_central,
                WEBHOOK_AUTH="standard-webhooks",
                WEBHOOK_SECRETS=SECRET,
                CRM_MAPPING=str(self.folder / "mappings/hubspot.json"),
                AWS_LAMBDA_FUNCTION_MEMORY_SIZE="256",
                AWS_LAMBDA_FUNCTION_VERSION="1",
            )
            for program in FUNCTIONS.values():
                own = {
                    "AWS_LAMBDA_FUNCTION_NAME": program,
                    "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{port}/.rt/{program}",
                }
                process = [*prefix, str(self.program(architecture, program))]
                stack.enter_context(launch.running(process, env=settings | own, **quiet))
            yield f"{launch.wait_for_answer(port)}/", partner_central, crm

    def test_they_pass_the_smoke_test_and_carry_a_change_there_and_back(self):
        for architecture in self.architectures:
            prefix = emulating(architecture)
            if prefix is None:
                print(
                    f"NOT CHECKED: programs for {architecture}, because there is no qemu-user and C library"
                )
                continue
            with self.subTest(architecture), self.bridge(architecture, prefix) as (url, partner_central, crm):
                self.smokes(url, partner_central)
                self.assertEqual([event["subject"] for event in crm.received], [IDENTIFIER])
                crm.received.clear()
                self.sweeps(url, crm)

    def smokes(self, url: str, partner_central: str) -> None:
        given = ["--url", url, "--secret", SECRET, "--partner-central", partner_central]
        done = self.run_there(
            str(self.path / "python3"),
            *["-m", "tools.smoke", *given, IDENTIFIER],
            PYTHONPATH=f"{self.folder}:{self.folder / 'lib'}",
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(done.stdout.splitlines()), 5, done.stdout)

    def sweeps(self, url: str, crm: launch.Crm) -> None:
        """The sweep hands on the opportunity of the sample, and the CRM gets it."""
        invoke = url.replace(
            "/lambda-url/patch-opportunity/", "/2015-03-31/functions/sweep-opportunities/invocations"
        )
        status, _, body = launch.send("POST", invoke, {}, json.dumps({"since": "2020-01-01T00:00:00Z"}))
        self.assertEqual(status, 200, body)
        deadline = time.monotonic() + launch.PATIENCE_SECONDS
        while not crm.received and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual([event["subject"] for event in crm.received], [IDENTIFIER])

    def test_the_check_of_mappings_runs_on_each_processor(self):
        for architecture in self.architectures:
            prefix = emulating(architecture)
            if prefix is None:
                print(f"NOT CHECKED: mapping-check for {architecture}")
                continue
            program = str(self.folder / "bin" / architecture / "mapping-check")
            done = self.run_there(*prefix, program, "mappings/salesforce.json")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("for salesforce", done.stdout)
