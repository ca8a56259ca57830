"""Customers' endpoints: public https addresses only, however they are written."""

from __future__ import annotations

import pytest

from chalicelib.domain.endpoints import LONGEST, check_endpoint, is_public, read_endpoint
from chalicelib.domain.errors import InvalidRequest

GOOD = [
    "https://example.com",
    "https://example.com/",
    "https://hooks.example.com/tally",
    "https://hooks.example.com/a/b?tenant=1&x=%20y",
    "https://hooks.example.com?tenant=1",
    "https://hooks.example.com:443/tally",
    "https://hooks.example.com:8443/tally",
    "https://HOOKS.Example.COM/Tally",
    "https://xn--bcher-kva.example/hook",
    "https://a-b.c-d.example/~me/$x;y,z!'()*@:",
    "https://8.8.8.8/hook",
    "https://1-2-3-4.example.com/",
    "https://localhost.example.com/",
    "https://a.example/" + "a" * (LONGEST - 18),
]
HOSTILE = [
    "",
    "example.com",
    "//example.com/",
    "http://example.com/",
    "HTTP://example.com/",
    "HTTPS://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "https:example.com/",
    "https:/example.com/",
    "https:///example.com/",
    "https://",
    "https://?x=1",
    " https://example.com/",
    "https://example.com/ ",
    "https://example.com/\n",
    "https://example.com/\r\nHost: evil",
    "https://exam\tple.com/",
    "https://example.com/\x00",
    "https://example.com/a b",
    "https://example.com/é",
    "https://example.com/%",
    "https://example.com/%zz",
    "https://example.com/<a>",
    'https://example.com/"',
    "https://example.com/#fragment",
    "https://example.com#@10.0.0.1/",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://127.0.0.1\\.example.com/",
    "https://example.com:0/",
    "https://example.com:22/",
    "https://example.com:80/",
    "https://example.com:65536/",
    "https://example.com:0443/",
    "https://example.com:443:80/",
    "https://example.com:/",
    "https://example.com:a/",
    "https://example/",
    "https://localhost/",
    "https://localhost:8443/",
    "https://LOCALHOST/",
    "https://foo.localhost/",
    "https://localhost.localdomain/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://metadata.google.INTERNAL/",
    "https://wiki.corp/",
    "https://router.home.arpa/",
    "https://localhost./",
    "https://example.com./",
    "https://.example.com/",
    "https://example..com/",
    "https://-a.example.com/",
    "https://a-.example.com/",
    "https://a_b.example.com/",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a.' * 127}com/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://168.63.129.16/",
    "https://192.0.0.192/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://127.0.0.1./",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0x7f.0.0.0x1/",
    "https://127.0.0.0x1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.01/",
    "https://8.8.8/",
    "https://8.8.8.8.8/",
    "https://256.1.1.1/",
    "https://a.1/",
    "https://a.0x/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fd00:ec2::254]/",
    "https://[2606:4700::1111]/",
    "https://[::1/",
    "https://ⓛocalhost/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://exаmple.com/",
    "https://%6c%6fcalhost/",
    "https://127.0.0%2e1/",
    "https://a.example/" + "a" * (LONGEST - 17),
]


@pytest.mark.parametrize("url", GOOD)
def test_a_public_https_address_is_taken_as_it_is(url: str) -> None:
    assert check_endpoint(url) == url


@pytest.mark.parametrize("url", HOSTILE)
def test_what_could_lead_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest, match="webhook_url"):
        check_endpoint(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://A.example", "a.example", 443, "/", "a.example"),
        ("https://a.example?x=1", "a.example", 443, "/?x=1", "a.example"),
        ("https://a.example:443/b?c=/d", "a.example", 443, "/b?c=/d", "a.example"),
        ("https://a.example:8443/b", "a.example", 8443, "/b", "a.example:8443"),
    ],
)
def test_the_sender_reads_what_was_judged(url: str, host: str, port: int, target: str, authority: str) -> None:
    endpoint = read_endpoint(url)

    assert (endpoint.host, endpoint.port, endpoint.target) == (host, port, target)
    assert endpoint.authority == authority


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "193.0.0.1", "2606:4700::1111", "2a00:1450:4001::1"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - nothing is bound to it
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "169.254.170.2",
        "172.31.255.255",
        "192.0.0.9",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "100.100.100.200",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "localhost",
        "127.1",
        "0x7f.0.0.1",
    ],
)
def test_every_other_address_is_not(address: str) -> None:
    assert not is_public(address)
