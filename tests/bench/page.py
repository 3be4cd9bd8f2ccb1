"""What a respondent's phone loads until the first question."""

import shutil

from playwright.sync_api import sync_playwright

from tests.browser_fixtures import FLAGS, PHONE

from .running import running_round


def first_visit() -> None:
    """Requests and bytes on the wire, counted by the browser itself, from the link to the first question."""
    with running_round(100) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = browser.new_context(viewport=PHONE).new_page()
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        sizes: list[float] = []
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))  # 0: from the cache
        page.goto(next(row["link"] for row in server.codes if row["group"] == "E"))
        page.get_by_role("button", name="Bắt đầu trả lời").click()
        page.get_by_role("button", name="Tiếp tục", exact=True).first.wait_for()
        sent = [size for size in sizes if size]
        print(f"requests {len(sent)} (at most 6)   bytes {sum(sent) / 1000:.1f} kB (at most 60)")
        browser.close()
