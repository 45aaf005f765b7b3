"""The pictures in the README show the page as it is."""

from tests.playground.picture import FONT, Photographer, font, path

# Of all fields of a picture. What is drawn a little otherwise, such as a shadow, stays below it.
ALLOWED = 0.01


class ThePictures(Photographer):
    def test_they_are_not_older_than_the_page_in_a_way_one_can_see(self) -> None:
        if font() != FONT:
            told = f"they are in {FONT}, and this machine has {font()}: `apt-get install fonts-dejavu-core`"
            print(f"NOT CHECKED: the pictures of the playground, because {told}", flush=True)
            self.skipTest(told)
        for scheme, now in self.take().items():
            with self.subTest(scheme=scheme):
                then = path(scheme).read_bytes()
                blank = self.page.context.new_page()
                different = self.difference(blank, then, now)
                self.assertLess(different, ALLOWED, "take them anew: python -m tests.playground.picture")

    def test_a_change_that_one_can_see_is_noticed(self) -> None:
        before = self.page.screenshot()
        blank = self.page.context.new_page()
        self.assertEqual(self.difference(blank, before, self.page.screenshot()), 0)
        for change in (
            "document.querySelector('.guide').remove()",
            "document.body.style.background = '#e0e0ff'",
            "document.body.style.fontSize = '17px'",
        ):
            page = self.open()
            page.evaluate(change)
            self.assertGreater(self.difference(blank, before, page.screenshot()), ALLOWED, change)
