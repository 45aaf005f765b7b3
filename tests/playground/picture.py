"""Takes the pictures of the playground in `docs`: `python -m tests.playground.picture`.

Whatever differs between runs (times of day, milliseconds) is replaced, so that two pictures of the same page
are equal.
"""

import base64
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.playground.browser import InABrowser
from tools.paths import ROOT

DOCS = ROOT / "docs"
SCHEMES = ("light", "dark")
SIZE = {"width": 1280, "height": 1040}
# The font in the pictures. Another font breaks the lines elsewhere.
FONT = "DejaVu Sans"
# A picture is compared in fields of this many pixels, as a viewer sees it who does not read the
# letters.
FIELD = 16

STEADY = """() => {
    const set = (selector, text) => document.querySelectorAll(selector).forEach((it) => {
        it.textContent = text(it.textContent);
    });
    for (const steps of document.querySelectorAll('.steps')) {
        steps.querySelectorAll('small').forEach((it, at) => { it.textContent = `+${4 + 9 * at} ms`; });
    }
    set('#timeline .when', () => '09:30:12 · 48 ms');
    set('#inbox time', () => '09:30:12');
    set('#opportunity dd', (text) => text.replace(/^\\d{4}-\\d\\d-\\d\\dT.*/, '2026-03-04T05:06:07.890Z'));
}"""

# The share of fields that differ visibly.
DIFFERENCE = """async ([one, other, field]) => {
    const fields = async (png) => {
        const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
        const [width, height] = [Math.ceil(picture.width / field), Math.ceil(picture.height / field)];
        const canvas = new OffscreenCanvas(picture.width, picture.height);
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(picture, 0, 0);
        const means = [];
        for (let y = 0; y < height; y += 1) {
            for (let x = 0; x < width; x += 1) {
                const { data } = context.getImageData(x * field, y * field, field, field);
                const sums = [0, 0, 0];
                data.forEach((value, at) => { if (at % 4 < 3) sums[at % 4] += value; });
                means.push(sums.map((sum) => sum / field / field));
            }
        }
        return means;
    };
    const [a, b] = [await fields(one), await fields(other)];
    if (a.length !== b.length) return 1;
    const isOther = (mean, at) => mean.some((value, colour) => Math.abs(value - b[at][colour]) > 12);
    return a.filter(isOther).length / a.length;
}"""


def path(scheme: str) -> Path:
    return DOCS / f"playground-{scheme}.png"


def font() -> str:
    """The machine's font for pages that ask for none."""
    command = ["fc-match", "--format=%{family}", "system-ui"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    except FileNotFoundError:
        return "no fontconfig"


class Photographer(InABrowser):
    """Takes pictures of a page on which a few things have happened."""

    def take(self) -> dict[str, bytes]:
        """One picture for each colour scheme."""
        self.running.control("POST", "samples")
        self.running.fill_crm()
        page = self.open()
        seller, deal = page.locator("#seller-form"), page.locator("#deal-form")
        seller.get_by_label("Stage", exact=True).select_option("Technical Validation")
        page.get_by_role("button", name="Save as AWS’s seller").click()
        expect(deal).to_contain_text("AWS’s stage: Technical Validation")
        page.get_by_role("button", name="Lose its answer").click()
        deal.get_by_label("Next step").fill("Sign on Monday")
        page.get_by_role("button", name="Save the deal").click()
        expect(page.locator("#timeline > li")).to_have_count(3)
        expect(page.locator("#timeline")).to_contain_text("did not write it twice")
        expect(page.locator("#inbox")).to_contain_text("echo")
        return {scheme: self.picture(scheme) for scheme in SCHEMES}

    def picture(self, scheme: str) -> bytes:
        page = self.open(color_scheme=scheme, reduced_motion="reduce", viewport=SIZE, locale="en-GB")
        expect(page.locator("#timeline > li")).to_have_count(3)
        expect(page.locator("#inbox")).to_contain_text("echo")
        page.evaluate("document.fonts.ready")
        page.evaluate(STEADY)
        return page.screenshot(animations="disabled")

    def difference(self, page: Page, one: bytes, other: bytes) -> float:
        encoded = [base64.b64encode(it).decode() for it in (one, other)]
        return page.evaluate(DIFFERENCE, [*encoded, FIELD])


def main() -> int:
    Photographer.setUpClass()
    photographer = Photographer()
    try:
        photographer.setUp()
        for scheme, picture in photographer.take().items():
            path(scheme).write_bytes(picture)
            print(path(scheme))
    finally:
        photographer.doCleanups()
        Photographer.doClassCleanups()
    return 0


if __name__ == "__main__":
    sys.exit(main())
