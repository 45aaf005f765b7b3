"""The floor's work with boto3, as a function of a few lines.

The Lambda Runtime API is served by the standard library. AWS's runtime client, which a function in Python
has on Lambda, would come on top.
"""

import json
import os
from http.client import HTTPConnection

import boto3

CATALOG = "Sandbox"
NOT_SENT = {"Id", "Arn", "CreatedDate", "OpportunityTeam", "RelatedEntityIdentifiers", "ResponseMetadata"}
INVOCATION = "/2018-06-01/runtime/invocation"

partner_central = boto3.client("partnercentral-selling")


def write(event: dict) -> dict:
    """Does what a merge patch asks for, where it asks for members of sections."""
    identifier = event["rawPath"].rsplit("/", 1)[1]
    read = partner_central.get_opportunity(Catalog=CATALOG, Identifier=identifier)
    opportunity = {name: value for name, value in read.items() if name not in NOT_SENT}
    for section, members in json.loads(event["body"]).items():
        opportunity[section] |= members
    partner_central.update_opportunity(**opportunity, Identifier=identifier)
    return {"statusCode": 200, "body": "{}"}


def main() -> None:
    runtime = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        runtime.request("GET", f"{INVOCATION}/next")
        invocation = runtime.getresponse()
        answer = write(json.load(invocation))
        identifier = invocation.headers["lambda-runtime-aws-request-id"]
        runtime.request("POST", f"{INVOCATION}/{identifier}/response", json.dumps(answer))
        runtime.getresponse().read()


if __name__ == "__main__":
    main()
