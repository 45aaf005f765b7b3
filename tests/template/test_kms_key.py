"""A KMS key of the partner's own encrypts what the stack stores, and its users may use it."""

import json
import unittest

from tests.template.stack import CRMS, ROOT, Stack, listed, statements

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
# The resources that store content, with the property that takes a key.
ENCRYPTED = {
    "AWS::DynamoDB::Table": "SSESpecification",
    "AWS::Events::Archive": "KmsKeyIdentifier",
    "AWS::Events::Connection": "KmsKeyIdentifier",
    "AWS::Events::EventBus": "KmsKeyIdentifier",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
}
# The services that use the key in their own name. Secrets Manager and DynamoDB use it in the name of whoever
# calls them.
SERVICES = {
    "cloudwatch.amazonaws.com",  # sends alarms to the topic
    "events.amazonaws.com",  # bus, archive, the queues of its rules
    "logs.us-east-1.amazonaws.com",
    "sns.amazonaws.com",  # delivers from the topic
}


def key_policy() -> list[dict]:
    return json.loads((ROOT / "docs/deploy-policy-key.json").read_text())["Statement"]


class Key(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(**CRMS["oauth"], KmsKeyArn=KEY)

    def test_everything_that_stores_content_is_encrypted_with_the_given_key(self):
        for kind, name in ENCRYPTED.items():
            found = self.stack.of_type(kind)
            self.assertTrue(found, kind)
            for resource, properties in found.items():
                key = properties[name]
                self.assertEqual(key["KMSMasterKeyId"] if isinstance(key, dict) else key, KEY, resource)

    def test_a_queue_is_encrypted_in_one_way_only(self):
        for queue in self.stack.of_type("AWS::SQS::Queue").values():
            self.assertNotIn("SqsManagedSseEnabled", queue)

    def test_without_a_key_nothing_refers_to_one(self):
        stack = Stack(**CRMS["oauth"])
        for kind, name in ENCRYPTED.items():
            for properties in stack.of_type(kind).values():
                self.assertNotIn("KMSMasterKeyId", properties.get(name, {}))
                self.assertNotIsInstance(properties.get(name), str)
        self.assertNotIn("kms:", json.dumps(stack.resources))

    def test_a_role_may_use_the_key_only_through_the_service_that_needs_it(self):
        found = {
            (name, service): listed(statement["Action"])
            for name, role in self.stack.of_type("AWS::IAM::Role").items()
            for statement in statements(role["Policies"])
            if statement["Resource"] == KEY
            for service in listed(statement["Condition"]["StringEquals"]["kms:ViaService"])
        }
        expected = {
            ("EnrichOpportunityRole", "sqs.us-east-1.amazonaws.com"): ["kms:Decrypt", "kms:GenerateDataKey"],
            ("PatchOpportunityRole", "secretsmanager.us-east-1.amazonaws.com"): ["kms:Decrypt"],
        }
        of_memory = {
            (role, "dynamodb.us-east-1.amazonaws.com"): ["kms:Decrypt", "kms:DescribeKey"]
            for role in ("EnrichOpportunityRole", "PatchOpportunityRole", "SweepOpportunitiesRole")
        }
        self.assertEqual(found, expected | of_memory)

    def test_the_keys_policy_names_the_services_that_use_it(self):
        named = [
            service for statement in key_policy() for service in listed(statement["Principal"]["Service"])
        ]
        self.assertCountEqual(named, SERVICES)
        for statement in key_policy():
            self.assertIn("kms:Decrypt", statement["Action"])
            self.assertTrue(statement["Condition"], "a service uses the key for this account alone")
