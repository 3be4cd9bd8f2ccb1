"""What Lighthouse says of the respondents' pages on a phone: code page, a question, the review.

Lighthouse is an npm package; it is installed beside the bench for the one run, with Debian's Chromium as browser.
"""

import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.browser_fixtures import FLAGS

from .running import running_round

RUNS = 5
LEAST = {"performance": 98, "accessibility": 100, "best-practices": 100}
_SCRIPT = Path(__file__).parent / "lighthouse.mjs"
_PACKAGES = ("lighthouse@12", "puppeteer-core@24")


def pages() -> None:
    """The median of each score over `RUNS` visits, and what was marked down."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is missing: apt-get install npm, then again")
        return
    with tempfile.TemporaryDirectory() as name, running_round(100) as server:
        folder = Path(name)
        installed = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", name, *_PACKAGES], capture_output=True, check=False
        )
        if installed.returncode:
            print("Lighthouse could not be installed:", installed.stderr.decode().strip().splitlines()[-1:])
            return
        shutil.copy(_SCRIPT, folder / _SCRIPT.name)
        links = [row["link"] for row in server.codes if row["group"] == "E"][:RUNS]
        asked = {"chromium": shutil.which("chromium"), "flags": list(FLAGS)}
        visits = [_visit(folder, asked | {"link": link}) for link in links]
    for page in visits[0]:
        for category, least in LEAST.items():
            scores = [visit[page]["scores"][category] for visit in visits]
            print(f"{page:9} {category:15} {statistics.median(scores):5.0f} (at least {least})   {scores}")
        faults = {fault for visit in visits for fault in visit[page]["faults"]}
        for fault in sorted(faults):
            print(f"{page:9}   marked down: {fault}")


def _visit(folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        ["node", str(folder / _SCRIPT.name), json.dumps(asked)],
        capture_output=True,
        check=True,
        cwd=folder,
        timeout=300,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
