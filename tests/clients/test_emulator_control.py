"""Drives the emulator as somebody else's test suite would: boto3 plays the partner, plain HTTP the rest
of the world.
"""

import json
import threading
import unittest
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tools import launch
from tools.launch import update_body

CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


class Control:
    """The control API of an emulator."""

    def __init__(self, emulator: str):
        self.url = f"{emulator}/_control"

    def open(self, method: str, path: str, body: object = None) -> HTTPResponse:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"content-type": "application/json"}, method=method
        )
        return urllib.request.urlopen(request, timeout=30)

    def __call__(self, method: str, path: str, body: object = None) -> object:
        with self.open(method, path, body) as answer:
            return json.loads(answer.read() or "null")


class TheControlApi(unittest.TestCase):
    def setUp(self):
        emulator = self.enterContext(launch.emulator("--seed-samples"))
        self.control = Control(emulator)
        # One attempt each, so that faults become visible.
        once = Config(retries={"total_max_attempts": 1})
        self.partner_central = boto3.client(
            "partnercentral-selling", endpoint_url=emulator, config=once, **CREDENTIALS
        )
        self.lambda_ = boto3.client("lambda", endpoint_url=emulator, config=once, **CREDENTIALS)

    def read(self, identifier: str) -> dict:
        return self.partner_central.get_opportunity(Catalog="Sandbox", Identifier=identifier)

    def update(self, identifier: str, next_steps: str) -> dict:
        update = update_body(self.read(identifier)) | {"Identifier": identifier}
        update["LifeCycle"]["NextSteps"] = next_steps
        return self.partner_central.update_opportunity(**update)

    def pages(self, **request) -> list[list[str]]:
        paginator = self.partner_central.get_paginator("list_opportunities")
        pages = paginator.paginate(Catalog="Sandbox", PaginationConfig={"PageSize": 5}, **request)
        return [[summary["Id"] for summary in page["OpportunitySummaries"]] for page in pages]

    def test_lists_the_samples_in_the_order_of_their_changes(self):
        oldest_first = {"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"}
        pages = self.pages(Sort=oldest_first)
        self.assertEqual([len(page) for page in pages], [5, 5, 3])
        listed = [identifier for page in pages for identifier in page]
        dates = [self.read(identifier)["LastModifiedDate"] for identifier in listed]
        self.assertEqual(dates, sorted(dates))

        # A sweep asks for a window like this.
        window = {"AfterLastModifiedDate": dates[3], "BeforeLastModifiedDate": dates[6]}
        self.assertEqual(self.pages(Sort=oldest_first, LastModifiedDate=window), [listed[3:6]])
        self.control("PATCH", f"/opportunities/{listed[3]}", {"LifeCycle": {"NextSteps": "Call"}})
        self.assertEqual(self.pages(Sort=oldest_first, LastModifiedDate=window), [listed[4:6]])
        self.assertEqual(self.pages(Sort=oldest_first)[-1][-1], listed[3])

    def test_refuses_a_page_that_aws_does_not_give(self):
        # botocore checks the size itself, but not the token.
        with self.assertRaises(self.partner_central.exceptions.ValidationException) as refused:
            self.partner_central.list_opportunities(Catalog="Sandbox", NextToken="20")
        self.assertEqual(refused.exception.response["ErrorList"][0]["FieldName"], "nextToken")

    def test_advances_a_review_from_a_lock_to_an_approval(self):
        review = "/opportunities/O1000102/review"
        self.control("POST", review, {"step": "submit"})
        with self.assertRaises(self.partner_central.exceptions.ValidationException) as locked:
            self.update("O1000102", "Call")
        codes = {violation["Code"] for violation in locked.exception.response["ErrorList"]}
        self.assertEqual(codes, {"ACTION_NOT_PERMITTED"})
        self.control("POST", review, {"step": "approve"})
        self.update("O1000102", "Call")
        self.assertEqual(self.control("GET", "/opportunities/O1000102")["LifeCycle"]["NextSteps"], "Call")

    def test_makes_an_update_conflict_and_loses_an_answer(self):
        theirs = {"concurrent-edit": {"LifeCycle": {"Stage": "Committed"}}}
        self.control("POST", "/faults", {"operation": "UpdateOpportunity", "fault": theirs})
        with self.assertRaises(self.partner_central.exceptions.ConflictException):
            self.update("O1000106", "Ours")
        self.assertEqual(self.read("O1000106")["LifeCycle"]["Stage"], "Committed")

        landed = {"operation": "UpdateOpportunity", "fault": "internal-server-after-landing"}
        self.control("POST", "/faults", landed)
        with self.assertRaises(self.partner_central.exceptions.InternalServerException):
            self.update("O1000106", "Landed")
        self.assertEqual(self.read("O1000106")["LifeCycle"]["NextSteps"], "Landed")

        busy = {"status": {"status": 503, "errorType": "SlowDown", "body": "{}"}}
        self.control("POST", "/faults", {"operation": "GetOpportunity", "fault": busy})
        with self.assertRaises(ClientError) as refused:
            self.read("O1000106")
        self.assertEqual(refused.exception.response["ResponseMetadata"]["HTTPStatusCode"], 503)
        outcomes = [write["outcome"] for write in self.control("GET", "/writes")]
        self.assertEqual(outcomes, ["ConflictException", "InternalServerException"])

    def test_names_the_place_of_an_error(self):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.control("POST", "/faults", {"operation": "GetOpportunity", "fault": "thunder"})
        with refused.exception as answer:
            self.assertEqual(answer.headers["content-type"], "application/problem+json")
            self.assertEqual(json.load(answer)["pointer"], "/fault")

    def test_accepts_an_asynchronous_invocation(self):
        event = {"id": "1", "detail": {"opportunity": {"identifier": "O1000106"}}}
        arn = "arn:aws:lambda:us-east-1:111122223333:function:enrich-opportunity"
        answer = self.lambda_.invoke(FunctionName=arn, InvocationType="Event", Payload=json.dumps(event))
        self.assertEqual(answer["StatusCode"], 202)
        expected = [{"function": "enrich-opportunity", "payload": event}]
        self.assertEqual(self.control("GET", "/invocations"), expected)

        self.control("POST", "/faults", {"operation": "Invoke", "fault": "throttling"})
        with self.assertRaises(self.lambda_.exceptions.TooManyRequestsException):
            self.lambda_.invoke(FunctionName=arn, InvocationType="Event", Payload="{}")

    def test_advances_the_clock_instead_of_waiting(self):
        before = self.read("O1000106")["LastModifiedDate"]
        now = self.control("PATCH", "/clock", {"stopped": True, "advance": 3_600_000})["now"]
        self.update("O1000106", "Later")
        date = self.control("GET", "/opportunities/O1000106")["LastModifiedDate"]
        self.assertEqual(date, now)
        self.assertGreater(self.read("O1000106")["LastModifiedDate"], before)

    def test_streams_what_happens(self):
        with self.control.open("GET", "/events") as stream:
            self.update("O1000106", "Call")
            kinds = [line.split()[1].decode() for line in lines(stream, b"event: ", 3)]
        self.assertEqual(kinds, ["request", "event", "request"])


class ADelivery(unittest.TestCase):
    def test_has_the_credential_given_on_the_command_line(self):
        crm = self.enterContext(FunctionAndCrm())
        events = ("--on-change", f"{crm.url}/function", "--deliver", f"{crm.url}/deals/*")
        record = ("--deliver-method", "PATCH", "--deliver-body", "record", "--deliver-basic", "crm=hush")
        control = Control(self.enterContext(launch.emulator("--seed-samples", *events, *record)))
        with control.open("GET", "/events") as stream:
            control("PATCH", "/opportunities/O1000106", {"LifeCycle": {"NextSteps": "Call"}})
            list(lines(stream, b"event: delivery", 1))
        method, path, headers, body = crm.received[-1]
        self.assertEqual((method, path, body), ("PATCH", "/deals/O1000106", {"stage": "won"}))
        self.assertEqual(headers["authorization"], "Basic Y3JtOmh1c2g=")
        self.assertEqual(headers["content-type"], "application/json; charset=utf-8")
        self.assertEqual(headers["user-agent"], "Amazon/EventBridge/ApiDestinations")


class FunctionAndCrm(HTTPServer):
    """A function that answers every event with the same deal, and the CRM that takes it."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.received: list[tuple] = []

    def __enter__(self) -> "FunctionAndCrm":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Serves a `FunctionAndCrm` over HTTP."""

    def answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.received.append((self.command, self.path, self.headers, body))
        answer = json.dumps({"id": "1", "data": {"crm": {"stage": "won"}}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PATCH = answer  # noqa: N815

    def log_message(self, *_) -> None:
        """Logs nothing: `received` holds everything."""


def lines(stream: HTTPResponse, start: bytes, count: int) -> Iterator[bytes]:
    """The next lines of a stream that begin with `start`."""
    while count > 0:
        line = stream.readline()
        if not line:
            raise EOFError("the stream has ended")
        if line.startswith(start):
            count -= 1
            yield line


if __name__ == "__main__":
    unittest.main()
