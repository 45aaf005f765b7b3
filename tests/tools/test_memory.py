"""The bridge on this machine has a memory, unless somebody does not want one or the machine cannot run it."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from tools import launch, memory


class TheMemory(unittest.TestCase):
    def chosen(self, choice: str) -> memory.Memory:
        with patch.dict(os.environ, MEMORY=choice):
            return self.enterContext(memory.chosen())

    def assert_none(self, remembers: memory.Memory, told: str) -> None:
        self.assertFalse(remembers)
        self.assertEqual(remembers, memory.Memory(told=told))

    def test_is_a_table_that_is_empty_and_stops_with_its_block(self):
        for choice in ("", "on"):
            with patch.dict(os.environ, MEMORY=choice), memory.chosen() as remembers:
                self.assertTrue(remembers)
                dynamodb = memory.client(remembers.settings["AWS_ENDPOINT_URL_DYNAMODB"])
                found = dynamodb.scan(TableName=remembers.settings["MEMORY_TABLE"])
                self.assertEqual(found["Items"], [])
            ((_, process),) = remembers.processes
            self.assertIsNotNone(process.poll())

    def test_is_left_out_where_nobody_wants_it(self):
        self.assert_none(self.chosen("off"), "none: `MEMORY` is `off`")

    def test_is_left_out_where_its_server_is_missing_or_made_for_another_machine(self):
        told = "none: its DynamoDB, which npm installs, runs on Linux on x86-64 only"
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        foreign = folder / "foreign"
        foreign.write_bytes(b"\xcf\xfa\xed\xfe of another machine")
        foreign.chmod(0o755)
        for server in (folder / "missing", foreign):
            with patch.object(memory, "SERVER", server):
                self.assert_none(self.chosen("on"), told)

    def test_is_never_left_out_by_a_misspelt_choice(self):
        with self.assertRaises(launch.NotRunningError) as refused:
            self.chosen("of")
        self.assertEqual(str(refused.exception), "`MEMORY` is `of`, expected `on` or `off`")

    def test_that_cannot_start_is_an_error_and_leaves_nothing_running(self):
        started = []
        wait_for = launch.wait_for

        def end_at_once(port: int, process: subprocess.Popen) -> None:
            started.append(process)
            process.kill()
            process.wait()
            wait_for(port, process)

        with patch.object(launch, "wait_for", end_at_once), self.assertRaises(launch.NotRunningError):
            self.chosen("on")
        self.assertIsNotNone(started[0].poll())
