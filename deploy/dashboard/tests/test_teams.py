"""Teams: their members, webhooks, programs, and what is kept of them."""

import http.server
import re
import threading
import time
from typing import ClassVar

import pytest
from playwright.sync_api import expect


class Receiver(http.server.BaseHTTPRequestHandler):
    """Notes what comes, and answers as it is told."""

    taken: ClassVar[list[str]] = []
    status = 204

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.taken.append(self.headers["webhook-id"])
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/in"
        server.shutdown()


def test_a_webhook_is_made_tested_and_told_again(open_page, receiver):
    page = open_page("/teams")
    page.get_by_role("link", name="default", exact=True).click()
    page.get_by_role("tab", name="Webhooks").click()
    page.get_by_role("button", name=re.compile("^New(…| webhook…)$")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("on-call")
    dialog.get_by_label("Address").fill(receiver)
    dialog.get_by_label("run.succeeded").check()
    dialog.get_by_role("button", name="Make the webhook").click()
    expect(dialog.locator(".secret code")).to_contain_text("whsec_")
    dialog.get_by_role("button", name="I have kept it").click()
    expect(page).to_have_url(re.compile("/teams/default/webhooks/on-call$"))
    expect(page.get_by_text("run.succeeded")).to_be_visible()
    expect(page.get_by_text("It was told nothing yet")).to_be_visible()

    page.get_by_role("button", name="Send a test").click()
    rows = page.locator("tbody tr")
    expect(rows.first.locator("[data-state]")).to_have_text("Delivered", timeout=60_000)
    expect(rows.first).to_contain_text("status 204")
    page.get_by_role("button", name="Send webhook.test again").click()
    end = time.monotonic() + 60
    while len(Receiver.taken) < 2:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert len(set(Receiver.taken)) == 1

    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("It is off")).to_be_visible()
    expect(page.get_by_role("button", name="Send a test")).to_be_disabled()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Change…").click()
    dialog.get_by_label("Description").fill("wakes somebody")
    dialog.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_text("wakes somebody")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete…").click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page).to_have_url(re.compile("tab=webhooks"))
    expect(page.get_by_role("link", name="on-call")).to_have_count(0)


def test_members_come_change_and_go(open_page, stack):
    page = open_page("/teams/default?tab=members")
    page.get_by_role("button", name=re.compile("^Add")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Person").fill("bob@example.org")
    dialog.get_by_role("combobox", name="Role").select_option("operator")
    dialog.get_by_role("button", name="Add", exact=True).click()
    row = page.locator("tr", has_text="bob@example.org")
    expect(row).to_contain_text("Operator")
    row.get_by_role("button", name="Change the role of bob@example.org").click()
    dialog.get_by_role("combobox", name="Role").select_option("viewer")
    dialog.get_by_role("button", name="Change the role").click()
    expect(row).to_contain_text("Viewer")
    row.get_by_role("button", name="Remove bob@example.org").click()
    dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(row).to_have_count(0)
    page.goto(stack.address + "/audit?kind=team&subject=default")
    last = page.locator("tbody tr").first
    last.locator("summary").click()
    expect(last.locator("pre")).to_contain_text("bob@example.org")


def test_an_account_gets_a_token_which_is_revoked(open_page, stack):
    page = open_page("/teams/default?tab=accounts")
    page.get_by_role("button", name=re.compile("^New(…| service account…)$")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("loader")
    dialog.get_by_role("button", name="Make the account").click()
    page.get_by_role("button", name="New token for loader").click()
    dialog.get_by_label("Name").fill("loader of the night")
    dialog.get_by_role("button", name="Make the token").click()
    secret = dialog.locator(".secret code")
    expect(secret).to_contain_text("slw")
    text = secret.inner_text()
    dialog.get_by_role("button", name="I have kept it").click()
    page.goto(stack.address + "/tokens")
    row = page.locator("tr", has_text="loader of the night")
    expect(row).to_contain_text("default / loader")
    expect(row).to_contain_text("never")
    # It is shown once.
    assert text not in page.content()
    row.get_by_role("button", name="Revoke loader of the night").click()
    dialog.get_by_role("button", name="Revoke", exact=True).click()
    expect(row).to_have_count(0)
    page.get_by_label("Also revoked ones").check()
    expect(row.first.locator("[data-state]")).to_have_text("Revoked")


def test_what_is_kept_is_said_and_taken_back(open_page, stack):
    page = open_page("/teams/default?tab=retention")
    row = page.locator("tr", has_text="Logs")
    expect(row).to_contain_text("the standard")
    for given, shown in (("14d", "14 days"), ("", "the standard")):
        page.get_by_role("button", name="Change…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Logs").fill(given)
        dialog.get_by_role("button", name="Keep it so").click()
        expect(row).to_contain_text(shown)
    page.get_by_role("button", name="Change…").click()
    page.get_by_role("dialog").get_by_label("Logs").fill("soon")
    page.get_by_role("dialog").get_by_role("button", name="Keep it so").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("keep.logs")
    page.goto(stack.address + "/teams")
    expect(page.get_by_role("heading", name="What would go now")).to_be_visible()
