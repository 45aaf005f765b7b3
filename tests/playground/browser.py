"""Opens the page in a browser, the one that the machine has, and does there what several tests do."""

import json
import os
import re
import shutil
import time
import unittest
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

from tools.playground import MAPPING, Playground, playground

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPPORTUNITY = "O1000106"  # Approved, and in an early stage.
# A limit only against hanging forever: everything is compiled and running before a page opens.
PATIENCE_SECONDS = 180
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


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


def card(page: Page, outcome: str) -> Locator:
    """The newest card of the timeline with this outcome."""
    pill = page.locator(".pill", has_text=outcome)
    return page.locator("#timeline > li", has=pill).first


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

    def deal_field(self, label: str) -> Locator:
        return self.page.locator("#deal-form .field", has=self.page.get_by_label(label))

    def save_as_seller(self, label: str, value: str) -> None:
        field = self.page.locator("#seller-form").get_by_label(label, exact=True)
        if field.evaluate("it => it.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
        self.page.get_by_role("button", name="Save as AWS’s seller").click()

    def writes(self) -> list[dict]:
        return self.running.control("GET", "writes")

    def park(self, patch: dict) -> Locator:
        """Lets AWS review the opportunity, sends a patch that is to wait, and gives the panel of those."""
        self.running.control(
            "PATCH", f"opportunities/{OPPORTUNITY}", {"LifeCycle": {"ReviewStatus": "In review"}}
        )
        # Whatever a test makes of it, the next one finds it approved and nothing waiting.
        self.addCleanup(self.end_review)
        expect(self.page.locator("#opportunity .pill", has_text="In review")).to_be_visible()
        self.page.locator("#editor").evaluate("it => { it.open = true; }")
        self.page.get_by_label("What should change").fill(json.dumps(patch))
        self.page.get_by_label("Wait for the review").check()
        self.page.get_by_role("button", name="Sign and send").click()
        return self.page.locator("#parked")

    def end_review(self) -> None:
        if self.opportunity()["LifeCycle"]["ReviewStatus"] == "Approved":
            return
        before = len(self.running.control("GET", "deliveries"))
        self.approve()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.running.control("GET", "deliveries")) == before and time.monotonic() < deadline:
            time.sleep(0.1)

    def approve(self) -> None:
        self.running.control("POST", f"opportunities/{OPPORTUNITY}/review", {"step": "approve"})

    def assert_accessible(self, page: Page) -> None:
        found = Axe().run(page).response["violations"]
        told = [(it["id"], it["impact"], [node["html"][:160] for node in it["nodes"][:3]]) for it in found]
        self.assertEqual(told, [])
