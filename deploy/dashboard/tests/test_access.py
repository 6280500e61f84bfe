"""Signing in, and an API that is away for a while."""

import urllib.request

import pytest
from conftest import served
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import expect

IDENTITY = """
issuers:
  - name: corp
    issuer: {issuer}
    client_id: slipway
    client_secret_file: {secret}
    trust_email: true
    groups_claim: groups
    groups:
      platform: {{everywhere: admin}}
"""

LOADED = "() => performance.getEntriesByName(`${location.origin}/assets/js/pages/tokens.js`).length > 0"


@pytest.fixture
def provider():
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


def test_a_person_logs_in_and_out(browser, stack, provider, tmp_path):
    file = tmp_path / "identity.yaml"
    secret = tmp_path / "secret"
    secret.write_text("between them")
    file.write_text(IDENTITY.format(issuer=provider, secret=secret))
    user = urllib.request.Request(
        f"{provider}/users/ann",
        b'{"email": "ann@example.org", "email_verified": true, "name": "Ann", "groups": ["platform"]}',
        {"Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(user, timeout=10).close()
    api = served(stack, SLIPWAY_API_IDENTITY_FILE=str(file), SLIPWAY_API_AUTHENTICATION="required")
    api.settings["SLIPWAY_API_PUBLIC_URL"] = f"http://127.0.0.1:{api.port}"
    with api as address:
        context = browser.new_context()
        # The provider's own page has a style sheet of another host.
        context.route(
            "**/*",
            lambda route: route.continue_() if route.request.url.startswith((address, provider)) else route.abort(),
        )
        page = context.new_page()
        page.goto(f"{address}/jobs?archived=all")
        page.get_by_role("link", name="Sign in with corp").click()
        page.get_by_placeholder("sub").fill("ann")
        page.get_by_role("button", name="Authorize").click()
        # Back where one wanted to go.
        expect(page).to_have_url(f"{address}/jobs?archived=all")
        expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
        expect(page.locator(".who")).to_contain_text("ann@example.org")
        # A change needs the session's token against forged requests.
        page.goto(f"{address}/tokens")
        page.get_by_role("button", name="New token").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("laptop")
        dialog.get_by_label("May do at most").select_option("viewer")
        dialog.get_by_role("button", name="Make the token").click()
        expect(dialog.locator(".secret code")).not_to_be_empty()
        token = dialog.locator(".secret code").inner_text()
        dialog.get_by_role("button", name="I have kept it").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("API token")).to_be_visible()
        # The token does as well, and may not more than it was given.
        page.get_by_label("API token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
        page.goto(f"{address}/tokens")
        row = page.locator("tr", has_text="laptop")
        expect(row).to_contain_text("viewer everywhere")
        # Uses are noted a few at a time.
        for _ in range(60):
            if "never" not in row.inner_text():
                break
            page.wait_for_timeout(500)
            page.reload()
            expect(row).to_be_visible()
        expect(row).not_to_contain_text("never")
        page.goto(f"{address}/audit")
        expect(page.get_by_role("alert")).to_contain_text("You may not do this")
        context.close()


def test_an_api_that_is_away_is_told_and_comes_back(browser, stack, done_run):
    api = served(stack)
    with api as address:
        context = browser.new_context()
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/runs")
        row = page.locator("tr[data-run]").first
        expect(row).to_be_visible()
        # The pages that were not needed yet come when there is time.
        page.wait_for_function(LOADED)
    banner = page.locator(".offline")
    expect(banner).to_be_visible()
    # What was shown stays.
    expect(row).to_be_visible()
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("alert")).to_contain_text("The API cannot be reached")
    with api:
        expect(banner).to_be_hidden()
        expect(page.get_by_role("link", name="pipeline", exact=True)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        context.close()
    assert errors == []
