"""What is deployed has the tables that the program speaks to, its settings, its routes, and its words for refusals."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib import settings
from chalicelib.api import answers, origins
from chalicelib.api.scopes import DECLARED, Scope
from chalicelib.domain.errors import Busy, TooManyRequests
from chalicelib.store.tables import TableNames, definitions
from infra import rules
from infra.template import of_type
from local import cors
from local.tokens import Issuer, Wish
from tests.deployment.packaged import made, packaged

ROOT = Path(__file__).parents[2]
TABLES = {"wallets": "WalletsTable", "purchases": "PurchasesTable", "usage": "UsageTable"}
WANTED = {each["table_name"]: each for each in definitions(TableNames(*TABLES))}
STAGES = ("dev", "staging", "prod")


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """The packaged template's resources."""
    found: dict[str, Any] = made()["Resources"]
    return found


@pytest.fixture(scope="module")
def api(resources: dict[str, Any]) -> dict[str, Any]:
    """The packaged API."""
    found: dict[str, Any] = resources["RestAPI"]["Properties"]
    return found


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_deployed_as_the_program_knows_it(resources: dict[str, Any], name: str) -> None:
    deployed, wanted = resources[TABLES[name]]["Properties"], WANTED[name]

    keys = {key["AttributeName"]: key["KeyType"] for key in deployed["KeySchema"]}
    assert keys == {key["AttributeName"]: key["KeyType"] for key in wanted["key_schema"]}
    attributes = {each["AttributeName"]: each["AttributeType"] for each in deployed["AttributeDefinitions"]}
    assert attributes == {each["AttributeName"]: each["AttributeType"] for each in wanted["attribute_definitions"]}
    indexes = {each["IndexName"]: each for each in deployed["GlobalSecondaryIndexes"]}
    assert indexes.keys() == {each["index_name"] for each in wanted["global_secondary_indexes"]}
    for index in wanted["global_secondary_indexes"]:
        found = indexes[index["index_name"]]
        assert found["Projection"] == index["projection"]
        assert {key["AttributeName"]: key["KeyType"] for key in found["KeySchema"]} == {
            key["AttributeName"]: key["KeyType"] for key in index["key_schema"]
        }


def test_only_uses_and_sent_messages_are_forgotten(resources: dict[str, Any]) -> None:
    forgets = {name: resources[name]["Properties"].get("TimeToLiveSpecification") for name in TABLES.values()}

    assert forgets == {
        "WalletsTable": None,
        "PurchasesTable": None,
        "UsageTable": {"AttributeName": "ttl", "Enabled": True},
    }


def test_every_stage_is_packaged_alike_and_is_a_parameter() -> None:
    config = json.loads((ROOT / ".chalice/config.json").read_text(encoding="utf-8"))

    assert config["stages"] == {stage: {} for stage in STAGES}
    assert made()["Parameters"]["Stage"] == {
        "Type": "String",
        "Default": "dev",
        "AllowedValues": [*STAGES],
        "Description": "Set by make package",
    }
    assert made()["Mappings"]["Stages"].keys() == set(STAGES)
    variables = made()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["TALLY_STAGE"] == {"Ref": "Stage"}


def test_the_functions_get_every_setting_that_the_program_reads() -> None:
    read = set(re.findall(r"TALLY_[A-Z_]+", inspect.getsource(settings)))
    given = made()["Globals"]["Function"]["Environment"]["Variables"].keys()

    assert given <= read
    assert read - given == {"TALLY_AUDIT_SHARES"}  # its usual value does
    for name in ("WALLETS", "PURCHASES", "USAGE"):
        assert (
            made()["Globals"]["Function"]["Environment"]["Variables"][f"TALLY_{name}_TABLE"]["Ref"]
            == TABLES[name.lower()]
        )


def test_functions_are_as_the_program_registers_them(resources: dict[str, Any]) -> None:
    handlers = {each["Handler"] for each in of_type(made(), rules.FUNCTION).values()}
    jobs = {f"chalicelib.jobs.{source.name}.{source.name}" for source in app.event_sources}

    assert handlers == jobs | {
        "app.app",
        "chalicelib.api.auth.token_authorizer",
        "chalicelib.webhooks.functions.stripe_webhook",
    }
    assert jobs == {each["Handler"] for each in rules.jobs(made()).values()}


def test_each_policy_is_a_file_of_its_own() -> None:
    config = json.loads((ROOT / ".chalice/config.json").read_text(encoding="utf-8"))
    files = [config["iam_policy_file"], *(each["iam_policy_file"] for each in config["lambda_functions"].values())]

    assert config["autogen_policy"] is False
    assert len(set(files)) == len(files) == 9
    assert {path.name for path in (ROOT / ".chalice").glob("policy-*")} == {*files}


def test_the_authorizer_may_do_nothing_but_log(resources: dict[str, Any]) -> None:
    allowed = [action for each in rules.statements(_role(resources, "TokenAuthorizer")) for action in each["Action"]]

    assert allowed == ["logs:CreateLogStream", "logs:PutLogEvents"]


@pytest.mark.parametrize("table", ["WalletsTable", "PurchasesTable", "UsageTable"])
def test_nobody_may_delete_from_a_table(resources: dict[str, Any], table: str) -> None:
    for name, role in of_type(made(), "AWS::IAM::Role").items():
        for statement in rules.statements(role):
            if {"Fn::GetAtt": [table, "Arn"]} in statement["Resource"]:
                assert not [action for action in statement["Action"] if "Delete" in action], name


def _role(resources: dict[str, Any], function: str) -> dict[str, Any]:
    found: dict[str, Any] = resources[resources[function]["Properties"]["Role"]["Fn::GetAtt"][0]]["Properties"]
    return found


def test_every_route_is_there_behind_the_authorizer_unless_it_is_public(api: dict[str, Any]) -> None:
    paths = api["DefinitionBody"]["paths"]
    guarded = {
        (method.upper(), path): "security" in each
        for path, methods in paths.items()
        for method, each in methods.items()
        if method != "options"
    }

    assert guarded == {route: Scope.PUBLIC not in scopes for route, scopes in DECLARED.items()}


def test_a_preflight_compares_origins_and_says_what_the_local_stack_says(api: dict[str, Any]) -> None:
    preflight = api["DefinitionBody"]["paths"]["/api/credits/purchase"]["options"]
    assert "security" not in preflight
    integration = preflight["x-amazon-apigateway-integration"]
    assert integration["type"] == "mock"
    answer = integration["responses"]["default"]
    said = {
        name.removeprefix("method.response.header.").lower(): value.strip("'")
        for name, value in answer["responseParameters"].items()
    }

    assert said == {**cors.preflight(["POST"]).headers, "vary": "Origin"}
    assert preflight["responses"][answer["statusCode"]]["headers"].keys() == {
        name.removeprefix("method.response.header.") for name in answer["responseParameters"]
    }
    compares = answer["responseTemplates"]["application/json"]["Fn::Sub"]
    assert '",${AllowedOrigins},".replace(" ", "").contains(",$origin,")' in compares
    assert "$context.responseOverride.header.Access-Control-Allow-Origin = $origin" in compares


@pytest.fixture(scope="module")
def is_looked_at(api: dict[str, Any]) -> Callable[[str], bool]:
    """Whether the gateway hands a header to the authorizer; it answers 401 to others by itself."""
    guard = api["DefinitionBody"]["securityDefinitions"]["token_authorizer"][rules.AUTHORIZER]
    expression = re.compile(guard[rules.LOOKS_FIRST])
    return lambda header: expression.search(header) is not None


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_the_authorizer_gets_what_may_be_a_token(is_looked_at: Callable[[str], bool], scheme: str) -> None:
    token = Issuer(issuer="https://issuer.example", audience="tally").mint(Wish(wallet_id="auth0|Anna.B_c:d-e@f"))

    assert is_looked_at(scheme + token)
    assert is_looked_at(f"{scheme}{token} ")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b",
        "Bearer ..",
        "a.b.c",
        "Basic a.b.c",
        "Bearer a.b.c.d",
        "Bearer é.b.c",
    ],
)
def test_the_authorizer_is_not_started_for_what_is_none(is_looked_at: Callable[[str], bool], header: str) -> None:
    assert not is_looked_at(header)


def gateway_says(api: dict[str, Any], kind: str) -> tuple[int, dict[str, Any]]:
    response = api["GatewayResponses"][kind]
    return response["StatusCode"], json.loads(response["ResponseTemplates"]["application/json"])


@pytest.mark.parametrize(
    ("kind", "code", "status", "detail"),
    [
        ("UNAUTHORIZED", "unauthenticated", 401, "Send a valid token: Authorization: Bearer …"),
        ("ACCESS_DENIED", "forbidden", 403, "The token lacks the scope for this."),
        ("WAF_FILTERED", "forbidden", 403, "The firewall refused this."),
        ("MISSING_AUTHENTICATION_TOKEN", "not_found", 404, "No such resource."),
        ("RESOURCE_NOT_FOUND", "not_found", 404, "No such resource."),
        ("REQUEST_TOO_LARGE", "too_large", 413, "At most 10485760 bytes."),
        ("THROTTLED", "too_many_requests", 429, "Too many requests; try again with the same key."),
        ("QUOTA_EXCEEDED", "too_many_requests", 429, "Too many requests; try again with the same key."),
        ("DEFAULT_4XX", "invalid_request", 400, "The gateway can't read this request."),
        ("INTEGRATION_TIMEOUT", "busy", 503, "No answer in time; try again with the same key."),
        ("INTEGRATION_FAILURE", "busy", 503, "No answer; try again with the same key."),
        ("DEFAULT_5XX", "internal", 500, json.loads(answers.broken().body)["detail"]),
    ],
)
def test_what_the_gateway_says_by_itself_looks_as_what_we_say(
    api: dict[str, Any], kind: str, code: str, status: int, detail: str
) -> None:
    assert gateway_says(api, kind) == (status, answers.problem(code, status, detail))
    headers = api["GatewayResponses"][kind]["ResponseParameters"]["Headers"]
    assert headers["Content-Type"] == f"'{answers.PROBLEM}'"
    assert headers["Access-Control-Allow-Origin"] == "'*'"
    assert headers["Access-Control-Expose-Headers"].strip("'") in origins.EXPOSED
    assert ("Retry-After" in headers) == (code in (TooManyRequests.code, Busy.code))


def test_every_kind_of_answer_of_the_gateway_is_looked_at_here(api: dict[str, Any]) -> None:
    here = [
        each
        for each in test_what_the_gateway_says_by_itself_looks_as_what_we_say.pytestmark
        if each.name == "parametrize"
    ]

    assert api["GatewayResponses"].keys() == {kind for kind, *_ in here[0].args[1]}


def test_our_alarms_hear_metrics_that_the_program_counts() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "chalicelib").rglob("*.py"))
    jobs = {rules.job_name(each) for each in rules.jobs(made()).values()}
    heard = {each["MetricName"] for each in of_type(made(), rules.ALARM).values() if each["Namespace"] == "Tally"}

    for metric in heard:
        job, _, what = metric.rpartition(".")
        assert f'"{metric}"' in sources or (job in jobs and f'"{what}"' in sources) or what in ("done", "failed"), (
            metric
        )


def test_a_dead_man_waits_longer_than_its_job() -> None:
    schedules = {
        rules.job_name(function): next(iter(function["Events"].values()))["Properties"]["Schedule"]
        for function in rules.jobs(made()).values()
    }
    seconds = {"minute": 60, "hour": 3600, "day": 86_400}
    for job, schedule in schedules.items():
        found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule)
        assert found, schedule
        [alarm] = [each for each in of_type(made(), rules.ALARM).values() if each.get("MetricName") == f"{job}.done"]
        waited = alarm["Period"] * alarm["EvaluationPeriods"]
        assert waited > int(found[1]) * seconds[found[2]], job


def test_no_alias_is_written_because_cloudformation_reads_none() -> None:
    text = (packaged() / "sam.yaml").read_text(encoding="utf-8")

    assert not re.search(r"(^|\s)[&*]id\d+", text)
