"""The log of a run: a million lines, searched and scrolled through."""

import time

from conftest import LONG_LOG
from playwright.sync_api import Page, expect

# The lines near a part of the log are drawn, with their texts.
DRAWN = """([part, lines]) => {
    const drawn = [...document.querySelectorAll(".log-line")];
    return drawn.length > 20 && Math.abs(Number(drawn[0].dataset.line) / lines - part) < 0.002
        && drawn.every((line) => line.querySelector(".x").textContent.startsWith("line "));
}"""


def open_log(open_page, run: str) -> Page:
    page = open_page(f"/runs/{run}?tab=logs&stream=task/count")
    expect(page.locator(".log-foot")).to_contain_text("1,000,000 lines")
    return page


def line(page: Page, number: int):
    return page.locator(f".log-line[data-line='{number - 1}'] .x")


def test_a_million_lines_scroll(open_page, long_run):
    page = open_log(open_page, long_run)
    expect(line(page, LONG_LOG)).to_have_text(f"line {LONG_LOG} of a long log")
    view = page.locator(".log-view")
    # Only lines in sight are elements.
    assert page.locator(".log-line").count() < 150
    for part in (0.5, 0.123, 0.987):
        view.evaluate("(view, part) => { view.scrollTop = (view.scrollHeight - view.clientHeight) * part; }", part)
        page.wait_for_function(DRAWN, arg=[part, LONG_LOG])
        first = int(page.locator(".log-line").first.get_attribute("data-line"))
        expect(line(page, first + 5)).to_have_text(f"line {first + 5} of a long log")
        assert page.locator(".log-line").count() < 150
    page.get_by_role("button", name="To the start").click()
    expect(line(page, 1)).to_have_text("line 1 of a long log")
    # A turn of the wheel moves by a few lines, however long the log is.
    view.hover()
    page.mouse.wheel(0, 100)
    expect(line(page, 30)).to_have_text("line 30 of a long log")
    assert int(page.locator(".log-line").first.get_attribute("data-line")) < 30
    view.focus()
    page.keyboard.press("End")
    expect(line(page, LONG_LOG)).to_be_visible()
    page.keyboard.press("Home")
    expect(line(page, 1)).to_be_visible()


def test_a_million_lines_are_searched(open_page, long_run):
    page = open_log(open_page, long_run)
    begun = time.monotonic()
    page.get_by_role("searchbox", name="Search the log").fill("line 777777 OF")
    page.keyboard.press("Enter")
    expect(page.locator(".log-foot")).to_have_text("1 line found", timeout=180_000)
    seconds = time.monotonic() - begun
    print(f"searched {LONG_LOG} lines in {seconds:.1f} s")
    expect(page.locator(".log-line mark")).to_have_text("line 777777 of")
    page.get_by_role("button", name="in its place").click()
    expect(line(page, 777_777)).to_have_text("line 777777 of a long log")
    expect(page.locator(".log-line.target")).to_have_attribute("data-line", "777776")
    expect(line(page, 777_776)).to_have_text("line 777776 of a long log")


def test_what_is_not_there_is_not_found(open_page, done_run):
    page = open_page(f"/runs/{done_run}?tab=logs")
    expect(page.locator(".log-line", has_text="loading NL")).to_be_visible()
    page.get_by_role("searchbox", name="Search the log").fill("no such line")
    page.keyboard.press("Enter")
    expect(page.locator(".log-foot")).to_have_text("0 lines found")
    page.get_by_role("button", name="Back to the log").click()
    expect(page.locator(".log-line", has_text="loading NL")).to_be_visible()


def test_colours_become_classes(open_page, done_run):
    page = open_page(f"/runs/{done_run}?tab=logs&stream=task/clean")
    red = page.locator(".log-line .ansi-1")
    expect(red).to_have_text("ERROR")
    assert "ansi-bold" in red.get_attribute("class")
    expect(page.locator(".log-line.stderr")).to_contain_text("careful")


def test_all_streams_come_together(open_page, done_run):
    page = open_page(f"/runs/{done_run}?tab=logs")
    expect(page.locator(".log-line", has_text="loading NL")).to_be_visible()
    expect(page.locator(".log-line", has_text="state succeeded")).to_be_visible()
    page.get_by_label("Stream").select_option("run")
    expect(page.locator(".log-line", has_text="loading NL")).to_have_count(0)
    expect(page.locator(".log-line", has_text="state running")).to_be_visible()
