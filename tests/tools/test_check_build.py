"""A build is refused if Lambda could not run it, or if it would start slowly."""

import random
import struct
import sys
import tempfile
import unittest
from pathlib import Path

from tools import check_build, check_entropy
from tools.paths import ROOT


class Builds(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))


class Programs(Builds):
    def program(self, architecture: str, size: int = 64, mode: int = 0o755) -> Path:
        """A program for a processor, of bytes that do not compress."""
        path = self.folder / "bootstrap"
        header = struct.pack("<5s13xH", b"\x7fELF\x02", check_build.MACHINES[architecture])
        path.write_bytes(header + random.randbytes(size))
        path.chmod(mode)
        return path

    def faults(self, program: Path) -> list[str]:
        found, _ = check_build.faults(program, "arm64")
        return [fault.removeprefix(f"{program}: ") for fault in found]

    def test_a_small_program_for_the_processor_is_accepted(self):
        self.assertEqual(self.faults(self.program("arm64")), [])

    def test_a_program_for_another_processor_is_refused(self):
        self.assertEqual(self.faults(self.program("x86_64")), ["machine 0x3e, expected arm64"])

    def test_a_program_without_execute_permission_is_refused(self):
        self.assertEqual(self.faults(self.program("arm64", mode=0o644)), ["not executable"])

    def test_a_program_of_more_than_four_mebibytes_zipped_is_refused(self):
        large = self.program("arm64", size=5 * check_build.MIB)
        self.assertEqual(self.faults(large), ["5.00 MiB zipped, expected at most 4"])

    def test_a_file_that_is_not_a_program_is_refused(self):
        script = self.folder / "bootstrap"
        script.write_text("#!/bin/sh\n")
        self.assertEqual(self.faults(script), ["not a 64-bit ELF file"])


class Told(Builds):
    def test_a_program_without_a_list_of_its_crates_is_refused(self):
        python = Path(sys.executable).resolve()
        said = [f"{python}: has no list of its crates, expected one of cargo-auditable"]
        self.assertEqual(check_build.untold(python), said)

    def test_a_program_that_names_the_folder_of_its_source_is_refused(self):
        program = self.folder / "bootstrap"
        program.write_bytes(Path(sys.executable).resolve().read_bytes() + f"{ROOT}/src/main.rs".encode())
        said = f"{program}: names the folder `{ROOT}`, so it would be another one elsewhere"
        self.assertEqual(check_build.untold(program)[1:], [said])


class Entropy(Builds):
    def library(self, content: bytes) -> Path:
        out = self.folder / "build/aws-lc-sys-0123/out"
        out.mkdir(parents=True)
        library = out / "libaws_lc_0_1_2_crypto.a"
        library.write_bytes(content)
        return library

    def test_aws_lc_without_jitter_is_accepted(self):
        self.library(b"aws_lc_0_1_2_RAND_bytes")
        self.assertEqual(check_entropy.faults(self.folder), [])

    def test_aws_lc_with_jitter_is_refused(self):
        library = self.library(b"jent_read_entropy")
        said = f"{library}: holds CPU jitter entropy, see .cargo/config.toml"
        self.assertEqual(check_entropy.faults(self.folder), [said])

    def test_a_folder_without_a_build_is_refused(self):
        said = f"{self.folder}: no build of AWS-LC, so nothing is known of its entropy"
        self.assertEqual(check_entropy.faults(self.folder), [said])
