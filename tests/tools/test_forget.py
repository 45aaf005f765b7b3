"""Everything that the memory has of one opportunity is deleted, and nothing of another one."""

import unittest

from tools import forget, memory


class Forget(unittest.TestCase):
    def setUp(self):
        self.dynamodb = memory.client(self.enterContext(memory.running()).url)

    def put(self, pk: str, sk: str, **attributes: str) -> None:
        item = {"pk": pk, "sk": sk} | attributes
        self.dynamodb.put_item(
            TableName=memory.TABLE, Item={name: {"S": value} for name, value in item.items()}
        )

    def there(self) -> list[tuple[str, str]]:
        items = self.dynamodb.scan(TableName=memory.TABLE)["Items"]
        return sorted((item["pk"]["S"], item["sk"]["S"]) for item in items)

    def test_what_is_told_what_waits_and_what_was_asked_is_deleted_of_this_one_alone(self):
        for identifier in ("O1", "O12"):
            self.put(f"opportunity#AWS#{identifier}", "told")
            for digest in ("a", "b"):
                self.put("parked#AWS", f"{identifier}#{digest}")
            self.put(f"request#AWS#{identifier}", "request", identifier=identifier)
        before = self.there()
        self.assertEqual(forget.forget(self.dynamodb, memory.TABLE, "AWS", "O1"), 4)
        of_the_other = [
            ("opportunity#AWS#O12", "told"),
            ("parked#AWS", "O12#a"),
            ("parked#AWS", "O12#b"),
            ("request#AWS#O12", "request"),
        ]
        self.assertEqual(len(before), 8)
        self.assertEqual(self.there(), of_the_other)
        self.assertEqual(forget.forget(self.dynamodb, memory.TABLE, "AWS", "O1"), 0)
