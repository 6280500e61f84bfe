"""values.yaml, its schema and its table in the README speak of the same keys."""

import json
from typing import Any

import yaml

from .readme_module import readme
from .tools import CHART

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def test_the_readme_is_up_to_date() -> None:
    text = (CHART / "README.md").read_text()
    assert text == readme.updated(text, (CHART / "values.yaml").read_text()), "run deploy/chart/readme.py"


def test_the_schema_has_the_keys_of_the_values() -> None:
    def compare(values: dict[str, Any], schema: dict[str, Any], path: str) -> None:
        schema = resolved(schema)
        if schema.get("additionalProperties") is not False:
            return
        known = set(schema["properties"]) - ({"global"} if not path else set())
        if path.endswith(("affinity", "resources", "rollingUpdate")):
            assert set(values) <= known, path
        else:
            assert set(values) == known, path
        for key, value in values.items():
            if isinstance(value, dict):
                compare(value, schema["properties"][key], f"{path}.{key}")

    compare(VALUES, SCHEMA, "")


def test_every_object_of_the_schema_is_closed() -> None:
    def look(schema: Any, path: str) -> None:
        if isinstance(schema, dict):
            if "properties" in schema and "required" not in schema:
                assert schema.get("additionalProperties") is False, path
            for key, value in schema.items():
                look(value, f"{path}/{key}")
        elif isinstance(schema, list):
            for index, value in enumerate(schema):
                look(value, f"{path}/{index}")

    look(SCHEMA, "")
