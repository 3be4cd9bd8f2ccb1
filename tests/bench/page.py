"""What a respondent's phone loads until the first question and on the whole first visit, its worker included, and how
long the first question takes on a slow line."""

import shutil
import statistics
import time

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser.phone import Line
from tests.browser_fixtures import FLAGS, PHONE

from .running import running_round

# «Slow 3G»: 400 kbit/s each way, 400 ms; a processor six times slower than this one.
_SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
_SLOWER = 6
_VISITS = 5
_LOOKING = 6_000  # milliseconds before the first answer: whatever comes unasked has come by then


def first_visit() -> None:
    """Requests and bytes until the first question, counted by the page itself; those of the whole visit, counted on the
    wire, where the worker's own are seen too; then the time on a slow line."""
    with running_round(100) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        line = Line(f"http://127.0.0.1:{server.port}")
        links = [f"{line.url}/p#{row['code']}" for row in server.codes if row["group"] == "E"]
        page, wire = _phone(browser)
        sizes: list[float] = []
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))  # 0: from the cache
        _to_first_question(page, links[0])
        early = [size for size in sizes if size]
        print(f"first question: requests {len(early)} (at most 3 in sequence)   bytes {_kb(early)} kB (at most 45)")
        page.wait_for_timeout(_LOOKING)
        print(f"first visit: requests {len(line.requests)} (at most 6)   bytes {_kb([line.received])} kB (at most 60)")
        seconds = [_slow_visit(browser, link) for link in links[1 : _VISITS + 1]]
        print(f"first question on slow 3G, processor {_SLOWER}x slower: {statistics.median(seconds):.1f} s (at most 3)")
        browser.close()
        line.close()


def _kb(sizes: list[float]) -> str:
    return f"{sum(sizes) / 1000:.1f}"


def _phone(browser: Browser) -> tuple[Page, CDPSession]:
    page = browser.new_context(viewport=PHONE).new_page()
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    return page, wire


def _to_first_question(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Bắt đầu trả lời").click()
    page.locator("fieldset").wait_for()


def _slow_visit(browser: Browser, link: str) -> float:
    """Seconds from the link until the first question can be answered."""
    page, wire = _phone(browser)
    wire.send("Network.emulateNetworkConditions", _SLOW)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    begin = time.perf_counter()
    _to_first_question(page, link)
    seconds = time.perf_counter() - begin
    page.context.close()
    return seconds
