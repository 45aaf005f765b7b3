"""How the playground starts, and what keeps it from starting."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tools import launch
from tools.paths import ROOT
from tools.playground import MAPPING, playground


class TheStart(unittest.TestCase):
    def start(self, mapping: str) -> tuple[int, str]:
        """Starts a playground with the text of a mapping; gives its status and what it said."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "crm.json"
            file.write_text(mapping)
            done = subprocess.run(
                [sys.executable, "-m", "tools.playground", str(file)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=launch.PATIENCE_SECONDS,
            )
        return done.returncode, done.stderr

    def test_a_mapping_with_a_misspelt_field_stops_it_and_the_place_is_named(self) -> None:
        misspelt = MAPPING.read_text().replace('"/LifeCycle/NextSteps"', '"/LifeCycle/NextStep"')
        status, said = self.start(misspelt)
        self.assertEqual(status, 1)
        self.assertIn("the mapping's `/fields/8/aws` is `/LifeCycle/NextStep`", said)
        self.assertIn("nearest is `NextSteps`", said)

    def test_two_run_at_a_time_each_with_its_own_mapping(self) -> None:
        with playground() as one, playground(mapping=ROOT / "mappings/salesforce.json") as other:
            names = []
            for running in (one, other):
                status, _, mapping = launch.send("GET", f"{running.page}mapping.json", {}, "")
                self.assertEqual(status, 200)
                names.append(json.loads(mapping)["crm"])
        self.assertEqual(names, ["hubspot", "salesforce"])
