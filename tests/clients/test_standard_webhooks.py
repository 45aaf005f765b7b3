"""The Standard Webhooks project's own library signs, and the bridge verifies."""

import base64
import unittest
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from tools import launch

OLD_SECRET, SECRET, OTHER_SECRET = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in range(3))
BODY = '{"LifeCycle": {"NextSteps": "Naar Köln, 東京 → Ægir 🚢"}}'


class ARequest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        settings = launch.settings(
            cls.enterClassContext(launch.emulator()),
            WEBHOOK_AUTH="standard-webhooks",
            WEBHOOK_SECRETS=f"{OLD_SECRET} {SECRET}",
        )
        cls.url = cls.enterClassContext(launch.answering(settings))

    def status(self, signed: str, secret: str = SECRET, age: timedelta = timedelta(), **changed: str) -> int:
        """The status of the answer to a request with a signed body, whose headers and `body` are
        changed afterwards.
        """
        then = datetime.now(UTC) - age
        headers = {
            "content-type": "application/merge-patch+json",
            "webhook-id": "msg_2026",
            "webhook-timestamp": str(int(then.timestamp())),
            "webhook-signature": Webhook(secret).sign("msg_2026", then, signed),
        }
        sent = changed.pop("body", signed)
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        url = f"{self.url}/opportunities/O7654321"
        status, _, _ = launch.send("PATCH", url, headers, sent)
        return status

    def test_signed_with_any_of_the_secrets_is_accepted(self):
        for secret in (OLD_SECRET, SECRET):
            for body in (BODY, "{}"):
                self.assertEqual(self.status(body, secret), 200, body)

    def test_within_five_minutes_either_way_is_accepted(self):
        for age in (timedelta(minutes=4), timedelta(minutes=-4)):
            self.assertEqual(self.status(BODY, age=age), 200, age)

    def test_with_one_right_signature_among_others_is_accepted(self):
        now = datetime.now(UTC)
        signatures = [Webhook(secret).sign("msg_2026", now, BODY) for secret in (OTHER_SECRET, SECRET)]
        headers = {"webhook_timestamp": str(int(now.timestamp())), "webhook_signature": " ".join(signatures)}
        self.assertEqual(self.status(BODY, **headers), 200)

    def test_too_old_or_from_the_future_is_refused(self):
        for age in (timedelta(minutes=6), timedelta(minutes=-6), timedelta(days=365)):
            self.assertEqual(self.status(BODY, age=age), 401, age)

    def test_signed_with_another_secret_is_refused(self):
        self.assertEqual(self.status(BODY, OTHER_SECRET), 401)

    def test_changed_after_signing_is_refused(self):
        timestamp = str(int(datetime.now(UTC).timestamp()) - 60)
        for changed in (
            {"body": BODY.replace("Köln", "Koln")},
            {"body": ""},
            {"webhook_id": "msg_2027"},
            {"webhook_timestamp": timestamp},
            {"webhook_signature": ""},
        ):
            self.assertEqual(self.status(BODY, **changed), 401, changed)
