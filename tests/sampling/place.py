"""A round in which one commune is asked for a few citizens and has many more."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from survey_app.access import Role
from survey_app.sampling.designs import Design, Method
from survey_app.sampling.models import SamplingFrame
from survey_app.sampling.rules import receive_frame
from survey_app.text import order_key, search_key
from survey_app.units.models import Ban
from survey_app.users.models import User
from tests.make import make_user
from tests.roster.asked_round import Asked, make_asked_round, make_citizen, make_file

BANS = ("Bản Xá Cọ", "Bản Cuông", "Bản Phung")
SYLLABLES = ("An", "Bình", "Chung", "Dũng", "Đại", "Hoa", "Kim", "Lan", "Minh", "Nga")
STRATIFIED = Design(method=Method.STRATIFIED, strata="ban", minimum=1)


def make_rows(count: int) -> list[list[object]]:
    """Faultless rows of persons that are all different, a third in each bản."""
    return [
        make_citizen(
            number,
            name=f"Lò {SYLLABLES[number // 100 % 10]} {SYLLABLES[number // 10 % 10]} {SYLLABLES[number % 10]}",
            birth=1950 + number % 50,
            gender="Nam" if number % 2 else "Nữ",
            ban=BANS[number % 3],
            phone=f"0912{number:06}",
        )
        for number in range(1, count + 1)
    ]


@dataclass
class Place:
    """The round, its people, and a frame if one was made."""

    asked: Asked
    operator: User
    officer: User
    frame: SamplingFrame | None = None


def make_place(session: Session, persons: int = 0, quota: int = 6) -> Place:
    """A round that asks the commune for `quota` citizens; with `persons`, a frame of so many."""
    asked = make_asked_round(session, citizens=quota)
    for number, name in enumerate(BANS[1:], 2):
        session.add(
            Ban(
                code=f"03289-0{number}", name=name, kind="ban", commune_code="03289", valid_from=date(2019, 12, 1),
                search_key=search_key(name), order_key=order_key(name),
            )
        )  # fmt: skip
    session.flush()
    operator = make_user(session, Role.OPERATOR, asked.district)
    place = Place(asked, operator, make_user(session, Role.UNIT_OFFICER, asked.commune))
    if persons:
        content = make_file(make_rows(persons))
        place.frame = receive_frame(
            session, asked.round, asked.commune, asked.citizens, content, "sổ một cửa.xlsx", operator
        )
    return place
