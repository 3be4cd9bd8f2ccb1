"""Invented persons for demonstration and training rounds: the same seed gives the same persons.

No person, firm or telephone number was taken from anywhere; numbers only have the shape of Vietnamese mobile numbers.
"""

import csv
import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..roster.persons import PersonRow
from ..rounds.models import ListType, Round
from ..units.models import Ban, Unit

DATA = Path(__file__).parent / "data"
_FAMILIES = {
    "Thái": ("Lò", "Lường", "Quàng", "Tòng", "Cà", "Lèo", "Bạc", "Vì", "Điêu", "Cầm"),
    "Mông": ("Giàng", "Vừ", "Mùa", "Sùng", "Thào", "Hạng", "Ly", "Chá"),
    "Kinh": ("Nguyễn", "Trần", "Phạm", "Lê", "Đỗ", "Bùi", "Hoàng"),
}
_SHARES = ("Thái",) * 60 + ("Mông",) * 29 + ("Kinh",) * 11  # about as in the district
_GIVEN = {
    ("Thái", "Nam"): (
        "Văn Ín",
        "Văn Pâng",
        "Văn Chựa",
        "Văn Inh",
        "Văn Ngoan",
        "Thanh Phong",
        "Văn Hặc",
        "Văn Ún",
        "Văn Xôm",
    ),
    ("Thái", "Nữ"): ("Thị Chum", "Thị Lan", "Thị Lả", "Thị Hương", "Thị Ánh", "Thị Xuân", "Thị Kim Ngọc", "Thị Phượng"),
    ("Mông", "Nam"): ("A Sình", "A Trư", "Nỏ Dia", "Vả Sếnh", "A Dơ", "A Páo", "Giống Lử"),
    ("Mông", "Nữ"): ("Thị Dợ", "Thị Mỷ", "Thị Sua", "Thị Pàng", "Thị Chía", "Thị Dua"),
    ("Kinh", "Nam"): ("Văn Hùng", "Đức Thắng", "Quang Huy", "Minh Tuấn", "Xuân Trường"),
    ("Kinh", "Nữ"): ("Thị Thu Hà", "Bích Thủy", "Thị Hồng", "Thị Mai Anh", "Ngọc Diệp"),
}
_PHONE_STARTS = ("032", "034", "036", "038", "070", "077", "081", "083", "085", "094", "097", "098")
_JOB_TITLES = {
    "A": ("Trưởng phòng", "Phó Trưởng phòng"),
    "B": ("Chuyên viên",),
    "C": ("Chủ tịch UBND", "Phó Chủ tịch UBND", "Phó Chủ tịch UBND"),
    "D": ("Đại biểu HĐND huyện",),
    "G": ("Hiệu trưởng", "Phó Hiệu trưởng", "Phó Hiệu trưởng"),
}
_BUSINESSES = ("Hợp tác xã Nông nghiệp", "Hợp tác xã Dịch vụ", "Công ty TNHH Xây dựng", "Công ty TNHH Thương mại")


def person_maker(session: Session, survey_round: Round, seed: int) -> "PersonMaker":
    """A maker of persons who live in the bản valid on the day of the round."""
    with (DATA / "procedures.csv").open(encoding="utf-8") as file:
        procedures = [row["title"] for row in csv.DictReader(file)]
    day = survey_round.as_of
    bans = [
        ban for ban in session.scalars(select(Ban).order_by(Ban.code)) if ban.valid_to is None or ban.valid_to >= day
    ]
    return PersonMaker(survey_round, bans, procedures, seed)


class PersonMaker:
    """Makes persons that differ from one another in name and number."""

    def __init__(self, survey_round: Round, bans: Sequence[Ban], procedures: Sequence[str], seed: int) -> None:
        self._round, self._procedures = survey_round, procedures
        self._chance = random.Random(seed)
        self._bans: dict[str, list[Ban]] = {}
        for ban in bans:
            self._bans.setdefault(ban.commune_code, []).append(ban)
        self._phones: set[str] = set()
        self._names: set[tuple[str, int]] = set()

    def make(self, group_code: str, list_type: str, unit: Unit, position: int) -> PersonRow:
        """One person as a checked row of the unit's list."""
        facts = self._who(birth_years=(1950, 2002) if list_type == ListType.CITIZENS else (1963, 1995))
        if list_type == ListType.CITIZENS:
            facts |= self._citizen(unit) | self._procedure()
        elif list_type == ListType.BUSINESS:
            facts |= self._business(position) | self._procedure()
        else:
            titles = _JOB_TITLES.get(group_code, ("Chuyên viên",))
            facts |= {"position": titles[min(position, len(titles)) - 1], "workplace": unit.name}
        return PersonRow(sheet=None, row=position, group=group_code, **facts)

    def _who(self, birth_years: tuple[int, int]) -> dict[str, Any]:
        chance = self._chance
        while True:
            ethnicity, gender = chance.choice(_SHARES), chance.choice(("Nam", "Nữ"))
            name = f"{chance.choice(_FAMILIES[ethnicity])} {chance.choice(_GIVEN[ethnicity, gender])}"
            birth_year = chance.randint(*birth_years)
            if (name, birth_year) not in self._names:
                self._names.add((name, birth_year))
                return {
                    "name": name,
                    "birth_year": birth_year,
                    "gender": gender,
                    "ethnic": ethnicity,
                    "phone": self._phone(),
                }

    def _phone(self) -> str:
        while True:
            phone = self._chance.choice(_PHONE_STARTS) + f"{self._chance.randrange(10**7):07}"
            if phone not in self._phones:
                self._phones.add(phone)
                return phone

    def _citizen(self, unit: Unit) -> dict[str, Any]:
        # The district's own desk serves people of every commune.
        if not self._bans:
            return {}
        commune = unit.code if unit.code in self._bans else self._chance.choice(sorted(self._bans))
        ban = self._chance.choice(self._bans[commune])
        return {"ban": ban.name, "ban_code": ban.code, "commune_code": commune}

    def _business(self, position: int) -> dict[str, Any]:
        place = self._chance.choice(self._bans[self._chance.choice(sorted(self._bans))]).name if self._bans else "Mẫu"
        return {
            "position": "Giám đốc",
            "business": f"{self._chance.choice(_BUSINESSES)} {place.split(' ', 1)[-1]} {position}",
            "tax_code": f"5600{self._chance.randrange(10**6):06}",
        }

    def _procedure(self) -> dict[str, Any]:
        period_from, period_to = (
            self._round.period_from or date(2021, 1, 1),
            self._round.period_to or date(2021, 11, 30),
        )
        returned = period_to - timedelta(days=self._chance.randrange((period_to - period_from).days - 20))
        return {
            "procedure": self._chance.choice(self._procedures),
            "receipt_date": returned - timedelta(days=self._chance.randrange(15)),
            "return_date": returned,
        }
