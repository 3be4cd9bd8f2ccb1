"""Any order of requests and decisions by several people leaves an unbroken chain of true versions."""

import hashlib
import json
from contextlib import ExitStack

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from survey_app.access_codes import pages, rules  # noqa: F401 - registers what follows from a change
from survey_app.access_codes.models import AccessCode, Invitation, InvitationState
from survey_app.audit import AuditEntry
from survey_app.errors import Conflict, Invalid, Missing, Refused
from survey_app.roster.models import ChangeKind, ChangeRequest, ChangeState, Person, RosterVersion
from survey_app.roster.queries import catalogue_of
from survey_app.roster.typed_lists import texts_of
from survey_app.roster_changes import rules as changes
from survey_app.rounds.models import Cell
from tests.roster_changes.locked_round import CITIZEN, make_locked

REFUSALS = (Conflict, Invalid, Missing, Refused)


class Changes(RuleBasedStateMachine):
    database = None  # given by the test

    def __init__(self) -> None:
        super().__init__()
        self.undo = ExitStack()
        self.session = self.undo.enter_context(self.database.writing())
        self.locked = make_locked(self.session)
        self.people = [self.locked.officer, self.locked.operator, self.locked.second]
        self.added = 0

    @initialize(invited=st.booleans())
    def invite(self, invited: bool) -> None:
        if invited:
            rules.build_cells(self.session, self.locked.round, self.locked.operator, accept_small=True)

    def _try(self, act) -> None:
        try:
            with self.session.begin_nested():
                act()
        except REFUSALS:
            self.session.expire_all()

    @rule(kind=st.sampled_from(ChangeKind), who=st.integers(0, 2), at=st.integers(0, 9), group=st.sampled_from("CE"))
    def propose(self, kind, who, at, group) -> None:
        unit_list = self.locked.list_of(self.session, group)
        person = unit_list.persons[at % len(unit_list.persons)] if unit_list.persons else None
        self.added += 1
        texts = CITIZEN | {"phone": f"09{self.added:08}", "name": f"Lò Văn {chr(65 + self.added % 26)}"}
        if kind == ChangeKind.CORRECT and person is not None:
            kept = texts_of(person, catalogue_of(self.session, self.locked.round))
            texts = {name: text for name, text in kept.items() if text} | {"phone": f"09{self.added:08}"}
        about = None if kind == ChangeKind.ADD else person
        self._try(lambda: changes.propose(self.session, unit_list, kind, self.people[who], "Lý do.", about, texts))

    def _some(self, at: int) -> list[ChangeRequest]:
        found = self.session.scalars(select(ChangeRequest).order_by(ChangeRequest.id)).all()
        return [one for number, one in enumerate(found) if at >> (number % 8) & 1]

    @rule(at=st.integers(1, 255), who=st.integers(1, 2))
    def approve(self, at, who) -> None:
        self._try(lambda: changes.approve(self.session, self.locked.round, self._some(at), self.people[who]))

    @rule(at=st.integers(1, 255), who=st.integers(1, 2))
    def refuse(self, at, who) -> None:
        for one in self._some(at)[:1]:
            self._try(lambda one=one: changes.refuse(self.session, one, self.people[who], "Không đủ giấy tờ."))

    @rule(at=st.integers(1, 255), who=st.integers(0, 2))
    def withdraw(self, at, who) -> None:
        for one in self._some(at)[:1]:
            self._try(lambda one=one: changes.withdraw(self.session, one, self.people[who]))

    @rule(at=st.integers(0, 9))
    def somebody_answers(self, at) -> None:
        found = self.session.scalars(select(Invitation).where(Invitation.state == InvitationState.UNUSED)).all()
        if found:
            found[at % len(found)].state = InvitationState.RECEIVED
            self.session.flush()

    @invariant()
    def versions_are_true_and_follow_each_other(self) -> None:
        self.session.expire_all()
        found = self.session.scalars(select(RosterVersion).order_by(RosterVersion.number)).all()
        assert [one.number for one in found] == list(range(1, len(found) + 1))
        for one in found:
            assert one.sha256 == hashlib.sha256(one.content).hexdigest()
            listed = json.loads(one.content)["persons"]
            assert one.persons == len(listed) == sum(sum(groups.values()) for groups in one.counts.values())
        now_on = select(Person.id).where(Person.left_in_version.is_(None))
        assert {one["id"] for one in listed} == set(self.session.scalars(now_on))

    @invariant()
    def every_approval_was_by_another_and_is_in_a_version(self) -> None:
        for one in self.session.scalars(select(ChangeRequest)):
            assert one.decided_by_id != one.author_id
            assert (one.state == ChangeState.APPROVED) == (one.version_id is not None)

    @invariant()
    def who_is_on_the_roster_is_invited_and_who_left_has_no_living_code(self) -> None:
        rows = self.session.execute(select(Person.left_in_version, Invitation).join(Invitation)).all()
        if not rows and self.session.scalar(select(Cell.id).limit(1)) is None:
            return
        on = [one for left, one in rows if left is None]
        assert all(one.state != InvitationState.REPLACED for one in on)
        assert len(on) == len(self.session.scalars(select(Person.id).where(Person.left_in_version.is_(None))).all())
        gone = [one.id for left, one in rows if left is not None and one.state != InvitationState.RECEIVED]
        assert not self.session.scalar(
            select(AccessCode.code_hash).where(AccessCode.invitation_id.in_(gone), ~AccessCode.void).limit(1)
        )
        counted = sum(one.state != InvitationState.REPLACED for _left, one in rows)
        assert sum(self.session.scalars(select(Cell.invited))) == counted

    def teardown(self) -> None:
        self.session.rollback()
        self.undo.close()


def test_any_order_of_requests_and_decisions_keeps_the_versions_true(database) -> None:
    Changes.database = database
    run_state_machine_as_test(
        Changes,
        settings=settings(
            max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    with database.reading() as session:
        assert session.scalar(select(AuditEntry.id)) is None  # each example was rolled back
