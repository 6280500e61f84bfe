"""Splitting a text of SQL into its statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_DOLLAR_TAG = re.compile(r"\$(?:[A-Za-z_][A-Za-z_0-9]*)?\$")
_ORDER = re.compile(r"\border\s+by\b|\bsort\s+by\b", re.IGNORECASE)
_PARAMETER = re.compile(r"(?<![\w:]):([A-Za-z_][A-Za-z_0-9]*)")


@dataclass(frozen=True)
class Statement:
    """One statement without its semicolon."""

    text: str
    line: int
    """Where it begins in the whole text, counted from 1."""

    def parameters(self) -> set[str]:
        """The names after a colon. Some may stand in a string or a comment: binding one in vain does no harm."""
        return set(_PARAMETER.findall(self.text))

    def is_select(self) -> bool:
        """Whether it computes rows, so that Sail takes parameters in it."""
        return self._first_word() in {"select", "with", "values", "table", "from"}

    def is_query(self) -> bool:
        """Whether it returns rows for their own sake rather than changing something."""
        return self.is_select() or self._first_word() in {"show", "describe", "desc", "explain"}

    def with_parameters_from(self, views: Mapping[str, str]) -> str:
        """The text in which each of the named parameters is read from a column of its one-row view."""

        def subquery(match: re.Match[str]) -> str:
            view = views.get(match[1])
            return match[0] if view is None else f"(SELECT `{match[1]}` FROM {view})"

        return "".join(
            piece if is_opaque else _PARAMETER.sub(subquery, piece) for is_opaque, piece in _pieces(self.text)
        )

    def _first_word(self) -> str:
        word = re.match(r"[\s(]*([A-Za-z]+)", _without_comments(self.text))
        return word[1].lower() if word else ""

    def is_ordered(self) -> bool:
        """Whether it sorts anything: an ``ORDER BY`` outside strings and comments."""
        return _ORDER.search(_code(self.text)) is not None


def split(text: str) -> list[Statement]:
    """The statements of ``text``, in order; comments and white space alone are none.

    A semicolon ends a statement unless it stands in a string (single or double quotes, with a backslash or a doubled
    quote inside; raw with ``r`` before), in back quotes, between dollar quotes, or in a comment (``--``, and ``/* */``,
    which nests).
    """
    statements = []
    start = 0
    end = len(text)
    for position in [*_semicolons(text), end]:
        piece = text[start:position]
        if _without_comments(piece).strip():
            before = len(piece) - len(piece.lstrip())
            line = text.count("\n", 0, start + before) + 1
            statements.append(Statement(piece.strip(), line))
        start = position + 1
    return statements


def _semicolons(text: str) -> Iterator[int]:
    return (position for kind, position, _ in _tokens(text) if kind == "semicolon")


def _without_comments(text: str) -> str:
    return "".join(" " if kind == "comment" else text[start:end] for kind, start, end in _tokens(text))


def _code(text: str) -> str:
    """The text without comments and strings."""
    return "".join(" " if is_opaque else piece for is_opaque, piece in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Runs of plain code, and between them strings, quoted names and comments, which are opaque."""
    start = 0
    for _, token_start, token_end in _tokens(text):
        if token_end - token_start > 1:
            yield False, text[start:token_start]
            yield True, text[token_start:token_end]
            start = token_end
    yield False, text[start:]


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """``semicolon``, ``comment`` and ``other`` pieces that together are the whole text."""
    position = 0
    while position < len(text):
        kind = "other"
        character = text[position]
        if character == ";":
            kind, end = "semicolon", position + 1
        elif text.startswith("--", position):
            kind, end = "comment", _end_of_line(text, position)
        elif text.startswith("/*", position):
            kind, end = "comment", _end_of_block_comment(text, position)
        elif character in "'\"":
            end = _end_of_string(text, position, character, is_raw=_is_raw(text, position))
        elif character == "`":
            end = _end_of_back_quotes(text, position)
        elif character == "$" and (tag := _DOLLAR_TAG.match(text, position)):
            closing = text.find(tag[0], tag.end())
            end = len(text) if closing < 0 else closing + len(tag[0])
        else:
            end = position + 1
        yield kind, position, end
        position = end


def _is_raw(text: str, quote: int) -> bool:
    """Whether an ``r`` that is a word of its own stands before the quote."""
    if quote == 0 or text[quote - 1] not in "rR":
        return False
    return quote == 1 or not (text[quote - 2].isalnum() or text[quote - 2] == "_")


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _end_of_block_comment(text: str, position: int) -> int:
    depth = 0
    while position < len(text):
        if text.startswith("/*", position):
            depth, position = depth + 1, position + 2
        elif text.startswith("*/", position):
            depth, position = depth - 1, position + 2
            if depth == 0:
                return position
        else:
            position += 1
    return position


def _end_of_string(text: str, position: int, quote: str, *, is_raw: bool) -> int:
    position += 1
    while position < len(text):
        if text[position] == "\\" and not is_raw:
            position += 2
        elif text[position] == quote:
            # A doubled quote ends one string and begins the next: for finding semicolons that is the same.
            return position + 1
        else:
            position += 1
    return len(text)


def _end_of_back_quotes(text: str, position: int) -> int:
    end = text.find("`", position + 1)
    return len(text) if end < 0 else end + 1
