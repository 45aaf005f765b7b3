"""Deletes what the memory has of one opportunity: `make forget`.

Its states as they were handed on, the patches that wait for its review, and how earlier ones ended. What
requests with a key changed in it, or were answered, is found by the opportunity too. The next event of the
opportunity is like its first: without `changes`. What is deleted can be restored for 35 days.

Usage: python -m tools.forget STACK IDENTIFIER
"""

import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools.stack import IDENTIFIER, REGION, outputs, parameters

TABLE = "MemoryTableName"


class ForgetError(Exception):
    """Nothing can be forgotten."""


def keys(dynamodb, table: str, catalog: str, identifier: str) -> list[dict]:
    """The keys of everything that is about an opportunity."""
    told = {"pk": {"S": f"opportunity#{catalog}#{identifier}"}, "sk": {"S": "told"}}
    parked = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues={":pk": {"S": f"parked#{catalog}"}, ":prefix": {"S": f"{identifier}#"}},
        ProjectionExpression="pk, sk",
    )
    # Requests are kept by their keys, for a day: all there are have to be looked at.
    requests = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="identifier = :identifier AND begins_with(pk, :prefix)",
        ExpressionAttributeValues={
            ":identifier": {"S": identifier},
            ":prefix": {"S": f"request#{catalog}#"},
        },
        ProjectionExpression="pk, sk",
    )
    return [told, *(key for pages in (parked, requests) for page in pages for key in page["Items"])]


def forget(dynamodb, table: str, catalog: str, identifier: str) -> int:
    """Deletes everything about an opportunity; returns the number of items."""
    deleted = 0
    for key in keys(dynamodb, table, catalog, identifier):
        answer = dynamodb.delete_item(TableName=table, Key=key, ReturnValues="ALL_OLD")
        deleted += "Attributes" in answer
    return deleted


def main() -> int | str:
    stack, *identifiers = sys.argv[1:]
    try:
        if len(identifiers) != 1 or not IDENTIFIER.fullmatch(identifiers[0]):
            found = " ".join(identifiers)
            raise ForgetError(f"`ID` is `{found}`, expected one identifier such as `O1234567`")
        session = boto3.Session(region_name=REGION)
        cloudformation = session.client("cloudformation")
        table = outputs(cloudformation, stack).get(TABLE)
        if table is None:
            raise ForgetError(f"the stack `{stack}` has no memory")
        catalog = parameters(cloudformation, stack)["Catalog"]
        deleted = forget(session.client("dynamodb"), table, catalog, identifiers[0])
    except (ForgetError, BotoCoreError, ClientError) as error:
        return f"not forgotten: {error}"
    print(f"catalog {catalog}: {deleted} items of {identifiers[0]} deleted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
