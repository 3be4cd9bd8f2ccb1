"""The life of a list as a state machine: any order of acts, and any two at the same moment, against a plain model."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import permutations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from survey_app.access import Role
from survey_app.audit import AuditEntry, first_broken_entry
from survey_app.db import Database, now
from survey_app.errors import SurveyError
from survey_app.roster.head_rules import pass_on, send_to_officer
from survey_app.roster.lock_rules import lock_roster, readiness
from survey_app.roster.models import ListEvent, ListState, Person, RosterVersion, UnitList
from survey_app.roster.queries import WITH_THE_OFFICE, cards
from survey_app.roster.row_comments import write_comments
from survey_app.roster.rules import approve_list, receive_upload, return_list, submit_list
from survey_app.rounds.models import ListType, Round
from survey_app.units.models import Unit
from survey_app.users.models import User
from tests.make import make_district, make_group, make_quota, make_round, make_unit, make_user
from tests.roster.asked_round import LEADER_HEADER, make_file

TARGET = 2
MOST_PERSONS = 4
FILES = {
    count: make_file(
        [],
        [[n, f"Cà Thị {'ABCD'[n]}", 1970 + n, "Nữ", "Chủ tịch UBND", f"098765432{n}"] for n in range(count)],
        LEADER_HEADER,
    )
    for count in range(1, MOST_PERSONS + 1)
}


@dataclass(frozen=True)
class Model:
    """What the list must be."""

    head_confirms: bool
    least: int
    most: int
    blocks: bool
    state: ListState = ListState.NONE
    persons: int = 0
    locked: bool = False


def after(model: Model, act: str) -> Model | None:
    """The model after an act; None when the act must be refused."""
    if model.locked:
        return None
    name, _dash, count = act.partition(" ")
    state = model.state
    if name == "submit":
        fits = model.least <= int(count) <= model.most or not model.blocks
        if state not in (ListState.NONE, ListState.DRAFT, ListState.RETURNED) or not fits:
            return None
        reached = ListState.AWAITING_HEAD if model.head_confirms else ListState.SUBMITTED
        return replace(model, state=reached, persons=int(count))
    if name == "comment":
        return model if state in (ListState.SUBMITTED, ListState.APPROVED) else None
    if name == "lock":
        return replace(model, state=ListState.LOCKED, locked=True) if state == ListState.APPROVED else None
    steps = {
        ("confirm", ListState.AWAITING_HEAD): ListState.SUBMITTED,
        ("back", ListState.AWAITING_HEAD): ListState.DRAFT,
        ("approve", ListState.SUBMITTED): ListState.APPROVED,
        ("return", ListState.SUBMITTED): ListState.RETURNED,
        ("return", ListState.APPROVED): ListState.RETURNED,
    }
    return replace(model, state=steps[name, state]) if (name, state) in steps else None


ACTS = [*(f"submit {count}" for count in FILES), "confirm", "back", "approve", "return", "lock", "comment"]


def machine_on(database: Database, races: bool) -> type[RuleBasedStateMachine]:
    """The machine on one database; with `races`, two acts at a time."""
    with database.writing() as session:
        district = make_district(session)
        unit = make_unit(session, "Xã Quài Cang", district)
        people = {
            role: make_user(session, role, unit if role != Role.OPERATOR else district).id
            for role in (Role.UNIT_OFFICER, Role.UNIT_HEAD, Role.OPERATOR)
        }

    class Workflow(RuleBasedStateMachine):
        model: Model
        round_id: int
        events = 0

        @initialize(head=st.booleans(), blocks=st.booleans(), least=st.integers(0, 2), more=st.integers(0, 2))
        def begin(self, head: bool, blocks: bool, least: int, more: int) -> None:
            self.model = Model(head, least, TARGET + more, blocks)
            with database.writing() as session:
                survey_round = make_round(session, session.get_one(Unit, district.id), lists_started_at=now())
                survey_round.head_confirms = head
                survey_round.blocks_short = survey_round.blocks_over = blocks
                quota = make_quota(session, make_group(session, survey_round, "C", ListType.OFFICIALS), unit, TARGET)
                quota.minimum, quota.maximum = least, TARGET + more
                self.round_id = survey_round.id

        def attempt(self, act: str) -> bool:
            """Do the act in a transaction of its own; whether it was done."""
            try:
                with database.writing() as session:
                    self._do(session, act)
            except (SurveyError, StaleDataError):
                return False
            return True

        def _do(self, session: Session, act: str) -> None:
            name, _dash, count = act.partition(" ")
            users = {role: session.get_one(User, user_id) for role, user_id in people.items()}
            survey_round = session.get_one(Round, self.round_id)
            worker, office = users[Role.UNIT_OFFICER], users[Role.OPERATOR]
            if name == "submit":
                commune = session.get_one(Unit, unit.id)
                upload = receive_upload(session, survey_round, commune, FILES[int(count)], "ds.xlsx", worker)
                submit_list(session, upload, worker, declared=True, short_reason="Xã nhỏ.")
                return
            if name == "lock":
                lock_roster(session, survey_round, office, "thử")
                return
            unit_list = session.scalar(select(UnitList).where(UnitList.round_id == self.round_id))
            if unit_list is None:
                raise SurveyError("no list yet")
            acts: dict[str, Callable[[], object]] = {
                "confirm": lambda: pass_on(session, unit_list, users[Role.UNIT_HEAD], declared=True),
                "back": lambda: send_to_officer(session, unit_list, users[Role.UNIT_HEAD], "sửa"),
                "approve": lambda: approve_list(session, unit_list, office),
                "return": lambda: return_list(session, unit_list, office, "sửa"),
                "comment": lambda: write_comments(session, unit_list, {1: "xem lại"}, office),
            }
            acts[name]()

        def _take(self, done: list[str]) -> None:
            """The model after the acts that were done, in an order in which all of them were allowed."""
            found: list[Model] = []
            for order in permutations(done):
                model: Model | None = self.model
                for act in order:
                    model = after(model, act) if model else None
                if model:
                    found.append(model)
            assert found, f"{done} cannot both have been done from {self.model}"
            state = self._state()
            assert state in {model.state for model in found}
            self.model = next(model for model in found if model.state == state)
            self.events += sum(not act.startswith("comment") for act in done)

        def _state(self) -> ListState:
            with database.reading() as session:
                stored = session.scalar(select(UnitList.state).where(UnitList.round_id == self.round_id))
            return ListState(stored or ListState.NONE)

        @rule(act=st.sampled_from(ACTS))
        def one(self, act: str) -> None:
            done = self.attempt(act)
            assert done == (after(self.model, act) is not None), (act, self.model)
            if done:
                self._take([act])

        @invariant()
        def counts_agree(self) -> None:
            if not hasattr(self, "round_id"):
                return
            with database.reading() as session:
                survey_round = session.get_one(Round, self.round_id)
                (card,) = cards(session, survey_round)
                persons = session.scalar(
                    select(func.count()).select_from(Person).join(UnitList).where(UnitList.round_id == self.round_id)
                )
                model = self.model
                assert (card.state, card.persons, persons) == (model.state, model.persons, model.persons)
                assert card.handed_in == (model.persons if model.state in WITH_THE_OFFICE else 0)
                ready = readiness(session, survey_round)
                counted = (ListState.APPROVED, ListState.LOCKED)
                assert ready.persons == (model.persons if model.state in counted else 0)
                assert (ready.approved, ready.waiting, ready.absent) == (
                    int(model.state in counted),
                    int(model.state == ListState.SUBMITTED),
                    int(model.state not in WITH_THE_OFFICE),
                )
                events = select(func.count()).select_from(ListEvent).join(UnitList)
                assert session.scalar(events.where(UnitList.round_id == self.round_id)) == self.events
                versions = select(RosterVersion.persons).where(RosterVersion.round_id == self.round_id)
                assert session.scalars(versions).all() == ([model.persons] if model.locked else [])
                assert (survey_round.roster_locked_at is not None) == model.locked

    if not races:
        return Workflow

    class Racing(Workflow):
        @rule(acts=st.lists(st.sampled_from(ACTS), min_size=2, max_size=2))
        def two_at_once(self, acts: list[str]) -> None:
            start, faults = threading.Barrier(2), []
            done: list[str] = []

            def run(act: str) -> None:
                start.wait()
                try:
                    if self.attempt(act):
                        done.append(act)
                except Exception as fault:
                    faults.append(fault)

            threads = [threading.Thread(target=run, args=(act,)) for act in acts]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert faults == []
            if done:
                self._take(done)
            else:
                assert all(after(self.model, act) is None for act in acts), (acts, self.model)

    return Racing


def check(database: Database, races: bool, examples: int) -> None:
    run_state_machine_as_test(
        machine_on(database, races),
        settings=settings(
            max_examples=examples,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    with database.reading() as session:
        assert first_broken_entry(session.scalars(select(AuditEntry).order_by(AuditEntry.id))) is None


def test_any_order_of_acts_is_done_or_refused_as_the_model_says(database):
    check(database, races=False, examples=25)


def test_of_two_acts_at_one_moment_none_is_lost_and_no_state_is_illegal(database):
    check(database, races=True, examples=25)
