"""A round that asks one commune for leaders (C) and citizens (E), and files to upload."""

import io
from dataclasses import dataclass
from datetime import date

import openpyxl
from sqlalchemy.orm import Session

from survey_app.db import now
from survey_app.rounds.models import ListType, RespondentGroup, Round
from survey_app.text import order_key, search_key
from survey_app.units.models import Ban, Unit, UnitKind
from tests.make import make_group, make_quota, make_round, make_unit

CITIZEN_HEADER = [
    "TT",
    "Họ và tên",
    "Năm sinh",
    "Giới tính",
    "Bản/khối",
    "Số điện thoại",
    "TTHC",
    "Ngày nhận",
    "Ngày trả",
]
LEADER_HEADER = ["TT", "Họ và tên", "Năm sinh", "Giới tính", "Chức vụ", "Số điện thoại"]


@dataclass
class Asked:
    """The round with its district and two communes."""

    round: Round
    district: Unit
    commune: Unit
    other: Unit
    leaders: RespondentGroup
    citizens: RespondentGroup


def make_asked_round(session: Session, citizens: int = 2) -> Asked:
    """One commune is asked for one leader and `citizens` citizens, another for citizens only."""
    province = make_unit(session, "Tỉnh Điện Biên", kind=UnitKind.PROVINCE, code="11")
    district = make_unit(session, "Huyện Tuần Giáo", province, UnitKind.DISTRICT, code="099")
    commune = make_unit(session, "Xã Quài Cang", district, code="03289")
    other = make_unit(session, "Xã Quài Nưa", district, code="03274")
    for code, commune_code in (("03289-01", "03289"), ("03274-01", "03274")):
        session.add(
            Ban(
                code=code, name="Bản Xá Cọ", kind="ban", commune_code=commune_code, valid_from=date(2019, 12, 1),
                search_key=search_key("Bản Xá Cọ"), order_key=order_key("Bản Xá Cọ"),
            )
        )  # fmt: skip
    survey_round = make_round(session, district, code="tg-2021", lists_started_at=now())
    leaders = make_group(session, survey_round, "C", ListType.OFFICIALS, name="Lãnh đạo UBND cấp xã")
    people = make_group(session, survey_round, "E")
    make_quota(session, leaders, commune, 1)
    make_quota(session, people, commune, citizens)
    make_quota(session, people, other, citizens)
    return Asked(survey_round, district, commune, other, leaders, people)


def make_citizen(number: int = 1, **cells: object) -> list[object]:
    """A faultless row; name a field to replace its cell."""
    row = {
        "order": number,
        "name": f"Lò Văn {['Anh', 'Bình', 'Chung', 'Dũng', 'Đại'][number % 5]}",
        "birth": 1970 + number,
        "gender": "Nam",
        "ban": "Bản Xá Cọ",
        "phone": f"091234567{number}",
        "procedure": "Đăng ký khai sinh",
        "receipt": "05/03/2021",
        "return": "06/03/2021",
    }
    return list((row | cells).values())


def make_file(
    citizens: list[list[object]],
    leaders: list[list[object]] | None = None,
    leader_header: list[str] | None = None,
) -> bytes:
    """An .xlsx as a commune sends it: a sheet of citizens, and one of leaders if given."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Người dân"
    for row in [["DANH SÁCH ĐỐI TƯỢNG ĐIỀU TRA XÃ HỘI HỌC"], [], CITIZEN_HEADER, *citizens]:
        sheet.append(row)
    if leaders is not None:
        second = book.create_sheet("Lãnh đạo xã")
        for row in [leader_header or LEADER_HEADER, *leaders]:
            second.append(row)
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


LEADER = [1, "Cà Thị Hoa", 1975, "Nữ", "Chủ tịch UBND", "0987654321"]
