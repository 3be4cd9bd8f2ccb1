"""What was acknowledged stays and counts once: three runs of every bar, and its control, which has to be caught."""

import shutil

import pytest

from tests.bench import crashes, openings, races
from tests.bench.durability import BUILDS, DEV_SERVER
from tests.conftest import ENGINES

RUNS = 3

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
needs_sqlite = pytest.mark.skipif("sqlite" not in ENGINES, reason="SQLite is not among the engines of this run")


@pytest.fixture(params=ENGINES)
def address(request: pytest.FixtureRequest) -> str:
    """Address of a fresh database; empty: SQLite in the data folder."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres")())


def test_a_killed_server_loses_and_doubles_nothing(address: str) -> None:
    outcome = crashes.kills(RUNS, address, patience=60)  # seconds are for the bench: here other tests run too
    assert outcome.holds, outcome


@needs_sqlite
def test_control_acknowledging_before_the_commit_loses() -> None:
    assert crashes.kills(RUNS, build=f"{BUILDS}talks_first()").lost > 0


@needs_sqlite
@needs_compiler
def test_a_power_cut_loses_nothing_and_damages_nothing() -> None:
    assert crashes.power_cuts(RUNS * 4).holds


@needs_sqlite
@needs_compiler
def test_control_a_disk_that_is_not_waited_for_loses() -> None:
    assert crashes.power_cuts(RUNS * 4, build=f"{BUILDS}lazy_disk()").lost > 0


@pytest.mark.skipif("postgresql" not in ENGINES, reason="PostgreSQL is not among the engines of this run")
def test_a_killed_database_server_loses_nothing_and_is_said_politely() -> None:
    outcome = crashes.database_failures(RUNS)
    assert outcome.holds, outcome


def test_of_twenty_posts_of_one_code_one_is_taken(address: str) -> None:
    assert races.posts_at_once(RUNS, address, processes=2 if address else 1).holds


def test_control_without_the_condition_in_the_statement_all_are_taken(address: str) -> None:
    assert races.posts_at_once(RUNS, address, build=f"{BUILDS}stores_always()").doubled > 0


def test_after_any_cut_the_same_sending_succeeds_and_counts_once(address: str) -> None:
    outcome = races.cut_connections(RUNS * 5, address)
    assert outcome.holds, outcome


def test_control_a_server_that_forgets_submissions_turns_people_away(address: str) -> None:
    assert races.cut_connections(RUNS * 5, address, build=f"{BUILDS}forgets_submissions()").refused > 0


def test_the_same_submission_with_other_answers_is_refused(address: str) -> None:
    assert races.changed_answers(RUNS, address).holds


@needs_sqlite
@needs_compiler
def test_a_clock_that_jumps_loses_nothing_and_dates_hold_by_rule() -> None:
    outcome = openings.wrong_clock(RUNS)
    assert outcome.holds, outcome


@needs_sqlite
def test_half_open_connections_block_nobody() -> None:
    assert races.half_open(RUNS).holds


@needs_sqlite
def test_control_one_worker_at_a_time_is_blocked() -> None:
    assert races.half_open(1, DEV_SERVER).refused == 1


def test_a_killed_opening_leaves_all_envelopes_or_all_ballots(address: str) -> None:
    outcome = openings.killed_openings(RUNS, 400, address)
    assert outcome.holds, outcome


@needs_sqlite
def test_control_opening_in_portions_leaves_a_mixture() -> None:
    assert openings.killed_openings(RUNS, 400, build=f"{BUILDS}opens_in_portions()").unsound > 0


def test_nobody_is_told_received_when_the_commit_failed(address: str) -> None:
    outcome = openings.failing_commits(RUNS, address)
    assert outcome.holds, outcome


@needs_sqlite
def test_control_acknowledging_first_on_a_failing_disk_loses() -> None:
    assert openings.failing_commits(RUNS, build=f"{BUILDS}failing_commits_talks_first()").lost > 0
