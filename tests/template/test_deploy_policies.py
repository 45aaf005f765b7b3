"""The deployer's policies allow everything that the template needs, and nothing else."""

import json
import re
import unittest

from tests.template.stack import CRMS, ROOT, Stack, listed
from tests.template.test_kms_key import KEY

# The actions by which CloudFormation creates, reads, updates, tags and deletes a resource of a type:
# the `handlers` of the type's schema in CloudFormation's registry (`aws cloudformation describe-type`),
# without those for properties that the template does not use.
HANDLERS = {
    "AWS::CloudWatch::Alarm": "cloudwatch: DeleteAlarms DescribeAlarms ListTagsForResource PutMetricAlarm "
    "TagResource UntagResource",
    "AWS::CloudWatch::Dashboard": "cloudwatch: DeleteDashboards GetDashboard PutDashboard",
    "AWS::DynamoDB::Table": "dynamodb: CreateTable DeleteTable DescribeContinuousBackups "
    "DescribeContributorInsights DescribeKinesisStreamingDestination DescribeTable DescribeTimeToLive "
    "GetResourcePolicy ListTagsOfResource TagResource UntagResource UpdateContinuousBackups UpdateTable "
    "UpdateTimeToLive",
    "AWS::Events::ApiDestination": "events: CreateApiDestination DeleteApiDestination DescribeApiDestination "
    "UpdateApiDestination",
    "AWS::Events::Archive": "events: CreateArchive DeleteArchive DescribeArchive UpdateArchive",
    "AWS::Events::Connection": "events: CreateConnection DeleteConnection DescribeConnection "
    "UpdateConnection",
    "AWS::Events::EventBus": "events: CreateEventBus DeleteEventBus DescribeEventBus ListTagsForResource "
    "PutPermission TagResource UntagResource UpdateEventBus",
    "AWS::Events::EventBusPolicy": "events: DescribeEventBus PutPermission RemovePermission",
    "AWS::Events::Rule": "events: DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule "
    "PutTargets RemoveTargets TagResource UntagResource",
    "AWS::IAM::Role": "iam: CreateRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy GetRole "
    "GetRolePolicy ListAttachedRolePolicies ListRolePolicies PassRole PutRolePermissionsBoundary "
    "PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole",
    "AWS::Lambda::EventInvokeConfig": "lambda: DeleteFunctionEventInvokeConfig GetFunctionEventInvokeConfig "
    "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig",
    "AWS::Lambda::Function": "lambda: CreateFunction DeleteFunction DeleteFunctionConcurrency GetFunction "
    "GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionRecursionConfig "
    "GetRuntimeManagementConfig ListTags PutFunctionConcurrency PutFunctionRecursionConfig TagResource "
    "UntagResource UpdateFunctionCode UpdateFunctionConfiguration",
    "AWS::Lambda::LayerVersion": "lambda: DeleteLayerVersion GetLayerVersion PublishLayerVersion",
    "AWS::Lambda::Permission": "lambda: AddPermission GetPolicy RemovePermission",
    "AWS::Lambda::Url": "lambda: CreateFunctionUrlConfig DeleteFunctionUrlConfig GetFunctionUrlConfig "
    "UpdateFunctionUrlConfig",
    "AWS::Logs::LogGroup": "logs: AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy "
    "DisassociateKmsKey GetDataProtectionPolicy ListTagsForResource PutRetentionPolicy TagResource "
    "UntagResource",
    "AWS::SNS::Subscription": "sns: GetSubscriptionAttributes Subscribe Unsubscribe",
    "AWS::SNS::Topic": "sns: CreateTopic DeleteTopic GetDataProtectionPolicy GetTopicAttributes "
    "ListSubscriptionsByTopic ListTagsForResource SetTopicAttributes TagResource UntagResource",
    "AWS::SNS::TopicPolicy": "sns: GetTopicAttributes SetTopicAttributes",
    "AWS::SQS::Queue": "sqs: CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags "
    "SetQueueAttributes TagQueue UntagQueue",
    "AWS::SQS::QueuePolicy": "sqs: GetQueueAttributes SetQueueAttributes",
    "AWS::Scheduler::Schedule": "scheduler: CreateSchedule DeleteSchedule GetSchedule UpdateSchedule",
    "AWS::SecretsManager::Secret": "secretsmanager: CreateSecret DeleteSecret DescribeSecret GetSecretValue "
    "TagResource UntagResource UpdateSecret",
}
REGIONAL = "us-east-1:111122223333"
# Related actions with their resources: the connection's secret and its service-linked role, the code,
# the key.
BESIDES = {
    f"arn:aws:secretsmanager:{REGIONAL}:secret:events!connection/c/1": "secretsmanager: CreateSecret "
    "GetSecretValue PutSecretValue UpdateSecret",
    "arn:aws:iam::111122223333:role/aws-service-role/apidestinations.events.amazonaws.com/"
    "AWSServiceRoleForAmazonEventBridgeApiDestinations": "iam: CreateServiceLinkedRole",
    "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-1": "s3: GetObject GetObjectVersion",
    # DynamoDB's own list of what it needs of a key to make and to keep a table.
    KEY: "kms: CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey ReEncryptFrom ReEncryptTo",
    # These have no resource types.
    "*": "secretsmanager: GetRandomPassword",
    f"arn:aws:logs:{REGIONAL}:log-group::log-stream": "logs: DescribeLogGroups",
}
# The calls of `sam deploy` and `sam delete` themselves, from the source of this release of SAM, and
# those of tools/preflight.py.
OF_SAM = {
    f"arn:aws:cloudformation:{REGIONAL}:stack/{stack}/1": "cloudformation: CreateChangeSet DescribeChangeSet "
    "DescribeStackEvents DescribeStackResources DescribeStacks ExecuteChangeSet"
    for stack in ("opportunity-bridge-production", "aws-sam-cli-managed-default")
} | {
    f"arn:aws:cloudformation:{REGIONAL}:stack/opportunity-bridge-sandbox/1": "cloudformation: "
    "ContinueUpdateRollback DeleteStack GetTemplate ListChangeSets TagResource UntagResource",
    "arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31": "cloudformation: CreateChangeSet",
    "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-1": "s3: CreateBucket DeleteObject "
    "GetObject GetObjectTagging GetObjectVersion ListBucket PutBucketPolicy PutBucketPublicAccessBlock "
    "PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutObject",
    "*": "lambda: GetAccountSettings",
    f"arn:aws:cloudformation:{REGIONAL}:stack/*": "cloudformation: GetTemplateSummary",
}
MOST = 6_144  # characters of a managed policy, white space not counted


def policy(name: str) -> list[dict]:
    return json.loads((ROOT / "docs" / f"{name}.json").read_text())["Statement"]


def matches(pattern: str, text: str) -> bool:
    """Whether an IAM pattern matches a text."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def allows(statements: list[dict], action: str, resource: str) -> bool:
    return any(
        any(matches(pattern, action) for pattern in listed(statement["Action"]))
        and any(matches(pattern, resource) for pattern in listed(statement["Resource"]))
        for statement in statements
    )


def actions(text: str) -> list[str]:
    service, _, names = text.partition(": ")
    return [f"{service}:{name}" for name in names.split()]


def arns(stack: Stack, name: str, properties: dict, kind: str) -> list[str]:
    """The possible ARNs of a resource: its name is the template's, or CloudFormation makes one up."""
    of_stack = stack.values["AWS::StackName"]
    made_up = [f"{of_stack}-{name}-1A2B3C", f"{name}-1A2B3C"]
    of_function = f"arn:aws:lambda:{REGIONAL}:function:{of_stack}-"
    match kind:
        case "AWS::CloudWatch::Alarm":
            return [f"arn:aws:cloudwatch:{REGIONAL}:alarm:{properties['AlarmName']}"]
        case "AWS::CloudWatch::Dashboard":
            return [f"arn:aws:cloudwatch::111122223333:dashboard/{properties['DashboardName']}"]
        case "AWS::DynamoDB::Table":
            return [f"arn:aws:dynamodb:{REGIONAL}:table/{made_up[0]}"]
        case "AWS::Events::ApiDestination" | "AWS::Events::Archive" | "AWS::Events::Connection":
            path = {"ApiDestination": "api-destination", "Archive": "archive", "Connection": "connection"}
            last = kind.rpartition(":")[2]
            return [f"arn:aws:events:{REGIONAL}:{path[last]}/{made}" for made in made_up]
        case "AWS::Events::EventBus" | "AWS::Events::EventBusPolicy":
            return [f"arn:aws:events:{REGIONAL}:event-bus/{of_stack}"]
        case "AWS::Events::Rule":
            bus = f"{of_stack}/" if "EventBusName" in properties else ""
            return [f"arn:aws:events:{REGIONAL}:rule/{bus}{properties['Name']}"]
        case "AWS::IAM::Role":
            return [f"arn:aws:iam::111122223333:role/{made_up[0]}"]
        case "AWS::Lambda::Function":
            return [f"arn:aws:lambda:{REGIONAL}:function:{properties['FunctionName']}"]
        case "AWS::Lambda::EventInvokeConfig" | "AWS::Lambda::Permission" | "AWS::Lambda::Url":
            return [f"{of_function}enrich-opportunity"]
        case "AWS::Lambda::LayerVersion":
            layer = f"arn:aws:lambda:{REGIONAL}:layer:{properties['LayerName']}"
            return [layer, f"{layer}:1"]
        case "AWS::Logs::LogGroup":
            return [f"arn:aws:logs:{REGIONAL}:log-group:{properties['LogGroupName']}:log-stream:"]
        case "AWS::SNS::Subscription" | "AWS::SNS::Topic" | "AWS::SNS::TopicPolicy":
            return [f"arn:aws:sns:{REGIONAL}:{of_stack}-AlarmTopic-1A2B3C"]
        case "AWS::SQS::Queue":
            return [f"arn:aws:sqs:{REGIONAL}:{properties['QueueName']}"]
        case "AWS::SQS::QueuePolicy":
            return [f"arn:aws:sqs:{REGIONAL}:{of_stack}-incoming-dead-letters"]
        case "AWS::Scheduler::Schedule":
            return [f"arn:aws:scheduler:{REGIONAL}:schedule/default/{properties['Name']}"]
        case "AWS::SecretsManager::Secret":
            return [f"arn:aws:secretsmanager:{REGIONAL}:secret:{made}" for made in made_up]
    raise AssertionError(f"{kind}: nobody has said what it is called")


def stacks() -> list[Stack]:
    """Every resource that the template can have, in both environments."""
    names = [{"AWS::StackName": f"opportunity-bridge-{name}"} for name in ("sandbox", "production")]
    given = {"AlarmEmail": "ops@partner.example", "CrmMapping": "hubspot.json", "KmsKeyArn": KEY}
    return [Stack(**name, **given, **crm) for name in names for crm in CRMS.values()]


def of_resources() -> set[tuple[str, str]]:
    """Each action on each ARN that the template's resources need."""
    return {
        (action, arn)
        for stack in stacks()
        for name, resource in stack.resources.items()
        for arn in arns(stack, name, resource.get("Properties", {}), resource["Type"])
        for action in actions(HANDLERS[resource["Type"]])
    } | {(action, arn) for arn, text in BESIDES.items() for action in actions(text)}


def of_sam() -> set[tuple[str, str]]:
    return {(action, arn) for arn, text in OF_SAM.items() for action in actions(text)}


NEEDED = {
    "deploy-policy": lambda: of_resources() | of_sam(),
    "deploy-policy-service-role": of_resources,
    "deploy-policy-with-service-role": of_sam,
}


class Rights(unittest.TestCase):
    def test_every_type_of_the_template_is_known(self):
        types = {resource["Type"] for stack in stacks() for resource in stack.resources.values()}
        self.assertEqual(types, HANDLERS.keys())

    def test_the_policies_allow_every_needed_action(self):
        for name, needed in NEEDED.items():
            statements = policy(name)
            missing = {(action, arn) for action, arn in needed() if not allows(statements, action, arn)}
            self.assertEqual(missing, set(), name)

    def test_no_policy_allows_an_action_that_nothing_needs(self):
        for name, needed in NEEDED.items():
            done = needed()
            for statement in policy(name):
                if statement["Sid"] == "PassServiceRole":
                    continue
                for pattern in listed(statement["Action"]):
                    used = {arn for action, arn in done if matches(pattern, action)}
                    met = any(matches(each, arn) for each in listed(statement["Resource"]) for arn in used)
                    self.assertTrue(met, f"{name}: {statement['Sid']}: {pattern}")
                for each in listed(statement["Resource"]):
                    self.assertTrue(any(matches(each, arn) for _, arn in done), f"{name}: {each}")

    def test_only_reading_actions_have_wildcards(self):
        for name in NEEDED:
            for statement in policy(name):
                for pattern in listed(statement["Action"]):
                    if "*" in pattern:
                        self.assertRegex(pattern, r"^\w+:(Get|List|Describe)\*$")

    def test_no_action_can_touch_another_stack(self):
        others = Stack(**{"AWS::StackName": "payroll"}, **CRMS["basic"], CrmMapping="hubspot.json")
        for name, resource in others.resources.items():
            kind = resource["Type"]
            for arn in arns(others, name, resource.get("Properties", {}), kind):
                if arn.rpartition("/")[2].startswith(f"{name}-") or arn.endswith(f":{name}-1A2B3C"):
                    continue  # CloudFormation may give these a name without the stack's
                for action in actions(HANDLERS[kind]):
                    self.assertFalse(allows(policy("deploy-policy"), action, arn), f"{action} on {arn}")

    def test_roles_can_only_be_passed_to_the_services_that_assume_them(self):
        assumed = {
            statement["Principal"]["Service"]
            for stack in stacks()
            for role in stack.of_type("AWS::IAM::Role").values()
            for statement in role["AssumeRolePolicyDocument"]["Statement"]
        }
        for name in ("deploy-policy", "deploy-policy-service-role"):
            (passing,) = [it for it in policy(name) if it["Action"] == "iam:PassRole"]
            self.assertEqual(set(passing["Condition"]["StringEquals"]["iam:PassedToService"]), assumed)

    def test_with_a_service_role_the_person_may_only_pass_that_role(self):
        statements = policy("deploy-policy-with-service-role")
        (passing,) = [it for it in statements if it["Action"] == "iam:PassRole"]
        passed = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
        self.assertEqual(passing["Condition"], passed)
        # The service role cannot pass on or change itself.
        self.assertFalse(
            allows(policy("deploy-policy-service-role"), "iam:PutRolePolicy", passing["Resource"])
        )
        made = {(action, arn) for action, arn in of_resources() - of_sam() if allows(statements, action, arn)}
        self.assertEqual(made, set())

    def test_each_policy_fits_into_a_managed_policy(self):
        for name in NEEDED:
            text = "".join((ROOT / "docs" / f"{name}.json").read_text().split())
            self.assertLessEqual(len(text), MOST, name)
