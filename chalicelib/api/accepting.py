"""Accept headers (RFC 9110, section 12.5.1): which of two media types a caller likes better."""

from __future__ import annotations

import re
from collections.abc import Iterator

QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def prefers(accept: str | None, media: str, *, over: str) -> bool:
    """Whether a caller likes *media* better; without a word, and at a tie, not."""
    ranges = dict(_ranges(accept or ""))
    return _liking(ranges, media) > _liking(ranges, over)


def _liking(ranges: dict[str, float], media: str) -> float:
    """Say how much a media type is liked: by the range that names it most exactly."""
    kind = media.partition("/")[0]
    return next((ranges[name] for name in (media, f"{kind}/*", "*/*") if name in ranges), 0.0)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Read each range and its quality; one that can't be read counts for nothing."""
    for part in accept.split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        quality = next((each[2:].strip() for each in parameters if each.startswith("q=")), "1")
        yield name, float(quality) if QUALITY.fullmatch(quality) else 0.0
