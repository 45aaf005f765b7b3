"""The same files give the same bytes, whenever, wherever and by whomever they are packed."""

import hashlib
import io
import os
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

from tools.release import archive

TIME = 1772600767


def folder(parent: Path, order: list[str]) -> Path:
    """A folder with three files, one of which can be run."""
    root = parent / "bridge-1.0.0"
    for name in order:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        path.chmod(0o700 if name == "deploy" else 0o600)
    return root


class Packed(unittest.TestCase):
    def setUp(self):
        self.parents = [Path(self.enterContext(tempfile.TemporaryDirectory())) for _ in range(2)]

    def test_order_time_owner_and_umask_make_no_difference(self):
        one = folder(self.parents[0], ["deploy", "docs/a.md", "docs/b.md"])
        self.addCleanup(os.umask, os.umask(0o077))
        other = folder(self.parents[1], ["docs/b.md", "docs/a.md", "deploy"])
        os.utime(other / "deploy", (0, 0))
        (other / "docs/a.md").chmod(0o664)
        self.assertEqual(archive.packed(one, TIME), archive.packed(other, TIME))

    def test_a_command_can_be_run_and_a_page_cannot(self):
        packed = archive.packed(folder(self.parents[0], ["deploy", "docs/a.md"]), TIME)
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            found = {entry.name: (entry.mode, entry.mtime) for entry in tar.getmembers()}
        expected = {
            "bridge-1.0.0": (0o755, TIME),
            "bridge-1.0.0/deploy": (0o755, TIME),
            "bridge-1.0.0/docs": (0o755, TIME),
            "bridge-1.0.0/docs/a.md": (0o644, TIME),
        }
        self.assertEqual(found, expected)

    def test_the_checksums_are_of_every_file(self):
        root = folder(self.parents[0], ["deploy", "docs/a.md"])
        lines = archive.checksums(root).splitlines()
        expected = [f"{hashlib.sha256(it.encode()).hexdigest()}  {it}" for it in ("deploy", "docs/a.md")]
        self.assertEqual(lines, expected)


class Zipped(unittest.TestCase):
    def test_a_program_can_be_run_and_has_no_time_of_its_own(self):
        packed = archive.zipped("bootstrap", b"\x7fELF" * 100)
        with zipfile.ZipFile(io.BytesIO(packed)) as opened:
            (entry,) = opened.infolist()
            self.assertEqual(opened.read(entry), b"\x7fELF" * 100)
        self.assertEqual((entry.filename, entry.date_time), ("bootstrap", (1980, 1, 1, 0, 0, 0)))
        self.assertEqual(entry.external_attr >> 16, 0o100755)
        self.assertEqual(packed, archive.zipped("bootstrap", b"\x7fELF" * 100))
