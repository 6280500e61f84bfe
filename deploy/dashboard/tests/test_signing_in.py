"""People who come by a provider of identities."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conftest import Stack
from playwright.sync_api import Browser, expect
from test_safety import protected

mock = pytest.importorskip("oidc_provider_mock")
serving = pytest.importorskip("werkzeug.serving")

ANN = {"email": "ann@example.org", "email_verified": True, "groups": ["data"]}


@contextmanager
def provider() -> Iterator[str]:
    """Somebody else's provider, which knows ann."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    server = serving.make_server("127.0.0.1", 0, mock.app(user_claims=[mock.User(sub="ann", claims=ANN)]), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def test_people_sign_in_by_a_provider_and_out_again(browser: Browser, stack: Stack, tmp_path) -> None:
    if not stack.state:
        pytest.skip("the stack's folder is not known")
    with provider() as issuer:
        trusted = {
            "name": "corp",
            "issuer": issuer,
            "client_id": "slipway",
            "client_secret_file": str(tmp_path / "secret"),
            "trust_email": True,
            "groups": {"data": {"teams": {"default": "submitter"}}},
        }
        (tmp_path / "secret").write_text("any")
        file = tmp_path / "identity.json"
        file.write_text(json.dumps({"issuers": [trusted]}))
        with protected(stack, SLIPWAY_API_IDENTITY_FILE=str(file)) as address:
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"{address}/jobs")
            page.get_by_role("link", name="Sign in with corp").click()
            page.get_by_role("button", name="ann").click()
            # Back at the page that was asked for, with a session that no script reads.
            expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
            assert page.url == f"{address}/jobs"
            session = next(cookie for cookie in context.cookies() if cookie["name"] == "slipway-session")
            assert session["httpOnly"] and session["sameSite"] == "Lax"
            assert "slipway-session" not in page.evaluate("document.cookie")
            expect(page.get_by_text("ann@example.org")).to_be_visible()
            # A change from the page goes through, and the session ends with the button.
            made = page.evaluate("""async () => {
                const api = await import("/assets/js/api.js");
                return (await api.send("POST", "/tokens", { name: "mine" })).owner;
            }""")
            assert made == "user"
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_label("API token")).to_be_visible()
            assert not any(cookie["name"] == "slipway-session" for cookie in context.cookies())
            context.close()
