"""What is deployed has the tables that the program speaks to, and each function a policy of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.store.tables import TableNames, definitions

ROOT = Path(__file__).parents[2]
TABLES = {"wallets": "WalletsTable", "purchases": "PurchasesTable", "usage": "UsageTable"}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as plain values."""


def _short_form(loader: Loader, _tag: str, node: yaml.Node) -> Any:
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


Loader.add_multi_constructor("!", _short_form)
TEMPLATE = yaml.load((ROOT / "infra/tally.yaml").read_text(encoding="utf-8"), Loader)  # noqa: S506 - a safe loader
WANTED = {each["table_name"]: each for each in definitions(TableNames(*TABLES))}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_deployed_as_the_program_knows_it(name: str) -> None:
    deployed, wanted = TEMPLATE["Resources"][TABLES[name]]["Properties"], WANTED[name]

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


@pytest.mark.parametrize("name", TABLES.values())
def test_a_table_is_kept_and_can_be_restored(name: str) -> None:
    table = TEMPLATE["Resources"][name]

    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["SSESpecification"] == {"SSEEnabled": True}


def test_the_function_url_has_both_permissions() -> None:
    permissions = [
        each["Properties"] for each in TEMPLATE["Resources"].values() if "Permission" in each.get("Type", "")
    ]

    assert {each["Action"] for each in permissions} == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}


def test_each_function_has_a_policy_without_stars_but_for_logs() -> None:
    config = json.loads((ROOT / ".chalice/config.json").read_text(encoding="utf-8"))
    stage = config["stages"]["dev"]
    files = [stage["iam_policy_file"], *(each["iam_policy_file"] for each in stage["lambda_functions"].values())]

    assert len(set(files)) == len(files) == 8
    for name in files:
        for statement in json.loads((ROOT / ".chalice" / name).read_text(encoding="utf-8"))["Statement"]:
            assert not any("*" in action for action in statement["Action"])
            if "*" in statement["Resource"]:
                assert all(action.startswith("logs:") for action in statement["Action"])
