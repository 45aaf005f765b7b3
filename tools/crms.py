"""Two CRMs in their own language, as far as the bridge meets them: HubSpot and Salesforce.

Each takes what the mapping makes for its API, and refuses what the real one refuses. Each sends a
record to the bridge when somebody, or the API, has changed a field that a workflow watches: the real ones
do not tell who it was either. What is known of them is from their documentation: docs/crm.md.
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "the-crms-own-token"
DAY = 86_400_000

# What Salesforce knows: texts by the most characters that they may have, and picklists by their values.
LENGTHS = {
    "NextStep": 255,
    "AWS_Stage__c": 80,
    "AWS_Closed_Lost_Reason__c": 80,
    "AWS_Currency__c": 3,
    "AWS_Competitor__c": 255,
    "AWS_Comments__c": 255,
    "AWS_National_Security__c": 3,
    "AWS_Title__c": 255,
    "AWS_Use_Case__c": 255,
    "AWS_Business_Problem__c": 2000,
    "AWS_Customer__c": 120,
    "AWS_Country__c": 2,
    "AWS_Customer_Website__c": 255,
    "AWS_Partner_Reference__c": 64,
    "AWS_Opportunity_Type__c": 80,
    "AWS_Review_Status__c": 80,
    "AWS_Review_Reason__c": 255,
    "AWS_Review_Comments__c": 255,
    "AWS_Last_Modified__c": 40,
    "AWS_Sequence__c": 40,
    "AWS_Event_Id__c": 64,
}
PICKLISTS = {
    "AWS_Needs__c": {
        "Co-Sell - Architectural Validation",
        "Co-Sell - Business Presentation",
        "Co-Sell - Competitive Information",
        "Co-Sell - Deal Support",
        "Co-Sell - Pricing Assistance",
        "Co-Sell - Support for Public Tender / RFx",
        "Co-Sell - Technical Consultation",
        "Co-Sell - Total Cost of Ownership Evaluation",
    },
    "AWS_Delivery_Models__c": {
        "SaaS or PaaS",
        "BYOL or AMI",
        "Managed Services",
        "Professional Services",
        "Resell",
        "Other",
    },
    "AWS_Sales_Activities__c": {
        "Initialized discussions with customer",
        "Customer has shown interest in solution",
        "Conducted POC / Demo",
        "In evaluation / planning stage",
        "Agreed on solution to Business Problem",
        "Completed Action Plan",
        "Finalized Deployment Need",
        "SOW Signed",
    },
}


class RefusedError(Exception):
    """What a CRM answers in place of taking a request."""

    def __init__(self, status: int, code: str, detail: str):
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail


@dataclass(frozen=True)
class Workflow:
    """What is sent when one of the watched fields has changed: fields by the keys that they are sent by."""

    watches: tuple[str, ...]
    sends: dict[str, str]


@dataclass(eq=False)
class Crm(HTTPServer):
    """A CRM with one record, for one opportunity. A `with` block runs it on 127.0.0.1 and a free port."""

    identifier: str
    # Sends a record to the bridge, and gives the status of the answer.
    send: Callable[[dict], int]
    record: dict = field(default_factory=dict)
    workflows: list[Workflow] = field(default_factory=list)
    # Each request that was taken, as it came.
    taken: list[dict] = field(default_factory=list)
    refused: list[RefusedError] = field(default_factory=list)
    # What the bridge did not take for good: each record and the status of the answer.
    failed: list[tuple[dict, int]] = field(default_factory=list)
    # What is to be sent again later.
    waiting: list[dict] = field(default_factory=list)

    ID_FIELD = PATH = METHOD = ""

    def __post_init__(self):
        HTTPServer.__init__(self, ("127.0.0.1", 0), Api)
        self.lock = threading.RLock()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def edit(self, **fields) -> None:
        """Somebody edits the record; what watches it is sent."""
        with self.lock:
            changed = {name for name, value in fields.items() if self.record.get(name) != value}
            self.record |= fields
            due = [it for it in self.workflows if changed & set(it.watches)]
            records = [
                {self.ID_FIELD: self.identifier}
                | {key: self.record.get(it) for key, it in flow.sends.items()}
                for flow in due
            ]
        for record in records:
            self.deliver(record)

    def deliver(self, record: dict) -> None:
        """Sends a record; what fails is sent again later or given up, as this CRM does it."""
        status = self.send(record)
        if 200 <= status < 300:
            return
        if self.is_tried_again(status):
            self.waiting.append(record)
        else:
            self.failed.append((record, status))

    def send_again(self) -> None:
        """The time of another try has come."""
        due, self.waiting = self.waiting, []
        for record in due:
            self.deliver(record)

    def is_tried_again(self, status: int) -> bool:
        raise NotImplementedError

    def take(self, method: str, target: str, content_type: str, body: dict) -> tuple[int, dict | None]:
        """Takes a request of the bridge's; gives status and body of the answer."""
        raise NotImplementedError


class Api(BaseHTTPRequestHandler):
    """What a `Crm` does with a request."""

    def do_POST(self) -> None:
        self.answer()

    def do_PATCH(self) -> None:
        self.answer()

    def answer(self) -> None:
        text = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            if self.headers["authorization"] != f"Bearer {TOKEN}":
                raise RefusedError(401, "INVALID_AUTHENTICATION", "who is it?")
            content_type = (self.headers["content-type"] or "").partition(";")[0]
            if content_type != "application/json":
                raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", content_type)
            body = json.loads(text, parse_float=Decimal)
            status, answer = self.server.take(self.command, self.path, content_type, body)
            self.server.taken.append(body)
        except RefusedError as refused:
            self.server.refused.append(refused)
            status, answer = refused.status, {"category": refused.code, "message": refused.detail}
        self.send_response(status)
        self.end_headers()
        if answer is not None:
            self.wfile.write(json.dumps(answer, default=str).encode())

    def log_message(self, *_) -> None:
        """Nothing: what it would say is in `taken` and `refused`."""


def matched(value, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


class HubSpot(Crm):
    """Deals, by `batch/upsert`. Properties are texts, the empty text clears one."""

    ID_FIELD, METHOD = "aws_opportunity_id", "POST"
    PATH = "/crm/objects/2026-09/deals/batch/upsert"
    STAGES = (
        "appointmentscheduled",
        "qualifiedtobuy",
        "presentationscheduled",
        "decisionmakerboughtin",
        "contractsent",
        "closedwon",
        "closedlost",
    )
    NUMBERS = ("amount", "aws_monthly_spend")
    DATES = ("aws_close_date",)
    TEXTS = (
        *("dealname", "hs_next_step", "aws_stage", "aws_closed_lost_reason", "aws_currency", "aws_needs"),
        *("aws_delivery_models", "aws_sales_activities", "aws_competitor", "aws_comments", "aws_title"),
        *("aws_use_case", "aws_business_problem", "aws_customer", "aws_country", "aws_customer_website"),
        *("aws_partner_reference", "aws_opportunity_type", "aws_review_status", "aws_review_reason"),
        *("aws_review_comments", "aws_last_modified", "aws_sequence", "aws_event_id"),
    )

    def is_tried_again(self, status: int) -> bool:
        """For three days, but never after a 4xx other than 429."""
        return status == 429 or status >= 500

    def take(self, method: str, target: str, content_type: str, body: dict) -> tuple[int, dict | None]:
        if (method, target) != ("POST", self.PATH):
            raise RefusedError(404, "NOT_FOUND", f"{method} {target}")
        if body.keys() != {"inputs"} or not 1 <= len(body["inputs"]) <= 100:
            raise RefusedError(400, "VALIDATION_ERROR", "expected `inputs`, 1 to 100")
        for item in body["inputs"]:
            self.check(item)
        results = []
        for item in body["inputs"]:
            if item["id"] != self.identifier:
                raise RefusedError(400, "VALIDATION_ERROR", "a deal needs `dealname` and `dealstage`")
            properties = {name: value or None for name, value in item["properties"].items()}
            self.edit(**properties)
            results.append({"id": "1", "properties": properties, "new": False})
        return 200, {"status": "COMPLETE", "results": results}

    def check(self, item: dict) -> None:
        known = {"id", "idProperty", "objectWriteTraceId", "properties"}
        if not {"id", "properties"} <= item.keys() <= known or not isinstance(item["id"], str):
            raise RefusedError(400, "VALIDATION_ERROR", f"an input has {sorted(item)}")
        if item.get("idProperty") != self.ID_FIELD:
            raise RefusedError(400, "VALIDATION_ERROR", "`idProperty` has no unique values")
        for name, value in item["properties"].items():
            self.check_property(name, value)

    def check_property(self, name: str, value) -> None:
        if not isinstance(value, str):
            raise RefusedError(400, "VALIDATION_ERROR", f"{name}: {value!r} is no text")
        if name in self.TEXTS or value == "":
            is_right = True
        elif name == "dealstage":
            is_right = value in self.STAGES
        elif name in self.NUMBERS:
            is_right = matched(value, r"-?\d+(\.\d+)?")
        elif name in self.DATES:
            is_right = matched(value, r"-?\d+") and int(value) % DAY == 0
        elif name == "aws_national_security":
            is_right = value in ("true", "false")
        else:
            raise RefusedError(400, "PROPERTY_DOESNT_EXIST", name)
        if not is_right:
            raise RefusedError(400, "INVALID_PROPERTY_VALUE", f"{name}: {value!r}")


class Salesforce(Crm):
    """Opportunities, by their external id. Null clears a field."""

    ID_FIELD, METHOD = "AWS_Opportunity_Id__c", "PATCH"
    PATH = "/services/data/v65.0/sobjects/Opportunity/AWS_Opportunity_Id__c/"

    def is_tried_again(self, status: int) -> bool:
        """Never: a flow's fault path tells the user."""
        return False

    def take(self, method: str, target: str, content_type: str, body: dict) -> tuple[int, dict | None]:
        address = urlsplit(target)
        if method != "PATCH" or not address.path.startswith(self.PATH):
            raise RefusedError(404, "NOT_FOUND", f"{method} {target}")
        if {"Id", self.ID_FIELD} & body.keys():
            raise RefusedError(400, "INVALID_FIELD", "the external id is in the address, not in the body")
        for name, value in body.items():
            self.check(name, value)
        if address.path.removeprefix(self.PATH) != self.identifier:
            if parse_qs(address.query).get("updateOnly") == ["true"]:
                raise RefusedError(404, "NOT_FOUND", "no record has this external id")
            raise RefusedError(400, "REQUIRED_FIELD_MISSING", "Name, StageName, CloseDate")
        self.edit(**body)
        return 204, None

    def check(self, name: str, value) -> None:
        if name in PICKLISTS:
            items = set(value.split(";")) if value else set()
            if not items <= PICKLISTS[name]:
                raise RefusedError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f"{name}: {value!r}")
        elif name == "AWS_Monthly_Spend__c":
            if isinstance(value, str | bool):
                raise RefusedError(400, "JSON_PARSER_ERROR", f"{name}: {value!r} is no number")
        elif name == "AWS_Close_Date__c":
            try:
                value is None or date.fromisoformat(value)
            except (TypeError, ValueError):
                raise RefusedError(400, "JSON_PARSER_ERROR", f"{name}: {value!r} is no date") from None
        elif name not in LENGTHS:
            raise RefusedError(400, "INVALID_FIELD", f"no such column `{name}`")
        elif value is not None and not isinstance(value, str):
            raise RefusedError(400, "JSON_PARSER_ERROR", f"{name}: {value!r} is no text")
        elif value is not None and len(value) > LENGTHS[name]:
            raise RefusedError(400, "STRING_TOO_LONG", name)
