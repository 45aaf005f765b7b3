"""What keeps the playground from starting is said, by place."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tools import local
from tools.playground import MAPPING


class TheStart(unittest.TestCase):
    def start(self, mapping: str) -> tuple[int, str]:
        """Starts a playground with the text of a mapping; gives its status and what it said."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "crm.json"
            file.write_text(mapping)
            done = subprocess.run(
                [sys.executable, "-m", "tools.playground", str(file)],
                cwd=local.ROOT,
                capture_output=True,
                text=True,
                timeout=local.PATIENCE_SECONDS,
            )
        return done.returncode, done.stderr

    def test_a_mapping_with_a_misspelt_field_stops_it_and_the_place_is_named(self) -> None:
        misspelt = MAPPING.read_text().replace('"/LifeCycle/NextSteps"', '"/LifeCycle/NextStep"')
        status, said = self.start(misspelt)
        self.assertEqual(status, 1)
        self.assertIn("the mapping's `/fields/8/aws` is `/LifeCycle/NextStep`", said)
        self.assertIn("nearest is `NextSteps`", said)
