"""Keeping secrets out of what is cut or laid out here; the runner looks at whole texts once more."""

from __future__ import annotations

import re
from collections.abc import Iterable

MINIMUM_CHARACTERS = 4
MASK = "***"

_pattern: re.Pattern[str] | None = None


def hide(values: Iterable[str]) -> None:
    """From now on these values are masked in this process; of one that spans several lines, each line."""
    global _pattern
    lines = {line.strip() for value in values for line in re.split(r"[\r\n]", value)}
    # The longest first: one value may begin another.
    found = sorted((line for line in lines if len(line) >= MINIMUM_CHARACTERS), key=lambda line: (-len(line), line))
    _pattern = re.compile("|".join(map(re.escape, found))) if found else None


def redacted(text: str) -> str:
    """The text with a mask where values stood."""
    return text if _pattern is None else _pattern.sub(MASK, text)
