"""The process that lays out one PDF under a limit of memory: native code of others draws the letters, and long tables
take much memory; neither may touch the server.

Run as a file (`python -I paper_child.py`): {"html": page, "css": [sheets]} on standard input; on standard output a line
with the number of pages, then the PDF. Imports nothing of the application.
"""

import json
import resource
import sys

MEMORY_BYTES = 2 * 1024 * 1024 * 1024
CPU_SECONDS = 240


def main() -> None:
    """Read standard input, write the PDF."""
    for what, limit in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS)):
        resource.setrlimit(what, (limit, limit))
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    asked = json.load(sys.stdin.buffer)
    fonts = FontConfiguration()
    # Text that others wrote stands in our pages: whatever it points to is not fetched.
    nothing = URLFetcher(allowed_protocols=())
    sheets = [CSS(string=text, font_config=fonts, url_fetcher=nothing) for text in asked["css"]]
    document = HTML(string=asked["html"], url_fetcher=nothing).render(stylesheets=sheets, font_config=fonts)
    # A tagged PDF (PDF/UA-1), which a screen reader can read in order.
    written = document.write_pdf(pdf_variant="pdf/ua-1")
    sys.stdout.buffer.write(f"{len(document.pages)}\n".encode() + written)


if __name__ == "__main__":
    main()
