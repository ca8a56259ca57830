"""Reads and writes CloudFormation templates: short forms become long ones, and nothing is written as an alias."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Template = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Reads `!Ref x` as `{"Ref": "x"}` and so on, and dates as they are written."""


class _Dumper(yaml.SafeDumper):
    """Writes what is there twice twice: CloudFormation reads no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _long_form(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = None
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


def _as_written(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_multi_constructor("!", _long_form)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_written)


def read(path: Path) -> Template:
    """Read a template, all of its forms long."""
    found: Template = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    return found


def write(template: Template, path: Path) -> None:
    """Write a template, names in order."""
    path.write_text(yaml.dump(template, Dumper=_Dumper, width=120), encoding="utf-8")


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Give the properties of the resources of a type, by their logical ids."""
    resources = template["Resources"].items()
    return {name: each.get("Properties", {}) for name, each in resources if each["Type"] == kind}
