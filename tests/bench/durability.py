"""`./run bench durability`: every bar of durability with its control, as one table.

`./run bench durability 20` makes that many runs of each; without a number as many as the bars ask for.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from . import crashes, openings, races
from .outcome import Outcome, table
from .postgres import OwnPostgres

BUILDS = "tests.naive_builds:"
DEV_SERVER = ("run", "--without-threads", "--port", "{port}")


def on_sqlite(runs: int | None) -> list[tuple[Callable[[], Outcome], bool]]:
    """The bars on SQLite; `runs` None: as many as security.md 6.3 asks for. Controls need few."""
    few = min(runs or 5, 5)

    def times(wanted: int) -> int:
        return runs or wanted

    return [
        (lambda: crashes.kills(times(200)), False),
        (lambda: crashes.kills(few, build=f"{BUILDS}talks_first()"), True),
        (lambda: crashes.power_cuts(times(100)), False),
        (lambda: crashes.power_cuts(max(few, 10), build=f"{BUILDS}lazy_disk()"), True),
        (lambda: races.posts_at_once(times(1000)), False),
        (lambda: races.posts_at_once(few, build=f"{BUILDS}stores_always()"), True),
        (lambda: races.cut_connections(times(1000)), False),
        (lambda: races.cut_connections(4 * few, build=f"{BUILDS}forgets_submissions()"), True),
        (lambda: races.changed_answers(times(100)), False),
        (lambda: openings.wrong_clock(times(20)), False),
        (lambda: races.half_open(times(10)), False),
        (lambda: races.half_open(1, DEV_SERVER), True),
        (lambda: openings.killed_openings(times(50), 20_000 if runs is None else 400), False),
        (lambda: openings.killed_openings(few, 400, build=f"{BUILDS}opens_in_portions()"), True),
        (lambda: openings.failing_commits(times(20)), False),
        (lambda: openings.failing_commits(few, build=f"{BUILDS}failing_commits_talks_first()"), True),
    ]


def on_postgres(runs: int | None, new_address: Callable[[], str]) -> list[tuple[Callable[[], Outcome], bool]]:
    """The bars on PostgreSQL, each on a database of its own; two processes where that is what matters."""

    def times(wanted: int) -> int:
        return runs or wanted

    return [
        (lambda: crashes.kills(times(100), new_address()), False),
        (lambda: crashes.database_failures(times(70)), False),
        (lambda: races.posts_at_once(times(1000), new_address(), processes=2), False),
        (lambda: races.cut_connections(times(1000), new_address()), False),
        (lambda: races.changed_answers(times(100), new_address()), False),
        (lambda: openings.killed_openings(times(50), 20_000 if runs is None else 400, new_address()), False),
        (lambda: openings.failing_commits(times(20), new_address()), False),
    ]


def durability(runs: int | None = None) -> None:
    """Runs all bars and prints each line as it comes, then the whole table."""
    outcomes: list[tuple[Outcome, bool]] = []
    with tempfile.TemporaryDirectory() as name, OwnPostgres(Path(name) / "server") as server:
        for run, control in [*on_sqlite(runs), *on_postgres(runs, server.new_database)]:
            outcomes.append((run(), control))
            print(table(outcomes[-1:]).splitlines()[-1], flush=True)
    print()
    print(table(outcomes))
