"""The template gives the functions what they need: packages, variables, permissions."""

import base64
import random
import re
import string
import tomllib
import unittest

from samtranslator.yaml_helper import yaml_parse

from tests.template import observed
from tests.template.stack import CRMS, ROOT, TEMPLATE, Stack, listed, statements

FUNCTIONS = {
    "EnrichOpportunity": "enrich-opportunity",
    "PatchOpportunity": "patch-opportunity",
    "SweepOpportunities": "sweep-opportunities",
}
# The one action of Partner Central without a resource type.
LIST = "partnercentral:ListOpportunities"
AUTHS = ["standard-webhooks", "bearer", "basic", "iam"]
# Variables that the functions read and the template does not set: secrets in a variable are for a
# developer's machine; Lambda sets the SDK's AWS_ variables, or a developer does.
NOT_IN_THE_TEMPLATE = re.compile(r"WEBHOOK_SECRETS|AWS_\w+")
# What Lambda does on the function's behalf, besides the function's own calls.
BY_LAMBDA = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
HANDED_ON_BY_LAMBDA = {
    "EnrichOpportunity": {"events:PutEvents", "sqs:SendMessage"},
    "PatchOpportunity": {"events:PutEvents"},
}


class Code(unittest.TestCase):
    def test_every_function_has_a_package_of_its_name(self):
        workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["members"]
        packages = {
            tomllib.loads((ROOT / member / "Cargo.toml").read_text())["package"]["name"]
            for member in workspace
            if member.startswith("functions/")
        }
        self.assertEqual(set(FUNCTIONS.values()), packages)
        functions = Stack().of_type("AWS::Lambda::Function")
        self.assertEqual(functions.keys(), FUNCTIONS.keys())
        for name, package in FUNCTIONS.items():
            resource = Stack().resources[name]
            self.assertEqual(resource["Metadata"]["BuildProperties"]["Binary"], package)
            self.assertEqual(resource["Properties"]["FunctionName"], f"bridge-{package}")

    def test_environment_variables_are_those_that_the_function_reads(self):
        for name, package in FUNCTIONS.items():
            asked = {
                variable
                for variable in observed.variables(package)
                if not NOT_IN_THE_TEMPLATE.fullmatch(variable)
            }
            with self.subTest(package):
                given = Stack(CrmMapping="hubspot.json").properties(name)["Environment"]["Variables"]
                self.assertEqual(given.keys(), asked)

    def test_a_mapping_is_a_layer_that_the_function_finds_and_without_one_there_is_no_layer(self):
        for mapping in ("hubspot.json", "salesforce.json"):
            self.assertTrue((ROOT / "mappings" / mapping).is_file())
            stack = Stack(CrmMapping=mapping)
            ((layer, properties),) = stack.of_type("AWS::Lambda::LayerVersion").items()
            self.assertEqual(properties["LayerName"], "bridge-mappings")
            for name, package in FUNCTIONS.items():
                function = stack.properties(name)
                asks = "CRM_MAPPING" in observed.variables(package)
                self.assertEqual(function.get("Layers"), [f"<{layer}>"] if asks else None)
                variable = function["Environment"]["Variables"].get("CRM_MAPPING")
                self.assertEqual(variable, f"/opt/{mapping}" if asks else None)
        self.assertEqual(
            yaml_parse(TEMPLATE)["Resources"]["CrmMappings"]["Properties"]["ContentUri"], "mappings"
        )
        stack = Stack()
        self.assertEqual(stack.of_type("AWS::Lambda::LayerVersion"), {})
        for name in FUNCTIONS:
            self.assertNotIn("Layers", stack.properties(name))
            self.assertNotIn("CRM_MAPPING", stack.properties(name)["Environment"]["Variables"])

    def test_iam_actions_are_the_operations_that_the_function_calls(self):
        stack = Stack()
        for name, package in FUNCTIONS.items():
            allowed = {
                action
                for statement in statements(stack.properties(f"{name}Role")["Policies"])
                for action in listed(statement["Action"])
            }
            by_lambda = BY_LAMBDA | HANDED_ON_BY_LAMBDA.get(name, set())
            with self.subTest(package):
                self.assertEqual(allowed - by_lambda, observed.actions(package))
                self.assertLessEqual(by_lambda, allowed)

    def test_a_function_may_only_touch_opportunities_of_its_catalog(self):
        for catalog in ("AWS", "Sandbox"):
            stack = Stack(Catalog=catalog)
            for name in FUNCTIONS:
                for statement in statements(stack.properties(f"{name}Role")["Policies"]):
                    if not listed(statement["Action"])[0].startswith("partnercentral:"):
                        continue
                    opportunities = f"catalog/{catalog}/opportunity/*"
                    arn = f"arn:aws:partnercentral:us-east-1:111122223333:{opportunities}"
                    self.assertEqual(statement["Resource"], "*" if statement["Action"] == LIST else arn)
                    self.assertEqual(
                        statement["Condition"], {"StringEquals": {"partnercentral:Catalog": catalog}}
                    )

    def test_permissions_are_for_named_resources_except_where_a_service_has_none(self):
        for crm in CRMS.values():
            for role in Stack(**crm).of_type("AWS::IAM::Role").values():
                for statement in statements(role["Policies"]):
                    actions = listed(statement["Action"])
                    self.assertNotIn("*", "".join(actions))
                    if statement["Resource"] == "*":
                        self.assertIn(
                            actions, [["xray:PutTraceSegments", "xray:PutTelemetryRecords"], [LIST]]
                        )

    def test_each_role_is_assumed_by_its_one_service(self):
        stack = Stack(**CRMS["oauth"])
        roles = {
            "EnrichOpportunityRole": {"Service": "lambda.amazonaws.com"},
            "PatchOpportunityRole": {"Service": "lambda.amazonaws.com"},
            "SweepOpportunitiesRole": {"Service": "lambda.amazonaws.com"},
            "SweepScheduleRole": {"Service": "scheduler.amazonaws.com"},
            "DeliveryRole": {"Service": "events.amazonaws.com"},
        }
        self.assertEqual(stack.of_type("AWS::IAM::Role").keys(), roles.keys())
        for name, principal in roles.items():
            (statement,) = stack.properties(name)["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual(statement["Principal"], principal)


class Boundary(unittest.TestCase):
    def test_every_role_has_the_boundary_that_is_given(self):
        boundary = "arn:aws:iam::111122223333:policy/boundary"
        for role in Stack(**CRMS["basic"], PermissionsBoundary=boundary).of_type("AWS::IAM::Role").values():
            self.assertEqual(role["PermissionsBoundary"], boundary)
        for role in Stack(**CRMS["basic"]).of_type("AWS::IAM::Role").values():
            self.assertNotIn("PermissionsBoundary", role)


class Callers(unittest.TestCase):
    def test_every_way_to_authenticate_can_be_chosen_except_none(self):
        self.assertEqual(set(observed.observed()["auths"]) - {"none"}, set(AUTHS))
        self.assertEqual(set(Stack().template["Parameters"]["WebhookAuth"]["AllowedValues"]), set(AUTHS))

    def test_the_urls_auth_type_agrees_with_webhook_auth(self):
        for auth in AUTHS:
            stack = Stack(WebhookAuth=auth)
            expected = "AWS_IAM" if auth == "iam" else "NONE"
            with self.subTest(auth):
                variables = stack.properties("PatchOpportunity")["Environment"]["Variables"]
                self.assertEqual(variables["WEBHOOK_AUTH"], auth)
                self.assertEqual(stack.properties("PatchOpportunityUrl")["AuthType"], expected)

    def test_a_url_is_public_only_if_the_function_authenticates_and_only_as_a_url(self):
        for auth in AUTHS:
            stack = Stack(WebhookAuth=auth)
            public = [
                permission
                for permission in stack.of_type("AWS::Lambda::Permission").values()
                if permission["Principal"] == "*"
            ]
            function = {"FunctionName": "<PatchOpportunity>", "Principal": "*"}
            expected = [
                function | {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
                function | {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
            ]
            with self.subTest(auth):
                self.assertCountEqual(public, [] if auth == "iam" else expected)

    def test_the_secret_exists_for_the_modes_that_need_it_and_only_its_reader_may_read_it(self):
        for auth in AUTHS:
            stack = Stack(WebhookAuth=auth)
            takes_secret = auth != "iam"
            readers = [
                name
                for name, role in stack.of_type("AWS::IAM::Role").items()
                for statement in statements(role["Policies"])
                if statement["Action"] == "secretsmanager:GetSecretValue"
                and statement["Resource"] == "<WebhookSecret>"
            ]
            variables = stack.properties("PatchOpportunity")["Environment"]["Variables"]
            with self.subTest(auth):
                self.assertEqual("WebhookSecret" in stack.names, takes_secret)
                self.assertEqual(
                    variables.get("WEBHOOK_SECRET_ID"), "<WebhookSecret>" if takes_secret else None
                )
                self.assertEqual(readers, ["PatchOpportunityRole"] if takes_secret else [])
                self.assertEqual("WebhookSecretCommand" in stack.outputs, takes_secret)

    def test_every_generated_secret_is_base64_of_24_bytes(self):
        generated = Stack().properties("WebhookSecret")["GenerateSecretString"]
        self.assertEqual(generated, {"PasswordLength": 32, "ExcludePunctuation": True})
        letters = random.Random(0)
        for _ in range(100):
            secret = "".join(letters.choices(string.ascii_letters + string.digits, k=32))
            self.assertEqual(len(base64.b64decode(secret, validate=True)), 24)
