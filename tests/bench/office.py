"""Seconds of what the office waits for."""

import os
import subprocess
import tempfile
import time

from .running import FLASK, PROJECT, running_round


def start() -> None:
    """A second start: everything is installed and loaded already."""
    with running_round(50) as server:
        print(f"second start until the first page {server.started_after:.2f} s (at most 3)")


def letters() -> None:
    """Letters with QR codes of one unit."""
    from survey_app.access_codes.letters import Letter, letters_pdf
    from tests.access_codes.test_letters import FRAME, make_addressee

    people = [Letter(FRAME, make_addressee(number)) for number in range(20)]
    letters_pdf(people[:1])  # imports
    begin = time.perf_counter()
    letters_pdf(people)
    print(f"20 letters {time.perf_counter() - begin:.2f} s")


def scores() -> None:
    """Points of the demonstration round of 2021, from the summary table, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"SURVEY_DATA": folder}
        subprocess.run([*FLASK, "demo", "load"], env=environment, cwd=PROJECT, check=True, stderr=subprocess.DEVNULL)
        begin = time.perf_counter()
        command = [*FLASK, "scores", "compute", "tg-2021", "--json"]
        subprocess.run(command, env=environment, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - begin
        begin = time.perf_counter()
        subprocess.run([*FLASK, "--help"], env=environment, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
        print(
            f"scores of 649 answers {whole - (time.perf_counter() - begin):.2f} s beside an idle start of the program"
        )
