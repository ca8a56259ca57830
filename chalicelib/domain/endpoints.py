"""
Where a customer's program may be called: at https addresses that anybody on the internet could call.

The grammar is narrower than that of any URL parser, and the sender reads URLs by the same one: what was judged is what
is called. A name says nothing of where it leads, so the sender judges the resolved addresses as well (`is_public`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

from chalicelib.domain.errors import InvalidRequest

LONGEST, LONGEST_HOST = 512, 253
HTTPS_PORT, FIRST_FREE_PORT, LAST_PORT = 443, 1024, 65535
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
SHAPE = re.compile(
    rf"https://(?P<host>{LABEL}(?:\.{LABEL})+)(?::(?P<port>[1-9][0-9]{{0,4}}))?"
    r"(?P<target>(?:[/?](?:%[0-9A-Fa-f]{2}|[A-Za-z0-9._~!$&'()*+,;=:@/?-])*)?)"
)
LOOKS_LIKE_A_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")  # as a host's last label: then it is an IPv4 address
DOTTED = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
PRIVATE_NAMES = (
    "localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa",
)  # fmt: skip
UNICAST = IPv6Network("2000::/3")  # all of IPv6 that is routed; mapped, NAT64 and local addresses lie outside
NOT_PUBLIC_6 = (
    IPv6Network("2001::/23"),  # protocols' own, Teredo among them, which leads to IPv4
    IPv6Network("2002::/16"),  # 6to4, which leads to IPv4
    IPv6Network("3fff::/20"),  # documentation
)
NOT_PUBLIC_4 = (
    IPv4Network("192.0.0.0/24"),  # protocols' own, a cloud's metadata among them
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("168.63.129.16/32"),  # a cloud's host
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An https address, taken apart: `target` is the path with its query."""

    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        return self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"


def check_endpoint(url: str) -> str:
    """
    Accept a URL as it is, or refuse it; it is never rewritten.

    Raises:
        InvalidRequest: It is no plain https URL, or names a place that isn't public.
    """
    read_endpoint(url)
    return url


def read_endpoint(url: str) -> Endpoint:
    """Take a URL apart. Raises as `check_endpoint` does."""
    if len(url) > LONGEST:
        raise InvalidRequest("webhook_url", f"at most {LONGEST} characters")
    found = SHAPE.fullmatch(url)
    if not found:
        raise InvalidRequest("webhook_url", "a URL https://host/path in ASCII, without credentials and fragment")
    host, port = found["host"].lower(), int(found["port"] or HTTPS_PORT)
    if port != HTTPS_PORT and not FIRST_FREE_PORT <= port <= LAST_PORT:
        raise InvalidRequest("webhook_url", f"its port must be {HTTPS_PORT}, or from {FIRST_FREE_PORT} on")
    if not _may_be_public(host):
        raise InvalidRequest("webhook_url", "a host that anybody on the internet can reach")
    target = found["target"]
    return Endpoint(host=host, port=port, target=target if target.startswith("/") else f"/{target}")


def _may_be_public(host: str) -> bool:
    last = host.rpartition(".")[2]
    if LOOKS_LIKE_A_NUMBER.fullmatch(last):
        return DOTTED.fullmatch(host) is not None and is_public(host)
    return len(host) <= LONGEST_HOST and last not in PRIVATE_NAMES


def is_public(address: str) -> bool:
    """
    Whether an IP address is one that anybody on the internet can reach.

    IPv6 addresses that lead to IPv4 ones are refused, whichever those are. Text that is no address is refused, too.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved or "%" in address:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in NOT_PUBLIC_4)
    return ip in UNICAST and not any(ip in network for network in NOT_PUBLIC_6)
