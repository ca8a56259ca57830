"""Return paths: only a path of ours, however it is written."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.return_paths import LONGEST, check_return_path


@pytest.mark.parametrize("path", ["/", "/dashboard?tab=credits&x=%20y", "/caf%C3%A9", "/a-b_c.d~e!$'()*,;:=", "/" * 1])
def test_a_path_is_taken_as_it_is(path: str) -> None:
    assert check_return_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "dashboard",
        "//evil.example",
        "/a//b",
        "/\\evil.example",
        "/a@b",
        "/{CHECKOUT_SESSION_ID}",
        "/a}",
        "/a#b",
        "/a b",
        "/a\n",
        "/a\x7f",
        "/café",
        "/%2Fevil.example",
        "/%2f/evil",
        "/%252Fevil.example",
        "/%5Cevil",
        "/%40",
        "/%7Bx%7D",
        "/%23x",
        "/%0d%0aLocation:x",
        "/%00",
        "/%7f",
        "/%C2%85",
        "/%",
        "/%2",
        "/%zz",
        "https://evil.example/",
        "/" + "a" * LONGEST,
    ],
)
def test_what_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest, match="return_path"):
        check_return_path(path)
