"""Our rules over the packaged template: it keeps them all, and each complains of what was taken out."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from infra import rules
from infra.template import Template
from tests.deployment.packaged import made

Resources = dict[str, Any]
Take = Callable[[Resources], object]
STATEMENTS: Callable[[Resources, str], Any] = lambda resources, role: (  # noqa: E731 - read aloud below
    resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
)


def properties(name: str) -> Callable[[Resources], Any]:
    return lambda resources: resources[name]["Properties"]


def without(name: str, *path: str) -> Take:
    """Take a property out, down a path."""

    def take(resources: Resources) -> None:
        place = resources[name]["Properties"]
        for each in path[:-1]:
            place = place[each]
        del place[path[-1]]

    return take


def gone(name: str) -> Take:
    """Take a resource out."""
    return lambda resources: resources.pop(name)


def changed(name: str, **values: Any) -> Take:
    return lambda resources: resources[name]["Properties"].update(values)


def unkept(name: str, policy: str) -> Take:
    return lambda resources: resources[name].pop(policy)


def allowed(role: str, action: str, resource: Any) -> Take:
    """Let a role do something more."""
    return lambda resources: STATEMENTS(resources, role).append(
        {"Effect": "Allow", "Action": [action], "Resource": [resource]}
    )


def forbidden(role: str, action: str) -> Take:
    """Take the statements out that allow an action."""

    def take(resources: Resources) -> None:
        kept = [each for each in STATEMENTS(resources, role) if action not in each.get("Action", ())]
        resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"] = kept

    return take


def event(job: str) -> Callable[[Resources], Any]:
    return lambda resources: resources[job]["Properties"]["Events"][f"{job}Event"]["Properties"]


def unshown(name: str) -> Take:
    """Take an alarm off the dashboard."""

    def take(resources: Resources) -> None:
        board = resources["Dashboard"]["Properties"]
        board["DashboardBody"] = {"Fn::Sub": board["DashboardBody"]["Fn::Sub"].replace(f"${{{name}.Arn}}", "")}

    return take


JOBS = {
    "ExpireCredits": "expire_credits",
    "SendAlerts": "send_alerts",
    "ChargeTopups": "charge_topups",
    "SweepPurchases": "sweep_purchases",
    "ReconcileStripe": "reconcile_stripe",
    "Audit": "audit",
}
FUNCTIONS = ("APIHandler", "TokenAuthorizer", "StripeWebhook", *JOBS)
TABLES = ("WalletsTable", "PurchasesTable", "UsageTable")
COUNTED = {
    "QuarantineAlarm": "QuarantinedEvents",
    "ParkedAlarm": "ParkedEvents",
    "ForgedAlarm": "ForgedWebhooks",
    "DebtAlarm": "NewDebt",
    "BusyAlarm": "BusyAnswers",
    "CrowdedAlarm": "CrowdedWallets",
    "BrokenAlarm": "InternalErrors",
    "ReconcileStripeDiffersAlarm": "reconcile_stripe.differences",
    "AuditDiffersAlarm": "audit.faults",
}
OF_AWS = {
    "StripeWebhookErrorsAlarm": "StripeWebhook: no alarm on Errors",
    "StripeWebhookAgainAlarm": "StripeWebhook: no alarm on Url5xxCount",
    "StripeWebhookThrottledAlarm": "StripeWebhook: no alarm on Throttles",
    "APIHandlerErrorsAlarm": "APIHandler: no alarm on Errors",
    "APIHandlerThrottledAlarm": "APIHandler: no alarm on Throttles",
    "TokenAuthorizerThrottledAlarm": "TokenAuthorizer: no alarm on Throttles",
    "DeadLettersAlarm": "DeadLetters: no alarm",
    "GatewayFailedAlarm": "RestAPI: no alarm on its 5xx",
    **{
        f"{table}{each}sThrottledAlarm": f"{table}: no alarm on {each}ThrottleEvents"
        for table in TABLES
        for each in ("Read", "Write")
    },
}
ROLES = {name: f"{'ApiHandler' if name == 'APIHandler' else name}Role" for name in FUNCTIONS}
GUARD = ("DefinitionBody", "securityDefinitions", "token_authorizer", rules.AUTHORIZER)

TAKEN: dict[str, tuple[Take, str]] = {
    **{
        f"recovery of {name}": (
            without(name, "PointInTimeRecoverySpecification"),
            f"tables: {name}: no point-in-time recovery",
        )
        for name in TABLES
    },
    **{
        f"protection of {name}": (without(name, "DeletionProtectionEnabled"), f"tables: {name}: no deletion protection")
        for name in TABLES
    },
    "encryption of a table": (without("UsageTable", "SSESpecification"), "tables: UsageTable: no encryption"),
    "billing on demand": (changed("UsageTable", BillingMode="PROVISIONED"), "tables: UsageTable: not on demand"),
    **{
        f"keeping of {name}": (unkept(name, "DeletionPolicy"), f"tables: {name}: not kept when the stack goes")
        for name in TABLES
    },
    "keeping when replaced": (
        unkept("WalletsTable", "UpdateReplacePolicy"),
        "tables: WalletsTable: not kept when it is replaced",
    ),
    "encryption of the queue": (without("DeadLetters", "SqsManagedSseEnabled"), "queue: DeadLetters: no encryption"),
    "two weeks of the queue": (
        changed("DeadLetters", MessageRetentionPeriod=345600),
        "queue: DeadLetters: kept for less than two weeks",
    ),
    "first permission": (
        gone("StripeWebhookUrlPermission"),
        "function url: StripeWebhookUrl: no permission lambda:InvokeFunctionUrl",
    ),
    "second permission": (
        gone("StripeWebhookInvokePermission"),
        "function url: StripeWebhookUrl: no permission lambda:InvokeFunction by the URL",
    ),
    "condition of the second permission": (
        without("StripeWebhookInvokePermission", "InvokedViaFunctionUrl"),
        "function url: StripeWebhookUrl: no permission lambda:InvokeFunction by the URL",
    ),
    "a role of its own": (
        changed("Audit", Role={"Fn::GetAtt": ["ExpireCreditsRole", "Arn"]}),
        "roles: ExpireCredits: shares its role with Audit",
    ),
    "names of actions": (
        allowed("AuditRole", "dynamodb:*", {"Fn::GetAtt": ["UsageTable", "Arn"]}),
        "stars: AuditRole: may do dynamodb:*",
    ),
    "names of resources": (
        allowed("AuditRole", "dynamodb:Scan", "*"),
        "stars: AuditRole: may do dynamodb:Scan to more than it names",
    ),
    "ends of names": (
        allowed("SendAlertsRole", "ses:SendEmail", {"Fn::Sub": "arn:${AWS::Partition}:ses:::identity/*"}),
        "stars: SendAlertsRole: may do ses:SendEmail to more than it names",
    ),
    "memory": (without("Audit", "MemorySize"), "limits: Audit: no MemorySize"),
    "timeout": (without("Audit", "Timeout"), "limits: Audit: no Timeout"),
    **{
        f"concurrency of {name}": (
            without(name, "ReservedConcurrentExecutions"),
            f"limits: {name}: no ReservedConcurrentExecutions",
        )
        for name in FUNCTIONS
    },
    **{
        f"log group of {name}": (gone(f"{name}Logs"), f"logs: {name}: logs into no group of ours") for name in FUNCTIONS
    },
    **{
        f"writing of {name}'s log": (
            forbidden(role, "logs:PutLogEvents"),
            f"logs: {name}: may not write into {name}Logs, or into more than that",
        )
        for name, role in ROLES.items()
    },
    "an end of logs": (without("AuditLogs", "RetentionInDays"), "logs: AuditLogs: kept for ever"),
    **{
        f"destination of {name}": (
            without(name, "EventInvokeConfig", "DestinationConfig"),
            f"not lost: {name}: no destination for runs that failed",
        )
        for name in JOBS
    },
    **{
        f"way to the destination of {name}": (
            forbidden(f"{name}Role", "sqs:SendMessage"),
            f"not lost: {name}: may not send to that destination",
        )
        for name in JOBS
    },
    "retries of runs": (
        without("Audit", "EventInvokeConfig", "MaximumRetryAttempts"),
        "not lost: Audit: no number of retries",
    ),
    "queue of ticks": (
        lambda resources: event("Audit")(resources).pop("DeadLetterConfig"),
        "not lost: Audit: no queue for ticks that were not taken",
    ),
    "retries of ticks": (
        lambda resources: event("Audit")(resources).pop("RetryPolicy"),
        "not lost: Audit: ticks are not retried",
    ),
    **{
        f"dead man of {name}": (gone(f"{name}SilentAlarm"), f"job alarms: {name}: no dead-man alarm that names it")
        for name in JOBS
    },
    **{
        f"failures of {name}": (gone(f"{name}FailedAlarm"), f"job alarms: {name}: no alarm on its failures")
        for name in JOBS
    },
    "breaching of the dead man": (
        changed("AuditSilentAlarm", TreatMissingData="notBreaching"),
        "job alarms: Audit: no dead-man alarm that names it",
    ),
    "name of the dead man": (
        changed("AuditSilentAlarm", AlarmDescription="A job was silent"),
        "job alarms: Audit: no dead-man alarm that names it",
    ),
    **{alarm: (gone(alarm), f"alarms: {metric}: no alarm") for alarm, metric in COUNTED.items()},
    **{alarm: (gone(alarm), f"alarms: {fault}") for alarm, fault in OF_AWS.items()},
    "whom an alarm tells": (without("DebtAlarm", "AlarmActions"), "heard: DebtAlarm: tells nobody"),
    "the topic": (gone("AlarmsTopic"), "heard: QuarantineAlarm: tells nobody"),
    "an alarm on the dashboard": (unshown("DebtAlarm"), "heard: DebtAlarm: is not on the dashboard"),
    "the dashboard": (gone("Dashboard"), "heard: DebtAlarm: is not on the dashboard"),
    "stage of an alarm": (
        changed("DebtAlarm", Dimensions=[{"Name": "service", "Value": "tally"}]),
        "heard: DebtAlarm: hears of every stage",
    ),
    "regional endpoint": (without("RestAPI", "EndpointConfiguration"), "gateway: RestAPI: not regional"),
    "throttling": (without("RestAPI", "MethodSettings"), "gateway: RestAPI: not throttled"),
    "access log": (without("RestAPI", "AccessLogSetting"), "gateway: RestAPI: no access log"),
    "a look before the authorizer": (
        without("RestAPI", *GUARD, rules.LOOKS_FIRST),
        "gateway: RestAPI: starts the authorizer for what is no token",
    ),
    **{
        f"{kind} in our words": (
            without("RestAPI", "GatewayResponses", kind),
            f"refusals: RestAPI: says {kind} in its own words",
        )
        for kind in rules.REFUSALS
    },
    "CORS of a refusal": (
        without(
            "RestAPI",
            "GatewayResponses",
            "THROTTLED",
            "ResponseParameters",
            "Headers",
            "Access-Control-Allow-Origin",
        ),
        "refusals: RestAPI: THROTTLED has no Access-Control-Allow-Origin",
    ),
    "media type of a refusal": (
        without("RestAPI", "GatewayResponses", "DEFAULT_5XX", "ResponseParameters", "Headers", "Content-Type"),
        "refusals: RestAPI: DEFAULT_5XX has no Content-Type",
    ),
    "body of a refusal": (
        without("RestAPI", "GatewayResponses", "DEFAULT_5XX", "ResponseTemplates"),
        "refusals: RestAPI: DEFAULT_5XX has no body of ours",
    ),
    "a preflight": (
        without("RestAPI", "DefinitionBody", "paths", "/api/credits/balance", "options"),
        "routes: /api/credits/balance: no preflight",
    ),
}


@pytest.fixture(scope="module")
def template() -> Template:
    """The packaged template."""
    return made()


def said(template: Template) -> list[str]:
    return [str(fault) for fault in rules.faults(template)]


def test_the_packaged_template_keeps_every_rule(template: Template) -> None:
    assert said(template) == []


@pytest.mark.parametrize("what", TAKEN)
def test_a_rule_complains_of_what_was_taken_out(template: Template, what: str) -> None:
    take, complaint = TAKEN[what]
    spoiled = deepcopy(template)
    take(spoiled["Resources"])

    assert complaint in said(spoiled)


def test_a_second_stage_is_noticed(template: Template) -> None:
    spoiled = deepcopy(template)
    del spoiled["Globals"]["Api"]["OpenApiVersion"]

    assert said(spoiled) == ["gateway: RestAPI: SAM adds a stage that nothing guards"]


def test_every_rule_has_something_taken_out() -> None:
    assert {complaint.partition(":")[0] for _, complaint in TAKEN.values()} == set(rules.RULES)


def test_every_alarm_was_taken_out_or_stands_for_those_that_were(template: Template) -> None:
    alarms = {name for name, each in template["Resources"].items() if each["Type"] == rules.ALARM}

    assert alarms == COUNTED.keys() | OF_AWS.keys() | {
        f"{job}{which}Alarm" for job in JOBS for which in ("Silent", "Failed")
    }
