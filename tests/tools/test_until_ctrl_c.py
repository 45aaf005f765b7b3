"""What a program has started stops with it, however it ends."""

import io
import os
import signal
import subprocess
import unittest
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path

from tools import launch, until_ctrl_c

LOG = Path("some.log")


class UntilCtrlC(unittest.TestCase):
    def setUp(self) -> None:
        for it in (signal.SIGINT, signal.SIGTERM):
            self.addCleanup(signal.signal, it, signal.getsignal(it))
        self.started: list[subprocess.Popen] = []

    def begin(self, stack: ExitStack, *command: str) -> subprocess.Popen:
        process = stack.enter_context(launch.running(list(command)))
        self.started.append(process)
        return process

    def run_to_its_end(self, start) -> tuple[int, str]:
        """The exit status and what was printed, after which nothing runs."""
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            status = until_ctrl_c.run(start, LOG)
        self.assertTrue(self.started)
        self.assertTrue(all(process.poll() is not None for process in self.started))
        return status, printed.getvalue()

    def test_a_process_that_ends_is_named_and_the_others_are_stopped(self):
        def start(stack: ExitStack) -> until_ctrl_c.Processes:
            return [
                ("the clock", self.begin(stack, "sleep", "600")),
                ("the other", self.begin(stack, "sh", "-c", "exit 3")),
            ]

        status, printed = self.run_to_its_end(start)
        self.assertEqual(status, 1)
        self.assertIn("FAILED: the other has ended with status 3\nmore may be in some.log", printed)

    def test_ctrl_c_during_the_start_stops_what_is_started(self):
        for it in (signal.SIGINT, signal.SIGTERM):

            def start(stack: ExitStack, it=it) -> until_ctrl_c.Processes:
                self.begin(stack, "sleep", "600")
                os.kill(os.getpid(), it)
                raise AssertionError("it goes on")

            status, printed = self.run_to_its_end(start)
            self.assertEqual(status, 0)
            self.assertIn("Everything that was started is stopped.", printed)

    def test_a_second_ctrl_c_does_not_keep_anything_running(self):
        def start(stack: ExitStack) -> until_ctrl_c.Processes:
            self.begin(stack, "sleep", "600")
            # This is the first to be undone.
            stack.callback(os.kill, os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("it goes on")

        status, _ = self.run_to_its_end(start)
        self.assertEqual(status, 0)
