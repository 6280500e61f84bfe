"""What helm says after an installation helps with these values."""

from typing import Any

from .matrix import MATRIX
from .tools import CHART, LEAST, merged, run_helm


def notes(values: dict[str, Any]) -> str:
    result = run_helm(
        "install", "prod", str(CHART), "--namespace", "slipway", "--dry-run=client", values=merged(LEAST, values)
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.partition("\nNOTES:\n")[2]


def test_the_way_to_a_token() -> None:
    given = notes({})
    assert "get secret admin-token -o go-template='{{index .data \"token\" | base64decode}}'" in given
    assert "bootstrap-token" not in given
    made = notes({"api": {"tokenSecret": {"name": ""}}})
    assert "exec deployment/prod-slipway-api -c api -- /usr/local/bin/slipway admin bootstrap-token" in made
    assert "get secret" not in made


def test_steps_are_counted_without_the_doctor() -> None:
    assert "\n2. Prove that it works; the log" in notes({})
    assert "\n2. Prove that it works (also a mere warning fails it); the log" in notes(
        {"doctor": {"failOnWarnings": True}}
    )
    assert "\n3. Speak to it" in notes({})
    without = notes({"doctor": {"enabled": False}})
    assert "helm test" not in without
    assert "\n2. Speak to it" in without


def test_what_is_missing_is_said() -> None:
    assert "api.publicURL is empty" in notes({"api": {"identity": {"existingSecret": "issuers"}}})
    assert "api.publicURL" not in notes(MATRIX["people and receivers"])
    assert "`teams` is empty" in notes({"teams": []})
    assert "there is one worker" in notes({"worker": {"replicas": 1}})
    assert "run `slipway admin migrate`" in notes({"migration": {"enabled": False}})
    assert "export SLIPWAY_SERVER=https://slipway.example" in notes(MATRIX["ways in"])


def test_a_cluster_for_others_says_how_it_is_used() -> None:
    assert "slipway cluster apply" in notes(MATRIX["access only"])
