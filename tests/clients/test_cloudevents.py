"""The CloudEvents project's own SDK for Python reads the events of `enrich-opportunity`."""

import json
import unittest
import urllib.request
from datetime import UTC, datetime

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat

from tools import launch
from tools.paths import ROOT


class CloudEvents(unittest.TestCase):
    def test_an_event_is_parsed_by_the_sdk(self):
        event = (ROOT / "events/opportunity-created.json").read_bytes()
        with launch.emulator() as partner_central, launch.functions(launch.settings(partner_central)) as port:
            function = f"http://127.0.0.1:{port}/2015-03-31/functions/enrich-opportunity/invocations"
            with urllib.request.urlopen(function, event, timeout=launch.PATIENCE_SECONDS) as response:
                body = response.read()

        message = HTTPMessage(headers={"content-type": "application/cloudevents+json"}, body=body)
        parsed = from_structured_event(message, JSONFormat())

        self.assertEqual(parsed.get_type(), "aws.partnercentral.opportunity.created")
        self.assertEqual(parsed.get_source(), "arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox")
        self.assertEqual(parsed.get_subject(), "O7654321")
        self.assertEqual(parsed.get_time(), datetime(2026, 3, 2, 9, 15, 1, tzinfo=UTC))
        self.assertEqual(parsed.get_datacontenttype(), "application/json")
        self.assertEqual(parsed.get_extension("eventid"), json.loads(event)["id"])
        self.assertRegex(parsed.get_extension("sequence"), r"^[0-9]{15}-[0-9]{18}$")
        seed = json.loads((ROOT / "events/opportunity.json").read_text())
        self.assertEqual(parsed.get_data()["opportunity"], seed)
