"""E-mail addresses: one plain address, and nothing that some program could read as more."""

from __future__ import annotations

import pytest

from chalicelib.domain.addresses import LONGEST, check_email
from chalicelib.domain.errors import InvalidRequest

DOMAIN = ".".join(["d" * 61] * 3) + ".com"  # 189 characters
LONGEST_ADDRESS = "a" * 64 + "@" + DOMAIN


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "ada.lovelace+tally@mail.example.co.uk",
        "o'brien@example.com",
        "_a-b=c@a-b.example",
        "1@2.example",
        "a@xn--bcher-kva.xn--p1ai",
        LONGEST_ADDRESS,
    ],
)
def test_an_address_is_taken_as_it_is(address: str) -> None:
    assert len(address) <= LONGEST
    assert check_email(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example",
        "ada@localhost",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "ada@@example.com",
        "ada@b@example.com",
        "ada@example.com,eve@example.com",
        "ada@example.com;eve@example.com",
        "ada@example.com eve@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        '"ada"@example.com',
        "`ada`@example.com",
        "ada@example.com\n",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\x00@example.com",
        " ada@example.com",
        "ada(comment)@example.com",
        "ada\\@example.com",
        ".ada@example.com",
        "ada.@example.com",
        "a..da@example.com",
        "ada@.example.com",
        "ada@example..com",
        "ada@example.com.",
        "ada@-example.com",
        "ada@example.c",
        "ada@exämple.com",
        "adä@example.com",
        "a" * 65 + "@example.com",
        LONGEST_ADDRESS + "m",
    ],
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidRequest, match="email"):
        check_email(address)
