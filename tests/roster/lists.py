"""Small lists for tests: rows of cells in, a workbook or a reading out."""

from datetime import date

from survey_app.roster.catalogue import BanEntry, Catalogue, UnitEntry, exactly
from survey_app.roster.checks import ListReading, Sender, read_list
from survey_app.roster.persons import Terms
from survey_app.workbook import Cell, Sheet, Workbook

TERMS = Terms(date(2021, 1, 1), date(2021, 11, 30), date(2021, 12, 1))
START, END = date(2020, 1, 1), date(2025, 6, 30)


def make_catalogue() -> Catalogue:
    """Huyện Tuần Giáo with one commune, two offices (one ended) and three bản (one ended)."""
    units = [
        UnitEntry("11", "Tỉnh Điện Biên", "tinh", None, START, None),
        UnitEntry("099", "Huyện Tuần Giáo", "huyen", "11", START, END),
        UnitEntry("03289", "Xã Quài Cang", "xa", "099", START, END),
        UnitEntry("TG-NV", "Phòng Nội vụ", "phong", "099", START, END, None, ("Phòng NV",)),
        UnitEntry("TG-YT", "Phòng Y tế", "phong", "099", date(2015, 1, 1), date(2020, 6, 30), "TG-NV"),
    ]
    bans = [
        BanEntry("03289-01", "Bản Xá Cọ", "03289", START, None),
        BanEntry("03289-02", "Khối Phố Mới", "03289", START, None),
        BanEntry("03289-90", "Bản Kéo Mu", "03289", date(2004, 1, 1), date(2019, 11, 30), "03289-01"),
    ]
    quotas = {
        key: exactly(n)
        for key, n in {("03289", "E"): 2, ("03289", "C"): 1, ("TG-NV", "A"): 1, ("TG-NV", "B"): 1}.items()
    }
    return Catalogue(units, bans, quotas, [], TERMS.age_on)


CITIZEN_HEADER: list[Cell] = [
    "TT", "Họ và tên", "Năm sinh", "Giới tính", "Bản/khối", "Số điện thoại", "TTHC", "Ngày tiếp nhận",
    "Ngày trả kết quả",
]  # fmt: skip


def make_citizen(number: int = 1, **cells: Cell) -> list[Cell]:
    """A faultless row of the citizens' list; name a field to replace its cell."""
    row: dict[str, Cell] = {
        "order": number,
        "name": f"Lò Văn {chr(64 + number)}nh",
        "birth": 1970 + number,
        "gender": "Nam",
        "ban": "Bản Xá Cọ",
        "phone": f"091234567{number}",
        "procedure": "Đăng ký khai sinh",
        "receipt": "05/03/2021",
        "return": "06/03/2021",
    }
    return list((row | cells).values())


def make_reading(
    rows: list[list[Cell]], groups: str = "E", unit: str = "03289", sheet: str | None = "Sheet1", list_type: str = ""
) -> ListReading:
    """A list of one sheet, read and checked."""
    return read_workbook_of([Sheet(sheet, rows)], groups, unit, list_type)


def read_workbook_of(sheets: list[Sheet], groups: str, unit: str = "03289", list_type: str = "") -> ListReading:
    """A list of several sheets, read and checked."""
    sender = Sender(unit, tuple(groups), list_type)
    return read_list(Workbook(sheets, "xlsx"), "list.xlsx", sender, make_catalogue(), TERMS)


def kinds(reading: ListReading) -> list[str]:
    """The kinds of the faults found, sorted; quotas apart."""
    return sorted(problem.kind for problem in reading.problems if not problem.kind.startswith("quota"))
