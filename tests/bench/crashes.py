"""What do kills, power cuts and restarts of the database cost? RE-01, RE-02, RE-03 of the durability bars."""

import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .outcome import Outcome
from .power import build_shim, disk_after, read_journal
from .running import Program
from .sending import (
    Senders,
    Sheet,
    acknowledged,
    envelopes_by_code,
    fill_sheets,
    forget_answers,
    is_whole,
    send,
)

CLIENTS = 16
PERSONS = 600
RESTART_SECONDS = 5.0


def kills(runs: int, address: str = "", build: str = "wsgi", patience: float = RESTART_SECONDS) -> Outcome:
    """RE-01: kill -9 of the server at a random moment under 16 clients, then every sheet is sent once more.

    A restart is too slow beyond `patience` seconds, and beyond three undisturbed starts of the same minute: a machine
    that does much else starts everything slowly.
    """
    outcome = Outcome("RE-01", f"kill -9 under {CLIENTS} clients, {'PostgreSQL' if address else 'SQLite'}")
    slowest = 0.0
    with tempfile.TemporaryDirectory() as name:
        program = Program(Path(name), address, build)
        codes = program.make_round(PERSONS)
        calm = program.start()
        sheets = fill_sheets(program.port, codes)
        for _ in range(runs):
            senders = Senders([program.port], sheets, CLIENTS)
            senders.start()
            time.sleep(random.uniform(0.1, 0.9))
            program.kill()
            replies = senders.stop()
            count_stored(outcome, program, acknowledged(replies))
            slowest = max(slowest, program.start())
            _send_again(outcome, program, [reply.sheet for reply in replies])
            forget_answers(program)
        program.kill()
    outcome.note = f"slowest restart {slowest:.1f} s, undisturbed {calm:.1f} s"
    outcome.unsound += slowest > max(patience, 3 * calm)
    return outcome


def count_stored(outcome: Outcome, program: Program, told: Counter[str], file: Path | None = None) -> None:
    """Adds to the outcome what the database has of those who were told «received»."""
    stored = envelopes_by_code(program, list(told), file)
    outcome.runs += 1
    outcome.acknowledged += len(told)
    outcome.lost += sum(stored[code] == 0 for code in told)
    outcome.doubled += sum(stored[code] > 1 for code in told)
    outcome.unsound += not is_whole(program, file)


def _send_again(outcome: Outcome, program: Program, sheets: Sequence[Sheet]) -> None:
    """Whatever happened to a sending, the same one once more must be taken as «received»."""
    sample = random.sample(list(sheets), min(len(sheets), 40))
    outcome.refused += sum(send(program.port, sheet).status != 200 for sheet in sample)


def power_cuts(runs: int, build: str = "wsgi", cuts_each: int = 20) -> Outcome:
    """RE-02: the disk as a power cut leaves it, at random moments of a loaded server; half of them with torn writes."""
    outcome = Outcome("RE-02", "power cut, unsynced writes undone or torn, SQLite")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal = folder / "journal"
        more = {
            "LD_PRELOAD": str(build_shim("journal", folder)),
            "JOURNAL": str(journal),
            "JOURNAL_OF": "survey.sqlite",
        }
        program = Program(folder / "data", build=build, more=more)
        program.folder.mkdir()
        codes = program.make_round(PERSONS)
        while outcome.runs < runs:
            before = _copy_of(program, folder / "before")
            begin = time.monotonic_ns()
            program.start()
            sheets = fill_sheets(program.port, codes)
            senders = Senders([program.port], sheets, CLIENTS)
            senders.start()
            time.sleep(random.uniform(0.5, 1.2))
            replies = senders.stop()
            program.kill()
            entries = [entry for entry in read_journal(journal) if entry.at > begin]
            first = min(reply.at for reply in replies)
            for _ in range(min(cuts_each, runs - outcome.runs)):
                moment = random.randint(first, max(reply.at for reply in replies))
                disk = folder / "disk"
                disk_after(entries, before, moment, torn=bool(outcome.runs % 2), target=disk)
                told = acknowledged([reply for reply in replies if reply.at <= moment])
                count_stored(outcome, program, told, disk / "survey.sqlite")
                shutil.rmtree(disk)
            journal.unlink()
            shutil.rmtree(before)
            forget_answers(program)
    return outcome


def _copy_of(program: Program, target: Path) -> Path:
    """The files of the database while the program is down."""
    target.mkdir()
    for path in program.folder.glob("survey.sqlite*"):
        if not path.name.endswith("-shm"):
            shutil.copy(path, target / path.name)
    return target


def database_failures(runs: int) -> Outcome:
    """RE-03: PostgreSQL killed (two of three runs) or restarted fast under load; the program stays up and recovers."""
    from .postgres import OwnPostgres

    outcome = Outcome("RE-03", "PostgreSQL killed or restarted under load")
    slowest = 0.0
    with tempfile.TemporaryDirectory() as name, OwnPostgres(Path(name) / "server") as server:
        program = Program(Path(name), server.address)
        codes = program.make_round(PERSONS)
        program.start()
        sheets = fill_sheets(program.port, codes)
        for number in range(runs):
            senders = Senders([program.port], sheets, CLIENTS, give_up=False)
            senders.start()
            time.sleep(random.uniform(0.1, 0.6))
            if number % 3 == 2:
                server.restart()
            else:
                server.kill_and_start()
            slowest = max(slowest, _seconds_until_back(program, sheets[-1]))
            replies = senders.join()
            outcome.refused += sum(
                reply.status not in (200, 503) or (reply.status == 503 and not reply.retry_after) for reply in replies
            )
            count_stored(outcome, program, acknowledged(replies))
            _send_again(outcome, program, [reply.sheet for reply in replies])
            forget_answers(program)
        program.kill()
    outcome.note = f"back after {slowest:.1f} s at most"
    outcome.unsound += slowest > 10
    return outcome


def _seconds_until_back(program: Program, sheet: Sheet) -> float:
    begin = time.monotonic()
    while send(program.port, sheet).status != 200 and time.monotonic() - begin < 30:
        time.sleep(0.1)
    return time.monotonic() - begin
