"""What people do to runs: submit, follow, cancel, retry, many at a time, and all of it by keys."""

import re

from playwright.sync_api import Page, expect

HOUR = 3_600_000


def state(page: Page):
    return page.locator(".page-head [data-state]")


def test_a_run_is_submitted_followed_cancelled_and_retried(open_page, stack):
    page = open_page("/runs")
    page.get_by_role("button", name="New run").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Job").select_option(label="default / sleeps")
    dialog.get_by_label("Why").fill("to see it sleep")
    dialog.get_by_role("button", name="Create the run").click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}$"))
    run = page.url.rsplit("/", 1)[1]
    # It is followed without being loaded anew.
    expect(state(page)).to_have_text("Running", timeout=60_000)
    page.get_by_role("tab", name="Logs").click()
    expect(page.locator(".log-line", has_text="sleeping")).to_be_visible()

    page.get_by_role("button", name="Cancel", exact=True).click()
    dialog.get_by_label("Why").fill("enough")
    dialog.get_by_role("button", name="Cancel", exact=True).click()
    expect(state(page)).to_have_text("Cancelled", timeout=60_000)
    events = stack.call("GET", f"/runs/{run}/events")["events"]
    assert any("enough" in (event.get("message") or "") for event in events)

    page.get_by_role("button", name="Retry", exact=True).click()
    dialog.get_by_role("button", name="Retry", exact=True).click()
    expect(page).not_to_have_url(re.compile(run))
    expect(page.get_by_text("Chain of retries")).to_be_visible()
    again = page.url.rsplit("/", 1)[1]
    assert stack.run(again)["origin"] == run
    stack.call("POST", f"/runs/{again}/cancel")


def test_a_rerun_takes_other_variables(open_page, stack, done_run):
    page = open_page(f"/runs/{done_run}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Rerun…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("country").fill("DE")
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    expect(page).not_to_have_url(re.compile(done_run))
    run = stack.run(page.url.rsplit("/", 1)[1])
    assert run["variables"] == {"country": "DE", "days": 7}


def test_a_wrong_value_is_told_with_its_field(open_page):
    page = open_page("/jobs/default/pipeline")
    page.get_by_role("button", name="New run").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("days").fill("many")
    dialog.get_by_role("button", name="Create the run").click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("variables.days")
    expect(alert).to_contain_text("Request ")


def test_all_runs_of_a_filter_are_cancelled_after_a_look(open_page, stack):
    runs = [stack.create("sleeps") for _ in range(4)]
    other = stack.create("pipeline")
    page = open_page("/runs?job=sleeps&state=pending,ready,starting,creating_runner,running")
    expect(page.locator("tr[data-run]")).to_have_count(4)
    page.get_by_role("checkbox", name="Select all that are shown").check()
    page.get_by_role("button", name="Select all that match the filter").click()
    page.locator("[data-batch=cancel]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("tbody tr")).to_have_count(4)
    # A look changes nothing.
    assert all(stack.run(run)["state"] not in ("cancelling", "cancelled") for run in runs)
    dialog.get_by_role("button", name="Cancel 4 runs").click()
    expect(dialog).to_have_count(0)
    for run in runs:
        stack.wait(run, "cancelled")
    assert stack.wait(other, "succeeded")["state"] == "succeeded"
    expect(page.get_by_text("No run matches")).to_be_visible()


def test_the_filter_stands_in_the_address(open_page, stack, done_run, failed_run):
    page = open_page("/runs")
    page.get_by_role("button", name="Failed", exact=True).click()
    expect(page).to_have_url(re.compile(r"state=failed%2Ctimeout"))
    expect(page.locator("tr[data-run]").first.locator("[data-state]")).to_have_text("Failed")
    page.reload()
    expect(page.get_by_role("button", name="Failed", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Save this view…").click()
    page.get_by_role("dialog").get_by_label("Name").fill("What broke")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    page.goto(stack.address + "/runs")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="What broke", exact=True).click()
    expect(page).to_have_url(re.compile("state=failed"))
    page.get_by_role("searchbox").fill("country=NL")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("variable=country%3DNL"))
    expect(page.get_by_text("No run matches")).to_be_visible()
    page.get_by_role("searchbox").fill(done_run)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(done_run))
    page.go_back()
    expect(page).to_have_url(re.compile("variable=country"))


def test_words_and_conditions_are_searched_for(open_page, stack, done_run, failed_run):
    page = open_page("/runs")
    box = page.get_by_role("searchbox")
    box.fill("pipeline")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("search=pipeline"))
    expect(page.locator(f"tr[data-run='{done_run}']")).to_be_visible()
    expect(page.locator(f"tr[data-run='{failed_run}']")).to_have_count(0)
    page.get_by_role("button", name="Remove search pipeline").click()
    box.fill("failed_task=first AND NOT job=pipeline")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("filter=failed_task"))
    expect(page.locator(f"tr[data-run='{failed_run}']")).to_be_visible()
    expect(page.locator(f"tr[data-run='{done_run}']")).to_have_count(0)
    # The whole filter can be acted on, conditions and all.
    page.get_by_role("checkbox", name="Select all that are shown").check()
    page.get_by_role("button", name="Select all that match the filter").click()
    page.locator("[data-batch=retry]").click()
    expect(page.get_by_role("dialog").locator("tbody tr").first).to_contain_text("fails")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove filter").click()
    box.fill("exit_code=")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("filter")
    page.goto(f"{stack.address}/runs?order_by=created_at")
    expect(page.get_by_label("Order")).to_have_value("created_at")
    ids = page.locator("tr[data-run]").evaluate_all("rows => rows.map((row) => row.dataset.run)")
    assert ids == sorted(ids)


def test_a_list_of_a_state_follows_runs_in_and_out(open_page, stack):
    """By the stream of changes: the list is read far less often than runs change."""
    page = open_page("/runs?job=sleeps&state=running")
    expect(page.locator(".live.on")).to_be_visible()
    # It is read once more after the stream began.
    with page.expect_response(lambda response: "/runs?" in response.url):
        pass
    read = []
    page.on("request", lambda request: read.append(request.url) if "/runs?" in request.url else None)
    run = stack.create("sleeps")
    row = page.locator(f"tr[data-run='{run}']")
    expect(row).to_be_visible(timeout=60_000)
    stack.call("POST", f"/runs/{run}/cancel")
    expect(row).to_have_count(0)
    assert read == []


def test_a_run_is_pinned(open_page, stack, done_run):
    page = open_page(f"/runs/{done_run}")
    for word in ("Pin", "Unpin"):
        page.get_by_role("button", name="More").click()
        page.get_by_role("button", name=f"{word}…", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name=word, exact=True).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator(".tag", has_text="pinned")).to_have_count(1 if word == "Pin" else 0)
        assert stack.run(done_run)["pinned"] == (word == "Pin")


def test_new_runs_appear_by_themselves(open_page, stack):
    page = open_page("/runs")
    expect(page.locator("tr[data-run]").first).to_be_visible()
    run = stack.create("pipeline")
    row = page.locator(f"tr[data-run='{run}']")
    expect(row).to_be_visible(timeout=10_000)
    expect(row.locator("[data-state]")).to_have_text("Succeeded", timeout=60_000)


def test_everything_goes_by_keys(open_page, stack):
    run = stack.create("sleeps")
    stack.wait(run, "running")
    page = open_page("/runs?job=sleeps&state=running")
    expect(page.locator("tr[data-run]")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Select or leave out")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("tr.current")).to_have_count(1)
    page.keyboard.press("x")
    expect(page.locator("tr.selected")).to_have_count(1)
    page.keyboard.press("x")
    expect(page.locator("tr.selected")).to_have_count(0)
    page.keyboard.press("x")
    page.keyboard.press("Shift+C")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel 1 run")).to_be_enabled()
    page.keyboard.type("by keys")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    stack.wait(run, "cancelled")
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.locator("tr[data-run]").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator("tr[data-run]").first.get_attribute("data-run")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(first))
    # Tabs go by arrows.
    page.get_by_role("tab", name="Overview").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Logs")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).not_to_have_count(0)


def test_a_run_page_tells_what_happened(open_page, done_run, failed_run):
    page = open_page(f"/runs/{done_run}")
    expect(page.locator(".graph button")).to_have_count(4)
    expect(page.locator(".gantt-row")).to_have_count(4)
    expect(page.locator(".timeline span").first).to_be_visible()
    page.get_by_role("tab", name="Outputs").click()
    expect(page.get_by_text("1234")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save check customers as JSON").click()
    assert saved.value.suggested_filename.startswith("pipeline-")
    page.get_by_role("tab", name="Events").click()
    expect(page.get_by_role("cell", name="Succeeded")).to_be_visible()
    page.get_by_role("tab", name="Details").click()
    expect(page.get_by_role("region", name="Variables").get_by_text("country")).to_be_visible()
    page.goto(page.url.replace(done_run, failed_run).split("?")[0])
    expect(page.get_by_role("alert")).to_contain_text("exited with code 3")
    page.get_by_role("alert").get_by_role("button", name="first").click()
    expect(page.locator(".log-line", has_text="about to fail")).to_be_visible()


def test_errors_are_honest(open_page):
    page = open_page("/runs/0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5d")
    expect(page.get_by_text("There is no such run")).to_be_visible()
    page = open_page("/runs?kind=%00")
    expect(page.get_by_role("alert")).to_contain_text("NUL")
    expect(page.get_by_role("alert")).to_contain_text("Request ")
    page = open_page("/jobs/default/none")
    expect(page.get_by_text("There is no such job")).to_be_visible()
