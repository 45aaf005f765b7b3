"""What a deployer has to provide: parameters, their rules, and the environments' settings."""

import json
import re
import tomllib
import unittest

from tests.template.stack import CRMS, ROOT, Stack

SECRETS = {"CrmApiKey", "CrmPassword", "CrmClientSecret"}
MARK = "a-secret-to-look-for"
SECRET_PROPERTIES = {"ApiKeyValue", "Password", "ClientSecret"}
SAMCONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text())
ENVIRONMENTS = {"sandbox": "Sandbox", "production": "AWS"}


def secret_parameters(value) -> set[str]:
    """The parameters used where secrets belong."""
    if isinstance(value, list):
        return set().union(*map(secret_parameters, value))
    if not isinstance(value, dict):
        return set()
    here = {
        member["Ref"]
        for name, member in value.items()
        if name in SECRET_PROPERTIES and isinstance(member, dict) and "Ref" in member
    }
    return here.union(*map(secret_parameters, value.values()))


class Parameters(unittest.TestCase):
    def test_every_secret_parameter_is_masked(self):
        template = Stack().template
        secrets = secret_parameters(template["Resources"])
        self.assertEqual(secrets, SECRETS)
        hidden = {name for name, parameter in template["Parameters"].items() if parameter.get("NoEcho")}
        self.assertEqual(hidden, secrets)

    def test_secrets_go_into_the_connection_and_nowhere_else(self):
        for kind, crm in CRMS.items():
            marked = dict.fromkeys(crm.keys() & SECRETS, MARK)
            stack = Stack(**crm | marked)
            holders = [name for name, resource in stack.resources.items() if MARK in json.dumps(resource)]
            self.assertEqual(holders, ["CrmConnection"], kind)
            self.assertNotIn(MARK, json.dumps(stack.outputs))

    def test_every_parameter_is_described_labelled_and_in_one_group(self):
        template = Stack().template
        interface = template["Metadata"]["AWS::CloudFormation::Interface"]
        grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
        self.assertCountEqual(grouped, template["Parameters"])
        self.assertEqual(interface["ParameterLabels"].keys(), template["Parameters"].keys())
        for name, parameter in template["Parameters"].items():
            self.assertTrue(parameter.get("Description"), name)

    def test_defaults_and_examples_are_allowed(self):
        template = Stack().template["Parameters"]
        examples = [Stack().values, *(Stack(**crm).values for crm in CRMS.values())]
        for name, parameter in template.items():
            for values in examples:
                if "AllowedPattern" in parameter:
                    self.assertRegex(values[name], parameter["AllowedPattern"])
                if "AllowedValues" in parameter:
                    self.assertIn(values[name], parameter["AllowedValues"])

    def test_a_url_has_one_star_at_most_and_in_its_path(self):
        allowed = re.compile(Stack().template["Parameters"]["CrmUrl"]["AllowedPattern"])
        for url in [
            "",
            "https://crm.example",
            "https://crm.example?key=1",
            "https://crm.example/v9.2/opportunities(aws_id='*')",
            "https://crm.example/Opportunity/Id__c/*?updateOnly=true",
        ]:
            self.assertRegex(url, allowed)
        for url in [
            "http://crm.example",
            "https://*.example/",
            "https://crm.example/*/*",
            "https://crm.example/?id=*",
            "https://crm.example/a b",
        ]:
            self.assertNotRegex(url, allowed)

    def test_log_levels_that_hide_the_metrics_cannot_be_chosen(self):
        self.assertEqual(Stack().template["Parameters"]["LogLevel"]["AllowedValues"], ["INFO", "DEBUG"])


class Rules(unittest.TestCase):
    def test_another_region_is_refused_with_the_reason(self):
        said = "AWS Partner Central and its events are in us-east-1 only, deploy with --region us-east-1"
        self.assertEqual(Stack(**{"AWS::Region": "eu-west-1"}).refusals(), [said])

    def test_complete_parameters_are_accepted(self):
        for parameters in [{}, *CRMS.values(), {"AlarmEmail": "ops@partner.example"}]:
            self.assertEqual(Stack(**parameters).refusals(), [])

    def test_a_crm_without_a_required_parameter_is_refused_and_the_parameter_named(self):
        for kind, crm in CRMS.items():
            for name in crm.keys() - {"CrmUrl", "CrmAuth"}:
                said = f"CrmUrl with CrmAuth {kind} takes {name}"
                self.assertEqual(Stack(**crm | {name: ""}).refusals(), [said])

    def test_a_record_without_a_mapping_is_refused(self):
        said = "CrmBody record takes CrmMapping"
        self.assertEqual(Stack(CrmBody="record").refusals(), [said])
        self.assertEqual(Stack(CrmBody="record", CrmMapping="hubspot.json").refusals(), [])

    def test_an_address_is_refused_if_no_topic_is_created(self):
        topic = "arn:aws:sns:us-east-1:111122223333:pager"
        self.assertEqual(len(Stack(AlarmEmail="a@b.example", AlarmTopicArn=topic).refusals()), 1)


class Memory(unittest.TestCase):
    def test_the_table_is_encrypted_recoverable_and_deleted_by_hand_alone(self):
        stack = Stack()
        table = stack.resources["MemoryTable"]
        self.assertEqual((table["DeletionPolicy"], table["UpdateReplacePolicy"]), ("Retain", "Retain"))
        table = table["Properties"]
        self.assertNotIn("TableName", table)
        self.assertIs(table["DeletionProtectionEnabled"], True)
        self.assertIs(table["SSESpecification"]["SSEEnabled"], True)
        self.assertIs(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], True)
        self.assertEqual(table["BillingMode"], "PAY_PER_REQUEST")
        self.assertEqual(table["TimeToLiveSpecification"], {"AttributeName": "expires", "Enabled": True})
        keys = {key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]}
        self.assertEqual(keys, {"pk": "HASH", "sk": "RANGE"})

    def test_off_leaves_nothing_of_it(self):
        for memory, is_there in (("on", True), ("off", False)):
            stack = Stack(Memory=memory)
            self.assertEqual("MemoryTable" in stack.names, is_there)
            self.assertEqual("MemoryTableName" in stack.outputs, is_there)
            resources = json.dumps(stack.resources)
            for name in ("dynamodb", "MEMORY_TABLE", "MEMORY_RETENTION_DAYS", "MemoryAlarm"):
                self.assertEqual(name in resources, is_there, name)


class Samconfig(unittest.TestCase):
    def test_each_environment_is_a_stack_of_its_catalog_in_us_east_1(self):
        for environment, catalog in ENVIRONMENTS.items():
            settings = SAMCONFIG[environment]
            everywhere = settings["global"]["parameters"]
            self.assertEqual(everywhere["region"], "us-east-1")
            self.assertEqual(everywhere["stack_name"], f"opportunity-bridge-{environment}")
            overrides = dict(
                item.split("=", 1) for item in settings["deploy"]["parameters"]["parameter_overrides"]
            )
            self.assertEqual(Stack(**overrides).values["Catalog"], catalog)

    def test_make_deploys_the_same_catalog(self):
        makefile = (ROOT / "Makefile").read_text().splitlines()
        for environment, catalog in ENVIRONMENTS.items():
            self.assertIn(f"CATALOG_{environment} := {catalog}", makefile)
        self.assertIn(f"ARCHITECTURE ?= {Stack().values['Architecture']}", makefile)

    def test_builds_do_not_use_a_cache_that_ignores_shared_code(self):
        for environment in ("default", *ENVIRONMENTS):
            self.assertIs(SAMCONFIG[environment]["build"]["parameters"]["cached"], False)

    def test_samconfig_contains_no_secret(self):
        self.assertNotRegex(json.dumps(SAMCONFIG), re.compile("CrmApiKey=|CrmPassword=|CrmClientSecret="))

    def test_names_are_no_longer_than_aws_allows(self):
        for environment in ENVIRONMENTS:
            stack = Stack(**{"AWS::StackName": f"opportunity-bridge-{environment}"})
            for function in stack.of_type("AWS::Lambda::Function").values():
                self.assertLessEqual(len(function["FunctionName"]), 64)
            for rule in stack.of_type("AWS::Events::Rule").values():
                self.assertLessEqual(len(rule["Name"]), 64)
