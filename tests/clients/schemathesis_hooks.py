"""Tells schemathesis what it cannot know about the bridge, or about the runtime here."""

import json

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData

from tools import embed_schema
from tools.paths import ROOT

# The bridge runs with this mapping, about this opportunity.
MAPPING = ROOT / "mappings/hubspot.json"
OPPORTUNITY = "O7654321"

# A patch with any of these must hold what was read, or it is refused (422, 412) before anything else is
# checked. Generated values would leave little of the rest tested; the Rust tests cover these.
AS_READ = ("Arn", "CreatedDate", "Id", "LastModifiedDate", "OpportunityTeam", "RelatedEntityIdentifiers")


@schemathesis.hook
def before_load_schema(_context, raw_schema: dict) -> None:
    """Leaves out of patches what must be as it was read, and gives records the fields of the mapping."""
    schemas = raw_schema["components"]["schemas"]
    for name in embed_schema.BODIES:
        for field in AS_READ:
            del schemas[name]["properties"][field]
    fields = {row["crm"]: {} for row in json.loads(MAPPING.read_text())["fields"]}
    record = schemas["CrmRecord"]
    record["properties"] = fields | {"aws_opportunity_id": {"const": OPPORTUNITY}}
    record["required"] = ["aws_opportunity_id"]


@schemathesis.hook
def filter_case(_context, case) -> bool:
    """Leaves out cases that say nothing about the bridge."""
    if isinstance(case.body, bytes):
        # `cargo lambda watch` answers 500 itself: it puts every body into its event as text, where
        # Lambda takes Base64. Bodies in Base64 are tested without it.
        try:
            case.body.decode()
        except UnicodeDecodeError:
            return False
    # It does the same to any header that is not UTF-8, whoever reads it; schemathesis sends Latin-1.
    return all(str(value).isascii() for value in (case.headers or {}).values())


@schemathesis.hook
def filter_failure(_context, failure, case, response) -> bool:
    """Accepts what the document forbids although the bridge answered it correctly."""
    if not isinstance(failure, AcceptedNegativeData):
        return True
    preference = (case.headers or {}).get("Prefer")
    listed = embed_schema.read()["components"]["schemas"]["Preference"]["enum"]
    # An unknown preference is ignored (RFC 7240, 2).
    is_ignored = preference is not None and preference not in listed
    return not (is_ignored or is_in_order(response))


def is_in_order(response) -> bool:
    """Whether a patch that the schema forbids did nothing, or was reported as wrong: in `errors` of a
    dry run, in `warnings` if AWS decides (`handling=lenient`), and in `skipped` if what is wrong was left
    out (`locked=skip`).
    """
    if response.status_code == 204:  # asked for by `return=minimal`, and says nothing
        return True
    answer = response.json()
    findings = [finding for name in ("errors", "warnings", "skipped") for finding in answer.get(name, [])]
    return answer.get("outcome") == "unchanged" or any(finding["source"] == "patch" for finding in findings)
