"""
What must hold of everything we deploy, beyond what a linter knows; each rule names what it misses.

    encrypted, kept    tables and the queue outlive the stack, can be restored, are encrypted
    closed             policies name what they open; each function has a role of its own
    watched            logs that end, alarms that tell somebody, and a dead-man alarm for each job
    not lost           what a job could not do lies in a queue, and the job may put it there
    alike              what the gateway says by itself looks as what we say
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.template import Template, of_type

FUNCTION, TABLE, ALARM = "AWS::Serverless::Function", "AWS::DynamoDB::Table", "AWS::CloudWatch::Alarm"
OPEN_FOR_ALL = ("logs:", "cloudwatch:PutMetricData")  # actions that may name no resource
COUNTED = (  # our metrics that somebody must hear of, beside those of jobs
    "QuarantinedEvents",
    "ParkedEvents",
    "ForgedWebhooks",
    "NewDebt",
    "BusyAnswers",
    "CrowdedWallets",
    "InternalErrors",
    "reconcile_stripe.differences",
    "audit.faults",
)
OF_FUNCTIONS = {  # AWS's metrics of functions that somebody must hear of
    ("StripeWebhook", "Errors"),
    ("StripeWebhook", "Url5xxCount"),
    ("StripeWebhook", "Throttles"),
    ("APIHandler", "Errors"),
    ("APIHandler", "Throttles"),
    ("TokenAuthorizer", "Throttles"),
}
THROTTLES = ("ReadThrottleEvents", "WriteThrottleEvents")
REFUSALS = ("UNAUTHORIZED", "ACCESS_DENIED", "MISSING_AUTHENTICATION_TOKEN", "THROTTLED", "DEFAULT_4XX", "DEFAULT_5XX")
AUTHORIZER, LOOKS_FIRST = "x-amazon-apigateway-authorizer", "identityValidationExpression"
HEADERS = ("Access-Control-Allow-Origin", "Content-Type")
TWO_WEEKS = 14 * 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a rule misses, and where."""

    rule: str
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.place}: {self.text}"


Rule = Callable[[Template], Iterator[tuple[str, str]]]


def faults(template: Template) -> list[Fault]:
    """Name everything that doesn't hold."""
    return [Fault(name, place, text) for name, rule in RULES.items() for place, text in rule(template)]


def _tables(template: Template) -> Iterator[tuple[str, str]]:
    for name, table in of_type(template, TABLE).items():
        whole = template["Resources"][name]
        wanted = {
            "no point-in-time recovery": table.get("PointInTimeRecoverySpecification")
            == {"PointInTimeRecoveryEnabled": True},
            "no deletion protection": table.get("DeletionProtectionEnabled") is True,
            "no encryption": table.get("SSESpecification") == {"SSEEnabled": True},
            "not on demand": table.get("BillingMode") == "PAY_PER_REQUEST",
            "not kept when the stack goes": whole.get("DeletionPolicy") == "Retain",
            "not kept when it is replaced": whole.get("UpdateReplacePolicy") == "Retain",
        }
        yield from _missing(name, wanted)


def _queue(template: Template) -> Iterator[tuple[str, str]]:
    for name, queue in of_type(template, "AWS::SQS::Queue").items():
        wanted = {
            "no encryption": queue.get("SqsManagedSseEnabled") is True,
            "kept for less than two weeks": queue.get("MessageRetentionPeriod") == TWO_WEEKS,
        }
        yield from _missing(name, wanted)


def _function_url(template: Template) -> Iterator[tuple[str, str]]:
    granted = of_type(template, "AWS::Lambda::Permission").values()
    for name, url in of_type(template, "AWS::Lambda::Url").items():
        function = url["TargetFunctionArn"]["Fn::GetAtt"][0]
        of_it = [each for each in granted if each["FunctionName"] == {"Ref": function} and each["Principal"] == "*"]
        wanted = {
            "no permission lambda:InvokeFunctionUrl": any(
                each["Action"] == "lambda:InvokeFunctionUrl" and each.get("FunctionUrlAuthType") == "NONE"
                for each in of_it
            ),
            "no permission lambda:InvokeFunction by the URL": any(
                each["Action"] == "lambda:InvokeFunction" and each.get("InvokedViaFunctionUrl") is True
                for each in of_it
            ),
        }
        yield from _missing(name, wanted)


def _roles(template: Template) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for name, function in of_type(template, FUNCTION).items():
        role = function["Role"]["Fn::GetAtt"][0]
        if role in seen:
            yield name, f"shares its role with {seen[role]}"
        seen[role] = name


def _stars(template: Template) -> Iterator[tuple[str, str]]:
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for statement in statements(role):
            for action in statement["Action"]:
                if "*" in action:
                    yield name, f"may do {action}"
                open_ended = any("*" in str(each) for each in statement["Resource"])
                if open_ended and not action.startswith(OPEN_FOR_ALL):
                    yield name, f"may do {action} to more than it names"


def statements(role: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what a role allows; of a condition what it allows if it holds. Actions and resources are lists."""
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            plain = statement["Fn::If"][1] if "Fn::If" in statement else statement
            yield {**plain, "Action": _listed(plain["Action"]), "Resource": _listed(plain["Resource"])}


def _limits(template: Template) -> Iterator[tuple[str, str]]:
    for name, function in of_type(template, FUNCTION).items():
        names = ("MemorySize", "Timeout", "ReservedConcurrentExecutions")
        yield from _missing(name, {f"no {each}": each in function for each in names})


def _logs(template: Template) -> Iterator[tuple[str, str]]:
    groups = of_type(template, "AWS::Logs::LogGroup")
    yield from ((name, "kept for ever") for name, group in groups.items() if "RetentionInDays" not in group)
    for name, function in of_type(template, FUNCTION).items():
        group = function.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        if group not in groups:
            yield name, "logs into no group of ours"
            continue
        written = [
            statement
            for statement in statements(_role_of(template, function))
            if "logs:PutLogEvents" in statement["Action"]
        ]
        if [each["Resource"] for each in written] != [[{"Fn::GetAtt": [group, "Arn"]}]]:
            yield name, f"may not write into {group}, or into more than that"


def jobs(template: Template) -> dict[str, dict[str, Any]]:
    """Give the scheduled functions by their logical ids."""
    return {
        name: function
        for name, function in of_type(template, FUNCTION).items()
        if any(event["Type"] == "Schedule" for event in function.get("Events", {}).values())
    }


def job_name(function: Mapping[str, Any]) -> str:
    return str(function["Handler"]).rpartition(".")[2]


def _not_lost(template: Template) -> Iterator[tuple[str, str]]:
    for name, function in jobs(template).items():
        config = function.get("EventInvokeConfig", {})
        queue = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        may_send = any(
            "sqs:SendMessage" in statement["Action"] and queue in statement["Resource"]
            for statement in statements(_role_of(template, function))
        )
        wanted = {
            "no destination for runs that failed": queue is not None,
            "may not send to that destination": queue is None or may_send,
            "no number of retries": "MaximumRetryAttempts" in config,
        }
        yield from _missing(name, wanted)
        for event in function["Events"].values():
            given_up = event["Properties"].get("DeadLetterConfig", {}).get("Arn")
            retried = "MaximumRetryAttempts" in event["Properties"].get("RetryPolicy", {})
            yield from _missing(
                name, {"no queue for ticks that were not taken": given_up == queue, "ticks are not retried": retried}
            )


def _job_alarms(template: Template) -> Iterator[tuple[str, str]]:
    alarms = of_type(template, ALARM).values()
    for name, function in jobs(template).items():
        job = job_name(function)
        silent = [each for each in alarms if each.get("MetricName") == f"{job}.done"]
        dead_man = any(
            each["TreatMissingData"] == "breaching"
            and (each["ComparisonOperator"], each["Threshold"]) == ("LessThanThreshold", 1)
            and job in each["AlarmDescription"]
            for each in silent
        )
        failed = any(each.get("MetricName") == f"{job}.failed" for each in alarms)
        yield from _missing(name, {"no dead-man alarm that names it": dead_man, "no alarm on its failures": failed})


def _alarms(template: Template) -> Iterator[tuple[str, str]]:
    alarms = of_type(template, ALARM)
    counted = {each.get("MetricName") for each in alarms.values() if each.get("Namespace") == "Tally"}
    yield from ((name, "no alarm") for name in COUNTED if name not in counted)
    of_functions = {
        (dimension["Value"]["Ref"], each["MetricName"])
        for each in alarms.values()
        for dimension in each.get("Dimensions", ())
        if dimension["Name"] == "FunctionName"
    }
    yield from ((function, f"no alarm on {metric}") for function, metric in sorted(OF_FUNCTIONS - of_functions))
    metrics = {each.get("MetricName") for each in alarms.values()}
    if "ApproximateNumberOfMessagesVisible" not in metrics:
        yield "DeadLetters", "no alarm"
    if "5XXError" not in metrics:
        yield "RestAPI", "no alarm on its 5xx"
    throttled = {
        (dimension["Value"]["Ref"], each["MetricName"])
        for each in alarms.values()
        for dimension in each.get("Dimensions", ())
        if dimension["Name"] == "TableName"
    }
    for table in of_type(template, TABLE):
        for metric in THROTTLES:
            if (table, metric) not in throttled:
                yield table, f"no alarm on {metric}"


def _heard(template: Template) -> Iterator[tuple[str, str]]:
    [board] = of_type(template, "AWS::CloudWatch::Dashboard").values() or [{}]
    shown = str(board.get("DashboardBody"))
    for name, alarm in of_type(template, ALARM).items():
        topics = [each.get("Ref") for each in alarm.get("AlarmActions", ())]
        told = any(topic in of_type(template, "AWS::SNS::Topic") for topic in topics)
        own = alarm.get("Namespace") == "Tally"
        staged = {"Name": "stage", "Value": {"Ref": "Stage"}} in alarm.get("Dimensions", ())
        wanted = {
            "tells nobody": told,
            "is not on the dashboard": f"${{{name}.Arn}}" in shown,
            "hears of every stage": staged or not own,
        }
        yield from _missing(name, wanted)


def _gateway(template: Template) -> Iterator[tuple[str, str]]:
    for name, api in of_type(template, "AWS::Serverless::Api").items():
        settings = api.get("MethodSettings", [{}])[0]
        one_stage = template["Globals"].get("Api", {}).get("OpenApiVersion") is not None
        guards = [each[AUTHORIZER] for each in api["DefinitionBody"].get("securityDefinitions", {}).values()]
        wanted = {
            "not regional": api.get("EndpointConfiguration") in ("REGIONAL", {"Type": "REGIONAL"}),
            "not throttled": {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= settings.keys(),
            "no access log": "DestinationArn" in api.get("AccessLogSetting", {}),
            "SAM adds a stage that nothing guards": one_stage,
            "starts the authorizer for what is no token": all(LOOKS_FIRST in each for each in guards),
        }
        yield from _missing(name, wanted)


def _refusals(template: Template) -> Iterator[tuple[str, str]]:
    for name, api in of_type(template, "AWS::Serverless::Api").items():
        said = api.get("GatewayResponses", {})
        yield from ((name, f"says {each} in its own words") for each in REFUSALS if each not in said)
        for kind, response in said.items():
            headers = response.get("ResponseParameters", {}).get("Headers", {})
            yield from ((name, f"{kind} has no {each}") for each in HEADERS if each not in headers)
            if "application/json" not in response.get("ResponseTemplates", {}):
                yield name, f"{kind} has no body of ours"


def _routes(template: Template) -> Iterator[tuple[str, str]]:
    for api in of_type(template, "AWS::Serverless::Api").values():
        for path, methods in api["DefinitionBody"]["paths"].items():
            if "options" not in methods:
                yield path, "no preflight"


def _missing(place: str, wanted: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    return ((place, text) for text, holds in wanted.items() if not holds)


def _role_of(template: Template, function: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    return properties


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


RULES: Mapping[str, Rule] = {
    "tables": _tables,
    "queue": _queue,
    "function url": _function_url,
    "roles": _roles,
    "stars": _stars,
    "limits": _limits,
    "logs": _logs,
    "not lost": _not_lost,
    "job alarms": _job_alarms,
    "alarms": _alarms,
    "heard": _heard,
    "gateway": _gateway,
    "refusals": _refusals,
    "routes": _routes,
}
