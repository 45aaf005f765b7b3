"""Opens the page in a browser: the one that the machine has."""

import os
import re
import shutil
import unittest
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tools.playground import MAPPING, Playground, playground

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPPORTUNITY = "O1000106"  # Approved, and in an early stage.
# A limit only against hanging forever: everything is compiled and running before a page opens.
PATIENCE_SECONDS = 180


def find() -> str | None:
    """The path of a Chromium: the machine's, or one installed by Playwright."""
    if found := next(filter(None, map(shutil.which, COMMANDS)), None):
        return found
    with sync_playwright() as driver:
        own = driver.chromium.executable_path
    return own if Path(own).exists() else None


def launch(stack: ExitStack, executable: str) -> Browser:
    """A browser that closes with the stack."""
    driver = stack.enter_context(sync_playwright())
    # As root, which containers are, Chromium does not start with its sandbox.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    browser = driver.chromium.launch(executable_path=executable, args=options)
    stack.callback(browser.close)
    return browser


class InABrowser(unittest.TestCase):
    """One playground and one browser for all tests of a class, and an empty record for each test."""

    mapping = MAPPING
    running: Playground
    browser: Browser

    @classmethod
    def setUpClass(cls) -> None:
        executable = find()
        if executable is None:
            told = "there is no Chromium: `apt-get install chromium`, or `playwright install chromium`"
            print(f"NOT CHECKED: the playground, because {told}", flush=True)
            raise unittest.SkipTest(told)
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        cls.running = stack.enter_context(playground(mapping=cls.mapping))
        cls.browser = launch(stack, executable)

    def setUp(self) -> None:
        for path in ("faults", "event-faults", "records"):
            self.running.control("DELETE", path)
        self.complaints: list[str] = []
        self.page = self.open()

    def tearDown(self) -> None:
        self.assertEqual(self.complaints, [])

    def open(self, fragment: str = "", **options) -> Page:
        """Opens the page in a window of its own; console errors and requests to other hosts fail the
        test.
        """
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.addCleanup(context.close)
        page = context.new_page()
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self.see)
        page.goto(self.running.page + (fragment or f"#opportunity={OPPORTUNITY}"))
        page.locator("#connection.live").wait_for()
        return page

    def hear(self, message: ConsoleMessage) -> None:
        # Chromium logs every refusal of the bridge, which some tests provoke.
        is_answer = re.search(r"status of (4\d\d|503) ", message.text)
        is_refusal = "/_bridge/" in message.location.get("url", "") and is_answer
        if message.type in ("error", "warning") and not is_refusal:
            self.complaints.append(message.text)

    def see(self, request: Request) -> None:
        if not request.url.startswith(("data:", f"http://{urlsplit(self.running.page).netloc}/")):
            self.complaints.append(f"a request to {request.url}")

    def opportunity(self, identifier: str = OPPORTUNITY) -> dict:
        return self.running.control("GET", f"opportunities/{identifier}")
