"""A round whose roster is locked: one leader and two citizens of one commune, two operators and an officer."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.access import Role
from survey_app.roster.lock_rules import lock_roster
from survey_app.roster.models import Person, UnitList
from survey_app.roster.rules import approve_list, receive_upload, submit_list
from survey_app.rounds.models import Round
from survey_app.users.models import User
from tests.make import make_user
from tests.roster.asked_round import LEADER, Asked, make_asked_round, make_citizen, make_file

CITIZEN = {
    "name": "Vàng Thị Mai",
    "birth": "1988",
    "gender": "Nữ",
    "ban": "Bản Xá Cọ",
    "phone": "0977000111",
    "procedure": "Chứng thực chữ ký",
    "receipt": "01/06/2021",
    "return": "02/06/2021",
}


@dataclass
class Locked:
    asked: Asked
    round: Round
    officer: User
    operator: User
    second: User  # another operator

    def list_of(self, session: Session, group: str) -> UnitList:
        found = session.scalars(select(UnitList).where(UnitList.round_id == self.round.id)).all()
        return next(one for one in found if one.group.code == group)

    def person(self, session: Session, name: str) -> Person:
        return session.scalars(select(Person).where(Person.name == name)).one()


def make_locked(session: Session) -> Locked:
    asked = make_asked_round(session)
    officer = make_user(session, Role.UNIT_OFFICER, asked.commune)
    operator = make_user(session, Role.OPERATOR, asked.district)
    second = make_user(session, Role.OPERATOR, asked.district)
    content = make_file([make_citizen(1), make_citizen(2)], [LEADER])
    upload = receive_upload(session, asked.round, asked.commune, content, "ds.xlsx", officer)
    for one in submit_list(session, upload, officer, declared=True):
        approve_list(session, one, operator)
    asked.round.blocks_over = False  # room for additions; one test forbids it
    lock_roster(session, asked.round, operator, "Xã Quài Nưa nộp chậm.")
    return Locked(asked, asked.round, officer, operator, second)
