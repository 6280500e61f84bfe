"""What the page Installing and the chart's README tell people to write works."""

import re
from typing import Any

import pytest
import yaml

from .tools import CATALOGUE, CHART, objects, render, run_helm

PAGES = [CATALOGUE / "Installing.md", CHART / "README.md"]
BLOCKS = [
    block for page in PAGES for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
]
VALUES: list[dict[str, Any]] = [yaml.safe_load(block) for block in BLOCKS if "apiVersion:" not in block]


@pytest.mark.parametrize("values", VALUES, ids=lambda values: ",".join(values))
def test_values_are_accepted(values: dict[str, Any]) -> None:
    if "image" in values:
        result = run_helm("template", "slipway", str(CHART), "--namespace", "slipway", values=values)
        assert result.returncode == 0, result.stderr
    else:
        assert objects(render(values))


def test_there_are_whole_values() -> None:
    assert [values for values in VALUES if "image" in values and "teams" in values]


def test_addresses_by_operators_name_keys_of_the_chart() -> None:
    [block] = [block for block in BLOCKS if "apiVersion:" in block]
    for item in yaml.safe_load_all(block):
        assert {"apiVersion", "kind", "metadata", "spec"} == set(item)
    for line in re.findall(r"^#   (.*)$", block, re.MULTILINE):
        assert objects(render(yaml.safe_load(line)))


def test_keys_that_pages_name_exist() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    pages = [CATALOGUE / "Installing.md", CATALOGUE / "Runbooks.md"]
    found = [
        name
        for page in pages
        for name in re.findall(
            r"`((?:networkPolicy|monitoring|cluster|migration|api|webhooks|doctor)\.[a-zA-Z.]+)`", page.read_text()
        )
    ]
    assert len(found) > 5
    for name in found:
        at = values
        for word in name.split("."):
            assert word in at, name
            at = at[word]
