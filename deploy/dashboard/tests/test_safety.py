"""What other people write is shown, and never executed."""

import http.client
import json
import urllib.parse

import pytest
from conftest import Stack, served
from playwright.sync_api import expect

EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\'"><svg onload=window.hacked=1>'
LINK = "javascript:window.hacked=1"


@pytest.fixture(scope="module")
def evil_run(stack: Stack) -> str:
    file = {
        "name": "evil",
        "description": EVIL,
        "owner": "someone@example.org",
        "tags": ["tag"],
        "engine": "none",
        "resources": {"runner": {"cpu": "50m", "memory": "32Mi"}},
        "timeouts": {"run": "5m"},
        "variables": {
            "text": {"type": "string", "default": EVIL, "description": EVIL},
            "link": {"type": "string", "default": LINK},
        },
        "tasks": [
            {
                "name": "write",
                "command": ["sh", "-c", 'echo "$SLIPWAY_VAR_TEXT"; echo "text=$SLIPWAY_VAR_TEXT" >> $SLIPWAY_OUTPUT'],
            },
            {"name": "fail", "command": ["sh", "-c", 'echo "$SLIPWAY_VAR_LINK" >&2; exit 1']},
        ],
    }
    body = json.dumps(file)
    try:
        stack.apply(body)
    except Exception as error:  # the answer says which field is not allowed to hold this
        raise AssertionError(error.read().decode()) from error
    stack.apply(json.dumps({**file, "description": EVIL + "!"}))
    run = stack.call("POST", "/runs", {"job": "evil", "why": EVIL})["id"]
    stack.wait(run, "failed")
    stack.call("POST", f"/runs/{run}/retry", {"why": EVIL})
    stack.call("POST", f"/runs/{run}/pin", {"why": EVIL})
    member = urllib.parse.quote(EVIL, safe="")
    stack.call("PUT", f"/teams/default/members/{member}", {"role": "viewer"})
    stack.call("PUT", "/service-accounts/default/evil", {"role": "viewer", "description": EVIL})
    stack.call("POST", "/tokens", {"name": EVIL[:100]})
    webhook = {"name": "evil", "url": "http://127.0.0.1:9/<script>'\"", "description": EVIL}
    stack.call("POST", "/webhooks", webhook | {"events": ["run.failed"]})
    return run


def test_markup_is_text_everywhere(open_page, stack, evil_run):
    page = open_page("/runs")
    tabs = [
        "",
        "?tab=logs",
        "?tab=logs&stream=task/write",
        "?tab=outputs",
        "?tab=metrics",
        "?tab=events",
        "?tab=details",
    ]
    job = ["", "?tab=versions", "?tab=schedules", "?tab=file"]
    query = urllib.parse.urlencode({"job": EVIL, "variable": f"text={EVIL}", "team": EVIL})
    paths = [f"/runs/{evil_run}{tab}" for tab in tabs] + [f"/jobs/default/evil{tab}" for tab in job]
    paths += [
        "/runs",
        "/jobs",
        "/queue",
        "/schedules",
        "/clusters",
        "/teams",
        "/teams/default?tab=members",
        "/teams/default?tab=webhooks",
        "/teams/default?tab=accounts",
        "/teams/default?tab=retention",
        "/teams/default/webhooks/evil",
        "/audit",
        "/tokens",
        f"/teams/{urllib.parse.quote(EVIL, safe='')}",
        f"/audit?{urllib.parse.urlencode({'actor': EVIL, 'subject': EVIL})}",
        f"/runs?{urllib.parse.urlencode({'search': EVIL, 'filter': EVIL})}",
        f"/runs?{query}",
        f"/queue?{query}",
        f"/jobs?text={urllib.parse.quote(EVIL)}",
    ]
    paths += [
        f"/runs/{urllib.parse.quote(EVIL, safe='')}",
        f"/jobs/{urllib.parse.quote(EVIL, safe='')}/x",
        f"/runs/{evil_run}?tab=logs&stream={urllib.parse.quote(EVIL)}",
    ]
    for path in paths:
        page.goto(stack.address + path)
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator(".loading")).to_have_count(0)
        assert page.evaluate("window.hacked") is None, path
        assert (
            page.evaluate("document.querySelectorAll('main img, main script, main [onerror], main [onload]').length")
            == 0
        ), path
        assert (
            page.evaluate("[...document.links].filter((link) => !/^(https?|blob):$/.test(link.protocol)).length") == 0
        ), path
    page.goto(f"{stack.address}/runs/{evil_run}?tab=details")
    expect(page.get_by_role("region", name="Variables").get_by_text(EVIL)).to_be_visible()
    page.goto(f"{stack.address}/runs/{evil_run}?tab=logs&stream=task/write")
    expect(page.locator(".log-line .x").first).to_have_text(EVIL)
    page.get_by_role("searchbox", name="Search the log").fill("<script>")
    page.keyboard.press("Enter")
    expect(page.locator(".log-line mark")).to_have_text("<script>")
    page.goto(f"{stack.address}/jobs/default/evil")
    expect(page.get_by_text(EVIL).first).to_be_visible()
    page.get_by_role("button", name="New run").click()
    expect(page.get_by_role("dialog").get_by_label("text", exact=True)).to_have_value(EVIL)
    assert page.evaluate("window.hacked") is None


def test_views_and_toasts_show_text(open_page):
    page = open_page("/runs")
    page.evaluate("(name) => localStorage.setItem('slipway.views', JSON.stringify([{name, query: 'job=none'}]))", EVIL)
    page.reload()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name=EVIL, exact=True).click()
    expect(page.get_by_text("No run matches")).to_be_visible()
    assert page.evaluate("window.hacked") is None


def test_the_browser_refuses_markup_made_of_text(browser, stack):
    page = browser.new_page()
    page.goto(stack.address + "/runs")
    refused = page.evaluate("""() => {
        try { document.body.innerHTML = "<b>x</b>"; return false; } catch (error) { return error instanceof TypeError; }
    }""")
    assert refused
    page.close()


def test_a_token_is_asked_for_and_forgotten_with_the_tab(browser, stack):
    """Over an API of its own that has a token."""
    if not stack.state:
        pytest.skip("the stack's folder is not known")
    with served(stack, SLIPWAY_API_TOKEN="right-token") as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{address}/runs")
        page.get_by_label("API token").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("This token is not valid")
        page.get_by_label("API token").fill("right-token")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
        other = context.new_page()
        other.goto(f"{address}/runs")
        expect(other.get_by_label("API token")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("API token")).to_be_visible()
        context.close()


def test_each_answer_says_what_a_browser_may_do(stack):
    host = stack.address.removeprefix("http://")
    for path in ("/", "/runs", "/assets/js/main.js", "/assets/styles/tokens.css"):
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        policy = answer.getheader("content-security-policy")
        assert "script-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.getheader("x-content-type-options") == "nosniff"
        assert answer.getheader("referrer-policy") == "no-referrer"
        connection.close()
