"""Nested form encoding."""

from __future__ import annotations

from typing import Any

import pytest

from local.stripe import forms
from local.stripe.errors import ApiError
from local.stripe.params import Params


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", {}),
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a[b][0][c]=1&a[b][1][c]=2", {"a": {"b": {"0": {"c": "1"}, "1": {"c": "2"}}}}),
        ("a[]=x&a[]=y", {"a": {"0": "x", "1": "y"}}),
        ("a%5Bb%5D=1%262", {"a": {"b": "1&2"}}),
        ("a=1&a=2", {"a": "2"}),
        ("metadata[0]=x", {"metadata": {"0": "x"}}),
    ],
)
def test_nested_keys_become_tables(text: str, form: dict[str, Any]) -> None:
    assert forms.parse(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "a=1&a[b]=2",
        "a[b]=1&a=2",
        "a[b=1",
        "[a]=1",
        "a" + "[b]" * 8 + "=1",
        "a=%ff",
        "&".join(f"a{i}=1" for i in range(1_001)),
    ],
)
def test_what_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(ApiError):
        forms.parse(text)


def test_lists_are_read_in_the_order_of_their_indexes() -> None:
    params = Params(forms.parse("x[10]=c&x[2]=b&x[0]=a&t[1][n]=2&t[0][n]=1"))

    assert params.texts("x") == ["a", "b", "c"]
    assert [table.required("n") for table in params.tables("t")] == ["1", "2"]
    with pytest.raises(ApiError):
        Params(forms.parse("x[one]=1")).texts("x")


@pytest.mark.parametrize("text", ["n=1.5", "n=1e3", "n=-1", "n=" + "9" * 19, "n=\u0661", "n[x]=1"])
def test_a_number_is_whole_and_within_bounds(text: str) -> None:
    with pytest.raises(ApiError):
        Params(forms.parse(text)).integer("n")
