"""What schemathesis cannot know about the bridge, or about what runs it here."""

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData

from tools import embed_schema

# A patch with any of these has to hold what was read, or it is refused (422, 412) before anything else is
# looked at. What is generated for them would leave little of the rest tested; Rust's tests are about them.
AS_READ = ("Arn", "CreatedDate", "Id", "LastModifiedDate", "OpportunityTeam", "RelatedEntityIdentifiers")


@schemathesis.hook
def before_load_schema(_context, raw_schema: dict) -> None:
    """Leaves out of patches what has to be as it was read."""
    schemas = raw_schema["components"]["schemas"]
    for name in embed_schema.BODIES:
        for field in AS_READ:
            del schemas[name]["properties"][field]


@schemathesis.hook
def filter_case(_context, case) -> bool:
    """Leaves out what says nothing about the bridge."""
    if isinstance(case.body, bytes):
        # `cargo lambda watch` answers 500 itself: it puts every body into its event as text, where
        # Lambda takes Base64. Bodies in Base64 are tested without it.
        try:
            case.body.decode()
        except UnicodeDecodeError:
            return False
    return True


@schemathesis.hook
def filter_failure(_context, failure, case, response) -> bool:
    """Leaves out what the document forbids, and yet is in order as the bridge answered it."""
    if not isinstance(failure, AcceptedNegativeData):
        return True
    preference = (case.headers or {}).get("Prefer")
    listed = embed_schema.read()["components"]["schemas"]["Preference"]["enum"]
    # A preference that is not known is ignored (RFC 7240, 2).
    is_ignored = preference is not None and preference not in listed
    return not (is_ignored or is_in_order(response))


def is_in_order(response) -> bool:
    """Whether a patch that is wrong by the schema did nothing, or is told to be wrong: to a dry run in
    `errors`, and where AWS is to judge (`handling=lenient`) in `warnings`.
    """
    if response.status_code == 204:  # asked for by `return=minimal`, and says nothing
        return True
    answer = response.json()
    findings = answer.get("errors", []) + answer.get("warnings", [])
    return answer.get("outcome") == "unchanged" or any(finding["source"] == "patch" for finding in findings)
