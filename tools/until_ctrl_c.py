"""Keeps what a program starts running until Ctrl-C."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tools import launch

Processes = list[tuple[str, subprocess.Popen]]


def run(start: Callable[[ExitStack], Processes], log: Path) -> int:
    """Starts processes and waits; returns the program's exit status.

    `start` gives them by name; they stop with the stack. If one fails, more may be in `log`.
    """
    # A shell starts its background jobs with SIGINT ignored.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, interrupt)
    print("Starting. What is not compiled yet is compiled first.", flush=True)
    try:
        with ExitStack() as stack:
            wait_for_end(start(stack))
    except KeyboardInterrupt:
        print("\nEverything that was started is stopped.")
        return 0
    except (launch.NotRunningError, OSError) as error:
        print(f"\nFAILED: {error}\nmore may be in {log}", file=sys.stderr)
        return 1


def interrupt(*_) -> None:
    """Stops everything; a second Ctrl-C must not leave anything running."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)
    raise KeyboardInterrupt


def wait_for_end(processes: Processes) -> None:
    """Ends only with an exception: a process has ended, or somebody pressed Ctrl-C."""
    while True:
        for name, process in processes:
            if process.poll() is not None:
                raise launch.NotRunningError(f"{name} has ended with status {process.returncode}")
        time.sleep(0.2)
