"""Is any finished answer lost or doubled when phones die, and what does one complete answer cost the server?"""

import gzip
import html
import json
import os
import random
import re
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

from survey_app import migrate
from survey_app.answers.envelope import seal
from survey_app.answers.keys import from_text, to_text
from survey_app.db import Database
from tests.answers.make import make_open_round
from tests.browser.killing import answer_killed
from tests.browser.phone import Line
from tests.browser_fixtures import Server

from .running import Program

KILLS = 100
BATCHES = 4
PEOPLE = 20  # in each batch; the least busy one counts, since neighbours on the machine inflate CPU time
_TICKS = os.sysconf("SC_CLK_TCK")


def kills(runs: int = KILLS) -> None:
    """`runs` persons on a phone each; its browser gets SIGKILL at a random moment, half lose the network too."""
    chance = random.Random()  # another one each time: the moments are random anyway
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'survey.sqlite'}")
        migrate.upgrade(database)
        database.close()
        server = Server(folder)
        with server.database.writing() as session:
            pepper = server.app.extensions["survey_settings"].keys.pepper
            made = make_open_round(session, pepper, persons=(runs,))
        line = Line(server.url)
        ends = Counter(
            answer_killed(playwright.chromium, server, line, made, number, folder, chance) for number in range(runs)
        )
        line.close()
        server.stop()
    for end, count in sorted(ends.items()):
        print(f"{count:4} {end}")
    print(f"{runs} kills: every answer arrived once, nothing was left on a phone")


def cost_of_an_answer() -> None:
    """CPU of the server for one complete answer, with script and page by page, group E (about 30 questions)."""
    with tempfile.TemporaryDirectory() as name:
        program = Program(Path(name))
        codes = [row["code"] for row in program.make_round(30 * PEOPLE) if row["group"] == "E"]
        program.start()
        try:
            for what, budget, answer in (("with script", 5, _by_script), ("without script", 50, _by_pages)):
                for code in codes[:5]:  # what is made once for all
                    answer(program.port, code)
                codes = codes[5:]
                used = min(
                    _cpu_of(program, answer, codes[PEOPLE * batch : PEOPLE * (batch + 1)]) for batch in range(BATCHES)
                )
                codes = codes[PEOPLE * BATCHES :]
                print(f"{what:15} {used:6.2f} ms of CPU for one answer (at most {budget})")
        finally:
            program.kill()


def _cpu_of(program: Program, answer: Callable[[int, str], None], codes: list[str]) -> float:
    """Milliseconds of CPU in the server for one of these answers."""
    before = _cpu_seconds(program)
    for code in codes:
        answer(program.port, code)
    return 1000 * (_cpu_seconds(program) - before) / len(codes)


def _cpu_seconds(program: Program) -> float:
    assert program.process is not None
    fields = Path(f"/proc/{program.process.pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _by_script(port: int, code: str) -> None:
    """What a phone asks for: the page, its two files, the questionnaire, and the sealed answer in the end."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    page = _ask(connection, "GET", "/p")
    for address in re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js)[^"]*)"', page):
        _ask(connection, "GET", html.unescape(address))
    form = json.loads(_ask(connection, "POST", "/p/form", {"code": code, "language": "vi"}))
    answers = _first_choices(form["rules"])
    payload = {
        "v": 1,
        "questionnaire": form["version"],
        "ratings": [{"rated_unit": form["rated_unit"], "answers": answers}],
    }
    keys = [from_text(key) for key in form["keys"]]
    sealed = seal(json.dumps(payload).encode(), keys, form["round"], form["key_mode"], form["size"])
    sending = {"code": code, "submission": secrets.token_hex(16), "envelope": to_text(sealed)}
    assert json.loads(_ask(connection, "POST", "/p/answers", sending)) == {"status": "stored"}
    connection.close()


def _first_choices(rules: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}

    def walk(items: list[dict[str, Any]]) -> None:
        for item in items:
            walk(item.get("items", []))
            if item["kind"] == "select_one":
                found[item["name"]] = rules["lists"][item["list"]][0]["name"]

    walk(rules["items"])
    return found


def _by_pages(port: int, code: str) -> None:
    """Every page of a browser without script, the first choice of each question taken."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    _ask(connection, "GET", "/p")
    page = _ask(connection, "POST", "/phieu/rieng-tu", form={"code": code})
    while 'class="panel ok"' not in page:
        action = re.findall(r'<form id="page" method="post" action="([^"]+)"', page)[0]
        fields = dict(re.findall(r'<input type="hidden" name="(state|from)" value="([^"]*)"', page))
        for name, value in reversed(re.findall(r'<input type="radio" name="([^"]+)" value="([^"]+)"', page)):
            fields[name] = value
        page = _ask(connection, "POST", action, form=fields)
    connection.close()


def _ask(connection: HTTPConnection, method: str, address: str, body: Any = None, form: Any = None) -> str:
    headers = {"Accept-Encoding": "gzip"}
    if form is not None:
        connection.request(method, address, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
    elif body is not None:
        connection.request(method, address, json.dumps(body), {**headers, "Content-Type": "application/json"})
    else:
        connection.request(method, address, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    text = (gzip.decompress(content) if answer.getheader("Content-Encoding") == "gzip" else content).decode()
    assert answer.status < 400, (address, answer.status, text[:300])
    return text
