"""Everything that the memory has of one opportunity is deleted, and nothing of another one."""

import subprocess
import time
import unittest

import boto3
from botocore.exceptions import BotoCoreError

from tests.template.stack import ROOT
from tools import forget, local

SERVER = ROOT / ".venv/dynamodb/node_modules/@dynoxide/linux-x64/dynoxide"
TABLE = "memory"


class Forget(unittest.TestCase):
    def setUp(self):
        port = local.free_port()
        command = [SERVER, "serve", "--host", "127.0.0.1", "--port", str(port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        url = f"http://127.0.0.1:{port}"
        self.dynamodb = boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1", **keys)
        while server.poll() is None:
            try:
                self.dynamodb.list_tables()
                break
            except BotoCoreError:
                time.sleep(0.05)
        self.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, pk: str, sk: str, **attributes: str) -> None:
        item = {"pk": pk, "sk": sk} | attributes
        self.dynamodb.put_item(TableName=TABLE, Item={name: {"S": value} for name, value in item.items()})

    def there(self) -> list[tuple[str, str]]:
        items = self.dynamodb.scan(TableName=TABLE)["Items"]
        return sorted((item["pk"]["S"], item["sk"]["S"]) for item in items)

    def test_what_is_told_what_waits_and_what_was_asked_is_deleted_of_this_one_alone(self):
        for identifier in ("O1", "O12"):
            self.put(f"opportunity#AWS#{identifier}", "told")
            for digest in ("a", "b"):
                self.put("parked#AWS", f"{identifier}#{digest}")
            self.put(f"request#AWS#{identifier}", "request", identifier=identifier)
        before = self.there()
        self.assertEqual(forget.forget(self.dynamodb, TABLE, "AWS", "O1"), 4)
        of_the_other = [
            ("opportunity#AWS#O12", "told"),
            ("parked#AWS", "O12#a"),
            ("parked#AWS", "O12#b"),
            ("request#AWS#O12", "request"),
        ]
        self.assertEqual(len(before), 8)
        self.assertEqual(self.there(), of_the_other)
        self.assertEqual(forget.forget(self.dynamodb, TABLE, "AWS", "O1"), 0)
