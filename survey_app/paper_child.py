"""The process that draws one PDF under limits of memory and time: drawing is the heaviest thing the program does.

Run as a file (`python -I paper_child.py`): one JSON document on standard input, {"page": HTML, "sheets": [CSS, …]}; on
standard output the number of pages, a line end and the PDF. Exit code 3 without Pango. Imports nothing of the
application. Nothing is fetched while it draws: neither from the network nor from the disk.
"""

import json
import resource
import sys

MEMORY_BYTES = 3 * 1024 * 1024 * 1024  # of addresses: a third of it is what a table of 4 000 rows fills
CPU_SECONDS = 240
NO_PANGO = 3


def main() -> None:
    """Draw what standard input asks for; without a page only look whether drawing is possible."""
    for what, limit in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS)):
        resource.setrlimit(what, (limit, limit))
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher
    except OSError:
        sys.exit(NO_PANGO)
    asked = json.load(sys.stdin.buffer)
    if not asked:
        return
    fonts = FontConfiguration()
    # Text that others wrote stands in our pages: whatever it points to is not fetched.
    nothing = URLFetcher(allowed_protocols=("data",))  # pictures that stand in the page itself
    sheets = [CSS(string=text, font_config=fonts, url_fetcher=nothing) for text in asked["sheets"]]
    document = HTML(string=asked["page"], url_fetcher=nothing).render(stylesheets=sheets, font_config=fonts)
    # PDF/UA-1: tagged, so that a screen reader can read it in order.
    content = document.write_pdf(pdf_variant="pdf/ua-1")
    sys.stdout.buffer.write(b"%d\n" % len(document.pages) + content)


if __name__ == "__main__":
    main()
