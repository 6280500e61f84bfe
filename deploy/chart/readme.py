"""Writes the table of values in the chart's README.

    python3 deploy/chart/readme.py           write it anew
    python3 deploy/chart/readme.py --check   exit with 1 if it is not what values.yaml says

Each key of values.yaml has a comment above it that begins with `# --`, or it is a mapping whose keys have one.
"""

import json
import pathlib
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "charts" / "slipway"
BEGIN, END = "<!-- The values: deploy/chart/readme.py writes what follows. -->", "<!-- The end of the values. -->"

Row = tuple[str, str, str]


class MissingDescription(Exception):
    """A key of values.yaml that no comment explains."""


def comment_above(lines: list[str], line: int) -> str:
    """The comment that ends right above a line, from its `# --` on; empty if there is none."""
    words: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        text = lines[line].lstrip().lstrip("#").strip()
        if text.startswith("-- "):
            return " ".join([text[3:], *reversed(words)])
        words.append(text)
    return ""


def rows(text: str) -> list[Row]:
    """Key, default as JSON, meaning: of every explained key, in the file's order."""
    lines = text.splitlines()
    found: list[Row] = []

    def visit(node: yaml.MappingNode, path: list[str]) -> None:
        for key, value in node.value:
            name = ".".join([*path, key.value])
            if meaning := comment_above(lines, key.start_mark.line):
                default = yaml.SafeLoader("").construct_document(value)
                found.append((name, json.dumps(default, ensure_ascii=False), meaning))
            elif isinstance(value, yaml.MappingNode) and value.value:
                visit(value, [*path, key.value])
            else:
                raise MissingDescription(f"values.yaml, line {key.start_mark.line + 1}: {name} has no comment")

    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode)
    visit(root, [])
    return found


def tables(found: list[Row]) -> str:
    """One table for the single keys, one for each mapping."""
    groups: dict[str, list[Row]] = {}
    for row in found:
        group, dot, _ = row[0].partition(".")
        groups.setdefault(f"`{group}`" if dot else "The whole", []).append(row)
    parts = []
    for title, members in groups.items():
        parts.append(f"### {title}\n\n| Key | Default | Meaning |\n|---|---|---|\n")
        parts.extend(
            f"| `{name}` | `{default.replace('|', chr(92) + '|')}` | {meaning.replace('|', chr(92) + '|')} |\n"
            for name, default, meaning in members
        )
        parts.append("\n")
    return "".join(parts)


def updated(readme: str, values: str) -> str:
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{tables(rows(values))}{END}{after}"


def main(arguments: list[str]) -> int:
    path = CHART / "README.md"
    readme = path.read_text()
    wanted = updated(readme, (CHART / "values.yaml").read_text())
    if arguments == ["--check"]:
        return int(readme != wanted)
    if arguments:
        print(__doc__, file=sys.stderr)
        return 64
    path.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
