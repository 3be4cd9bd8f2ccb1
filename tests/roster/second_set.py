"""Lists that nobody has seen before, made together with their truth from a seed.

Knows only the description of the first set (vocabulary of faults, what a row, a column and a person are) and the
catalogue as CSV files; nothing here asks the program under test what it thinks.
"""

import csv
import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from .raw_files import Fault, Formula, Page, RawCell, Rich, csv_bytes, html_page, letter, ods, tcvn3, vni, xls, xlsx

ROUND_DAY = date(2021, 12, 1)
PERIOD = date(2021, 1, 1), date(2021, 11, 30)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1258", "TCVN3", "VNI")
OLD_FONTS = ("windows-1258", "TCVN3", "VNI")

_FAMILY = [
    "Lò",
    "Quàng",
    "Cà",
    "Tòng",
    "Lường",
    "Bạc",
    "Giàng",
    "Vừ",
    "Sùng",
    "Hoàng",
    "Nguyễn",
    "Trần",
    "Phạm",
    "Lê",
    "Đặng",
    "Bùi",
    "Mùa",
    "Thào",
]
_MIDDLE = {"Nam": ["Văn", "Đình", "Hữu", "A", "Quang", "Xuân"], "Nữ": ["Thị", "Thị Thu", "Thị Hồng", "Thị Ngọc"]}
_GIVEN = [
    "Hạnh",
    "Thủy",
    "Hòa",
    "Hoà",
    "Dũng",
    "Phương",
    "Khuyên",
    "Đức",
    "Lợi",
    "Bình",
    "Nghĩa",
    "Xương",
    "Chựa",
    "Dế",
    "Páo",
    "Hặc",
    "Thưởng",
    "Mẩy",
    "Vượng",
    "Quý",
]
_JOBS = {
    "A": ["Trưởng phòng", "Phó Trưởng phòng", "Phó Trưởng phòng phụ trách"],
    "B": ["Chuyên viên", "Chuyên viên chính", "Cán sự", "Kế toán viên"],
    "C": ["Chủ tịch UBND xã", "Phó Chủ tịch UBND xã"],
}
_LABELS: dict[str, list[str]] = {
    "order": ["STT", "TT", "Số TT", "Stt"],
    "name": ["Họ và tên", "HỌ VÀ TÊN", "Họ tên", "Họ, chữ đệm và tên", "Họ và tên (chữ in hoa)"],
    "birth": ["Năm sinh", "Ngày, tháng, năm sinh", "Ngày sinh", "NĂM SINH", "Sinh năm"],
    "gender": ["Giới tính", "Nam/Nữ", "Giới tính (Nam/Nữ)", "GT"],
    "position": ["Chức vụ", "Chức danh", "Chức vụ, chức danh", "Chức vụ/Chức danh"],
    "unit": ["Đơn vị công tác", "Nơi công tác", "Cơ quan, đơn vị"],
    "phone": ["Số điện thoại", "SĐT", "Điện thoại di động", "Số ĐT liên hệ", "Điện thoại\nliên hệ"],
    "ban": ["Bản", "Thôn, bản", "Bản/khối phố", "Nơi cư trú (bản, khối)", "Bản/khối"],
    "procedure": ["Thủ tục hành chính", "TTHC", "Tên thủ tục hành chính", "Nội dung giải quyết"],
    "receipt": ["Ngày tiếp nhận", "Ngày nộp hồ sơ", "Ngày nhận hồ sơ"],
    "return": ["Ngày trả kết quả", "Ngày trả KQ", "Ngày nhận kết quả"],
    "group": ["Nhóm", "Nhóm đối tượng", "Đối tượng"],
    "business": ["Tên doanh nghiệp/HTX", "Tên doanh nghiệp", "Doanh nghiệp, hợp tác xã"],
    "representative": ["Người đại diện", "Họ tên người đại diện"],
    "tax_code": ["Mã số thuế", "MST"],
    "note": ["Ghi chú"],
    "sign": ["Ký nhận"],
    "idno": ["Số CCCD"],
}
_USUAL = {
    "name": "Họ và tên", "birth": "Năm sinh", "gender": "Giới tính", "position": "Chức vụ", "phone": "Số điện thoại",
    "ban": "Bản/khối", "procedure": "Thủ tục hành chính", "receipt": "Ngày tiếp nhận", "return": "Ngày trả kết quả",
}  # fmt: skip
_REQUIRED = {
    "officials": ["name", "birth", "gender", "position", "phone"],
    "citizens": ["name", "birth", "gender", "ban", "phone", "procedure", "receipt", "return"],
    "business": ["business", "representative", "phone", "procedure", "return"],
}


@dataclass
class MadeList:
    """A file with what must be found in it; persons and faults have the shape of `truth.json`."""

    file: str
    content: bytes
    unit: str
    groups: str
    list_type: str
    persons: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    traits: list[str] = field(default_factory=list)

    @property
    def is_csv(self) -> bool:
        return self.file.endswith(".csv")


@dataclass
class _Row:
    """One person: the cells as written, the truth, and the faults (field, kind, details)."""

    group: str
    cells: dict[str, RawCell]
    truth: dict[str, Any]
    faults: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)


@dataclass
class _Shape:
    """How one file looks."""

    form: str  # xlsx, xls, ods, html or csv
    encoding: str = "utf-8"
    real_days: bool = True
    plain: bool = False  # old fonts: only letters that they have, no signs without width


class Maker:
    """Makes the lists of one seed; names and numbers never repeat unless a fault wants it."""

    def __init__(self, samples: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.bans = list(_table(samples, "ban-tuan-giao-2021.csv"))
        quotas = _table(samples, "quota-tuan-giao-2021.csv")
        self.quotas = {(one["unit_code"], one["group"]): int(one["quota"]) for one in quotas}
        self.used: set[str] = set()
        self.numbers = iter(self.chance.sample(range(10_000_000), 5000))

    # -- one person ---------------------------------------------------------------------------------------------

    def name(self, gender: str, plain: bool) -> str:
        """A name that, folded, has not been used yet."""
        while True:
            words = [self.chance.choice(_FAMILY), self.chance.choice(_MIDDLE[gender]), self.chance.choice(_GIVEN)]
            if self.chance.random() < 0.6:
                words.insert(2, self.chance.choice(_GIVEN))
            name = " ".join(words)
            if _folded(name) not in self.used and not (plain and any(_tcvn3_lacks(word[0]) for word in words)):
                self.used.add(_folded(name))
                return name

    def phone(self) -> str:
        return self.chance.choice(["03", "05", "07", "08", "09"]) + f"{next(self.numbers):08d}"

    def day(self, start: date = date(2021, 1, 15), days: int = 300) -> date:
        return start + timedelta(days=self.chance.randrange(days))

    def row(self, group: str, unit: str, shape: _Shape) -> _Row:
        gender = self.chance.choice(["Nam", "Nữ"])
        name, phone = self.name(gender, shape.plain), self.phone()
        truth: dict[str, Any] = {"group": group, "name": name, "gender": gender, "phone": phone}
        cells: dict[str, RawCell] = {
            "name": self.write_name(name, shape),
            "gender": self.chance.choice({"Nam": ["Nam", "nam", "NAM", "M"], "Nữ": ["Nữ", "nữ", "NỮ", "F"]}[gender]),
            "phone": self.write_phone(phone, shape),
        }
        row = _Row(group, cells, truth)
        if group == "F":
            return self.business(row, shape)
        cells["birth"], truth["birth_year"], truth["birth_date"] = self.birth(shape)
        if group == "E":
            self.citizen(row, unit, shape)
        else:
            cells["position"] = truth["position"] = self.chance.choice(_JOBS[group])
        return row

    def business(self, row: _Row, shape: _Shape) -> _Row:
        code = f"56{next(self.numbers):08d}"
        kind = self.chance.choice(["Công ty TNHH", "Hợp tác xã", "Doanh nghiệp tư nhân"])
        firm = f"{kind} {self.chance.choice(_GIVEN)} {code[-4:]}"
        returned = self.day()
        row.cells |= {
            "representative": row.cells.pop("name"), "business": firm, "tax_code": code, "position": "Giám đốc",
            "procedure": "Cấp giấy phép kinh doanh", "return": self.write_day(returned, shape),
        }  # fmt: skip
        del row.cells["gender"], row.truth["gender"]
        row.truth |= {
            "position": "Giám đốc", "business": firm, "tax_code": code, "procedure": "Cấp giấy phép kinh doanh",
            "return_date": returned.isoformat(),
        }  # fmt: skip
        return row

    def citizen(self, row: _Row, unit: str, shape: _Shape) -> None:
        ban = self.chance.choice([one for one in self.bans if one["commune_code"] == unit and not one["valid_to"]])
        received = self.day()
        returned = received + timedelta(days=self.chance.randrange(15))
        subject = self.chance.choice(["Đăng ký khai sinh", "Chứng thực bản sao từ bản chính", "Đăng ký kết hôn"])
        row.cells |= {
            "ban": self.write_ban(ban["name"], shape), "procedure": subject,
            "receipt": self.write_day(received, shape), "return": self.write_day(returned, shape),
        }  # fmt: skip
        row.truth |= {
            "ban": ban["name"], "ban_code": ban["code"], "procedure": subject,
            "receipt_date": received.isoformat(), "return_date": returned.isoformat(),
        }  # fmt: skip

    # -- how people write ---------------------------------------------------------------------------------------

    def write_name(self, name: str, shape: _Shape) -> RawCell:
        ways: list[Callable[[str], RawCell]] = [str, str, lambda text: text.replace(" ", "  ", 1), lambda t: f" {t} "]
        if not shape.plain:
            ways += [str.upper, lambda t: unicodedata.normalize("NFD", t), lambda t: t + "\u00a0"]
            ways += [lambda t: t[:2] + "\u200b" + t[2:], lambda t: "\ufeff" + t.replace(" ", "\u00a0"), _half_composed]
        if shape.form == "xlsx":
            ways += [lambda t: Rich((t[:3], t[3:])), lambda t: Formula('A1&" "&B1', t)]
        return self.chance.choice(ways)(name)

    def write_phone(self, number: str, shape: _Shape) -> RawCell:
        ways: list[Callable[[str], RawCell]] = [
            str, lambda n: f"{n[:4]} {n[4:7]} {n[7:]}", lambda n: f"{n[:4]}.{n[4:7]}.{n[7:]}", lambda n: f"+84{n[1:]}",
            lambda n: f"(84) {n[1:]}", lambda n: f"84{n[1:]}", lambda n: f"+84 {n[1:4]}-{n[4:]}", lambda n: n[1:],
            lambda n: f"0084{n[1:]}", lambda n: f"'{n}", lambda n: f"{n[1]}.{n[2:]}E+08",
        ]  # fmt: skip
        if shape.form in ("xlsx", "xls", "ods"):
            ways += [int, float, int]
        if not shape.plain:
            ways += [
                _wide,
                lambda n: n[:5] + "\u200b" + n[5:],
                lambda n: n + "\u00a0",
                lambda n: f"{n[:4]}\u2011{n[4:]}",
            ]
        return self.chance.choice(ways)(number)

    def write_day(self, day: date, shape: _Shape) -> RawCell:
        serial = str((day - date(1899, 12, 30)).days)
        ways: list[RawCell] = [
            f"{day.day}/{day.month}/{day.year}", f"{day:%d/%m/%Y}", f"{day:%d-%m-%Y}", f"{day:%d.%m.%Y}",
            f"{day:%d/%m/%y}", f"{day.day}-{day.month}-{day:%y}", day.isoformat(), serial, f"{day:%d/%m/%Y} 08:30",
            f"ngày {day.day} tháng {day.month} năm {day.year}", f"Ngày {day:%d/%m/%Y}", f"{day:%d/%m/%Y}.",
            f"{day:%d / %m / %Y}",
        ]  # fmt: skip
        if shape.real_days:
            ways += [day] * 6
        return self.chance.choice(ways)

    def birth(self, shape: _Shape) -> tuple[RawCell, int, str | None]:
        day = date(self.chance.randint(1950, 1999), self.chance.randint(1, 12), self.chance.randint(1, 28))
        year = day.year
        if self.chance.random() < 0.5:
            ways: list[RawCell] = [
                year, str(year), f"{year} ", f"năm {year}", f"{day.month:02}/{year}", f"tháng {day.month} năm {year}",
                f"00/00/{year}", float(year),
            ]  # fmt: skip
            return self.chance.choice(ways), year, None
        written = self.write_day(day, shape)
        if written == day.isoformat() or not isinstance(written, str) or written != f"{year}":
            return written, year, day.isoformat()
        raise AssertionError(written)

    def write_ban(self, name: str, shape: _Shape) -> str:
        short = name.split(" ", 1)[1]
        ways = [name, name, short, f"bản {short}", f" {name}"]
        if not shape.plain:
            ways += [name.upper(), _bare(name), unicodedata.normalize("NFD", name), f"{name}\u00a0"]
        return self.chance.choice(ways)

    # -- faults -------------------------------------------------------------------------------------------------

    def spoil(self, row: _Row, rows: Sequence[_Row]) -> None:
        """Put one fault into a row; the truth says which."""
        ways = [self.no_name, self.no_value, self.bad_phone, self.old_phone]
        if row.group != "F":
            ways += [self.bad_birth, self.too_young]
        if row.group in "EF":
            ways += [self.bad_day, self.outside]
        if row.group == "E":
            ways += [self.before, self.unknown_ban, self.ended_ban]
        self.chance.choice(ways)(row)

    def _fault(self, row: _Row, wanted: str, kind: str, **details: Any) -> None:
        row.faults.append((wanted, kind, details))

    def no_name(self, row: _Row) -> None:
        row.cells["representative" if row.group == "F" else "name"] = self.chance.choice([None, None, " ", Fault()])
        row.truth["name"] = None
        self._fault(row, "representative" if row.group == "F" else "name", "missing_name")

    def no_value(self, row: _Row) -> None:
        names = {"receipt": "receipt_date", "return": "return_date"}
        wanted = self.chance.choice([one for one in row.cells if one in ("gender", "position", "procedure", "phone")])
        if row.group == "F" and wanted == "position":
            wanted = "phone"
        row.cells[wanted] = self.chance.choice([None, "", "  ", "\u00a0"])
        row.truth[names.get(wanted, wanted)] = None
        self._fault(row, wanted, "missing_value")

    def bad_phone(self, row: _Row) -> None:
        whole = row.truth["phone"]
        values = [f"{whole}/{self.phone()}", "9.12E+08", "không có", whole[:-1], whole + "1", "02153 862 123",
                  f"{whole} (Zalo)", whole.replace("0", "O", 1), "0412345678", f"{whole} - {self.phone()}"]  # fmt: skip
        row.cells["phone"] = self.chance.choice(values)
        row.truth["phone"] = None
        self._fault(row, "phone", "invalid_phone")

    def old_phone(self, row: _Row) -> None:
        old, new = self.chance.choice([("0169", "039"), ("0120", "070"), ("0123", "083"), ("0188", "058")])
        rest = f"{next(self.numbers):07d}"
        row.cells["phone"] = self.chance.choice([old + rest, f"{old} {rest}", f"+84{old[1:]}{rest}"])
        row.truth["phone"] = new + rest
        self._fault(row, "phone", "phone_old_prefix")

    def bad_birth(self, row: _Row) -> None:
        row.cells["birth"] = self.chance.choice(["khoảng 1970", "30/02/1980", "197", "1789", "x", "31/04/1975", 19])
        row.truth["birth_year"] = row.truth["birth_date"] = None
        self._fault(row, "birth", "invalid_birth_year")

    def too_young(self, row: _Row) -> None:
        day = self.chance.choice([date(2003, 12, 2), date(2006, 5, 1)])
        row.cells["birth"] = f"{day:%d/%m/%Y}"
        row.truth["birth_year"], row.truth["birth_date"] = day.year, day.isoformat()
        self._fault(row, "birth", "under_age")

    def bad_day(self, row: _Row) -> None:
        row.cells["return"] = self.chance.choice(["31/02/2021", "hôm qua", "29/02/2021", "0/3/2021", "13/13/2021"])
        row.truth["return_date"] = None
        self._fault(row, "return", "invalid_date")

    def outside(self, row: _Row) -> None:
        row.cells["return"] = self.chance.choice(["01/12/2021", "1/12/21", "ngày 1 tháng 12 năm 2021"])
        row.truth["return_date"] = "2021-12-01"
        self._fault(row, "return", "return_outside_period")

    def before(self, row: _Row) -> None:
        row.cells["receipt"], row.cells["return"] = "10/03/2021", "9/3/2021"
        row.truth["receipt_date"], row.truth["return_date"] = "2021-03-10", "2021-03-09"
        self._fault(row, "return", "return_before_receipt")

    def unknown_ban(self, row: _Row) -> None:
        row.cells["ban"] = self.chance.choice(["Bản Không Tên", "Bản 7", "xx"])
        row.truth["ban"] = row.truth["ban_code"] = None
        self._fault(row, "ban", "unknown_ban")

    def ended_ban(self, row: _Row) -> None:
        commune = row.truth["ban_code"].split("-")[0]
        ended = [one for one in self.bans if one["commune_code"] == commune and one["valid_to"]]
        if not ended:
            return self.unknown_ban(row)
        one = self.chance.choice(ended)
        row.cells["ban"], row.truth["ban"], row.truth["ban_code"] = one["name"], None, None
        return self._fault(row, "ban", "ban_not_valid_at_date", successor=one["successor_code"])

    def copy(self, row: _Row, shape: _Shape, group: str | None = None) -> _Row:
        """The same person again, written in another way."""
        again = replace(row, cells=dict(row.cells), truth=dict(row.truth), faults=[])
        again.cells["name"] = self.write_name(row.truth["name"], shape)
        again.cells["phone"] = self.write_phone(row.truth["phone"], shape)
        if group:
            again.group = again.truth["group"] = group
            again.cells["position"] = again.truth["position"] = _JOBS[group][0]
        return again

    # -- one file -----------------------------------------------------------------------------------------------

    def make(
        self, number: int, unit: str, groups: str, shape: _Shape, copies: Sequence[_Row] = ()
    ) -> "tuple[MadeList, list[_Row]]":
        """One list of the unit; `copies` are persons of other files that stand on it too. Also its faultless rows."""
        kind = _list_type(groups)
        sections = []
        clean: list[_Row] = []
        for group in groups:
            rows = [self.row(group, unit, shape) for _ in range(self.chance.randint(3, 8))]
            rows += [one for one in copies if one.group == group]
            for row in rows[:3]:  # never a copy
                if self.chance.random() < 0.6:
                    self.spoil(row, rows)
            spoilt = [row for row in rows if row.faults]
            clean += [row for row in rows if row not in spoilt and row not in copies]
            self.chance.shuffle(rows)
            sections.append((group, rows))
        traits: list[str] = [shape.form, shape.encoding, kind]
        if not copies:
            self._repeat(sections, unit, shape, traits)
        way = self._way_of_groups(groups, shape)
        traits.append(way)
        pages, persons, problems = self._pages(sections, groups, shape, way, traits)
        counted = {group: len(rows) for group, rows in sections}
        problems += self._quota_faults(unit, counted)
        if shape.encoding in OLD_FONTS:
            problems.append(_whole_file("legacy_encoding", encoding=shape.encoding))
        name = f"thử/{self.seed}-{number:02}.{'xls' if shape.form == 'html' else shape.form}"
        return MadeList(name, self._bytes(pages, shape), unit, groups, kind, persons, problems, traits), clean

    def _repeat(self, sections: list[tuple[str, list[_Row]]], unit: str, shape: _Shape, traits: list[str]) -> None:
        """Sometimes the same person twice, one number for two persons, or one person in two groups."""
        group, rows = sections[-1]
        whole = [row for row in rows if not row.faults]
        if len(whole) >= 2 and group != "F" and self.chance.random() < 0.5:
            rows.append(self.copy(whole[0], shape))
            rows[-1].faults.append(("name", "duplicate_in_file", {"other": whole[0]}))
            traits.append("repeated")
        if len(whole) >= 3 and self.chance.random() < 0.3:
            other = self.row(group, unit, shape)
            other.cells["phone"] = self.write_phone(whole[1].truth["phone"], shape)
            other.truth["phone"] = whole[1].truth["phone"]
            other.faults.append(("phone", "shared_phone", {"other": whole[1]}))
            rows.append(other)
            traits.append("shared number")
        first = [row for row in sections[0][1] if not row.faults]
        if len(sections) > 1 and group in "BC" and first and self.chance.random() < 0.5:
            rows.append(self.copy(first[0], shape, group))
            rows[-1].faults.append(("name", "person_in_two_groups", {"other": first[0]}))
            traits.append("two groups")

    def _way_of_groups(self, groups: str, shape: _Shape) -> str:
        if len(groups) == 1:
            return "file"
        ways = ["subheading", "column", "merged column"] if shape.form == "xlsx" else ["subheading", "column"]
        return self.chance.choice([*ways, "sheets"] if shape.form in ("xlsx", "xls", "ods") else ways)

    def _pages(
        self, sections: list[tuple[str, list[_Row]]], groups: str, shape: _Shape, way: str, traits: list[str]
    ) -> tuple[list[Page], list[dict[str, Any]], list[dict[str, Any]]]:
        parts = [[one] for one in sections] if way == "sheets" else [sections]
        pages, persons, problems = [], [], []
        if shape.form in ("xlsx", "xls", "ods") and self.chance.random() < 0.4:
            words = [
                ["Kính gửi: Phòng Nội vụ huyện Tuần Giáo"],
                ["Xin gửi danh sách ở trang sau"],
                [None, "Trân trọng"],
            ]
            pages.append(Page("Bìa", words))
            traits.append("cover")
        places: dict[int, tuple[str, int]] = {}
        for part in parts:
            names = {"A": "Lãnh đạo phòng", "B": "Công chức", "C": "Lãnh đạo UBND xã", "E": "Người dân"}
            name = names[part[0][0]] if way == "sheets" else "Danh sách ĐTXHH"
            page, found, faults = _Sheet(self, part, shape, way, name, places, traits).build()
            pages.append(page)
            persons += found
            problems += faults
        if shape.form in ("xlsx", "xls") and self.chance.random() < 0.3:
            pages.append(Page("Cũ 2020", [list(row) for row in pages[-1].rows], hidden=True))
            traits.append("hidden sheet")
        return pages, persons, problems

    def _quota_faults(self, unit: str, counted: dict[str, int]) -> list[dict[str, Any]]:
        faults = []
        for group, found in counted.items():
            quota = self.quotas.get((unit, group))
            if quota is not None and quota != found:
                kind = "quota_exceeded" if found > quota else "quota_short"
                faults.append(_whole_file(kind, group=group, quota=quota, found=found))
        return faults

    def _bytes(self, pages: list[Page], shape: _Shape) -> bytes:
        if shape.encoding in ("TCVN3", "VNI") and shape.form != "csv":
            pages = [_in_old_font(page, tcvn3 if shape.encoding == "TCVN3" else vni) for page in pages]
        if shape.form == "csv":
            delimiter = self.chance.choice(",;\t")
            return csv_bytes(pages[-1], shape.encoding, delimiter, self.chance.random() < 0.5)
        if shape.form == "html":
            return html_page(pages[-1])
        if shape.form == "xlsx":
            return xlsx(pages, inline=self.chance.random() < 0.5, from_1904=self.chance.random() < 0.3)
        return xls(pages) if shape.form == "xls" else ods(pages)


class _Sheet:
    """One sheet: titles, heading, rows, signatures; remembers where each person stands."""

    def __init__(
        self, maker: Maker, sections: list[tuple[str, list[_Row]]], shape: _Shape, way: str, name: str,
        places: dict[int, tuple[str, int]], traits: list[str],
    ) -> None:  # fmt: skip
        self.maker, self.chance, self.sections, self.shape, self.way = maker, maker.chance, sections, shape, way
        self.page = Page(name, [])
        self.places, self.traits = places, traits
        self.labels: dict[str, str] = {}
        self.columns: list[str] = []
        self.persons: list[dict[str, Any]] = []
        self.problems: list[dict[str, Any]] = []

    def build(self) -> tuple[Page, list[dict[str, Any]], list[dict[str, Any]]]:
        self._choose_columns()
        self._titles()
        self._heading()
        number = 0
        for group, rows in self.sections:
            if self.way == "subheading":
                words = {
                    "A": "Lãnh đạo phòng",
                    "B": "Công chức, chuyên viên",
                    "C": "Lãnh đạo UBND xã",
                    "E": "Người dân",
                }
                self._line(f"{'I' * (self.sections.index((group, rows)) + 1)}. {words[group]} ({len(rows)} người)")
            first = len(self.page.rows) + 1
            for row in rows:
                number += 1
                self._person(row, number)
                if self.way != "merged column" and self.chance.random() < 0.1:
                    self.page.rows.append([])
            if self.way == "merged column":
                self._merge_group(first, group)
        self._end(number)
        return self.page, self.persons, self.problems

    def _choose_columns(self) -> None:
        groups = [group for group, _rows in self.sections]
        kinds = dict.fromkeys(_list_type(group) for group in groups)
        fields = list(dict.fromkeys(one for kind in kinds for one in _REQUIRED[kind]))
        if "business" in kinds:
            fields += ["tax_code", "position"]
        if self.way in ("column", "merged column"):
            fields.append("group")
        missing = self.chance.choice(fields) if self.chance.random() < 0.12 else None
        if missing in ("gender", "position", "procedure") and "business" not in kinds and len(groups) == 1:
            fields.remove(missing)
            self.missing: str | None = missing
            self.traits.append(f"no column {missing}")
        else:
            self.missing = None
        fields += [one for one in ("note", "sign", "idno") if self.chance.random() < 0.4]
        head, rest = ("business" if "business" in kinds else "name"), list(fields)
        rest.remove(head)
        self.chance.shuffle(rest)
        self.columns = ["order", head, *rest]
        if self.chance.random() < 0.3:
            self.columns.insert(self.chance.randrange(3, len(self.columns)), "")  # a column that is blank throughout
            self.traits.append("blank column")
        if self.chance.random() < 0.2:
            self.columns.insert(0, "")
            self.traits.append("begins in B")
        self.labels = {one: self.chance.choice(_LABELS[one]) for one in self.columns if one}
        self.split = self.missing != "gender" and "gender" in self.columns and self.chance.random() < 0.3

    def _titles(self) -> None:
        width = len(self.columns)
        blocks: list[list[list[RawCell]]] = [
            [],
            [["UBND HUYỆN TUẦN GIÁO", *[None] * (width - 2), "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
             [None, "Số: 12/DS-UBND", *[None] * (width - 3), "Độc lập - Tự do - Hạnh phúc"], []],
            [["DANH SÁCH"], ["Đối tượng lấy phiếu điều tra xã hội học năm 2021"], ["(Kèm theo Công văn số 45/NV)"], []],
            [["Biểu 02"], [None, None, "DANH SÁCH ĐỐI TƯỢNG ĐIỀU TRA", None, None],
             ["Họ tên người lập: Lò Văn Lập, chức vụ: Văn phòng, số điện thoại 0987 000 111"]],
        ]  # fmt: skip
        self.page.rows += self.chance.choice(blocks)

    def _heading(self) -> None:
        """One, two or three rows; «Nam» and «Nữ» may stand under the gender, crosses tell it then."""
        top: list[RawCell] = []
        self.at: dict[str, int] = {}
        self.label_at: dict[str, str] = {}
        below: dict[int, str] = {}
        for one in self.columns:
            self.at[one] = len(top) + 1
            top.append(self.labels.get(one) if one else None)
            if one:
                self.label_at[one] = " ".join(self.labels[one].split())
            if one == "gender" and self.split:
                top[-1] = "Giới tính"
                below = {len(top): "Nam", len(top) + 1: "Nữ"}
                top.append(None)
                self.label_at["gender"] = "Giới tính / Nam"
        start = len(self.page.rows) + 1
        self.page.rows.append(top)
        self.header_row = start
        if below:
            self.page.rows.append([below.get(n) for n in range(1, len(top) + 1)])
            left = min(below)
            self.page.merged.append((start, left, start, left + 1))
            self.page.merged += [(start, n, start + 1, n) for n, cell in enumerate(top, 1) if cell and n not in below]
            self.traits.append("crosses")
        if self.chance.random() < 0.3:
            self.page.rows.append([f"({n})" for n in range(1, len(top) + 1)])
        self.width = len(top)
        self._tell_missing_column()

    def _tell_missing_column(self) -> None:
        if self.missing:
            label = _USUAL[self.missing]
            self.problems.append(self._problem(self.header_row, None, label, self.missing, "missing_column"))

    def _line(self, text: str) -> None:
        row: list[RawCell] = [None] * self.width
        row[
            self.at[self.columns[1 if self.columns[0] else 2]] - 1
            if self.chance.random() < 0.5
            else self.at["order"] - 1
        ] = text
        self.page.rows.append(row)

    def _person(self, row: _Row, number: int) -> None:
        line: list[RawCell] = [None] * self.width
        line[self.at["order"] - 1] = self.chance.choice([number, str(number), float(number)])
        for one, cell in row.cells.items():
            if one in self.at and one != "gender":
                line[self.at[one] - 1] = cell
        if "gender" in self.at and "gender" in row.cells:
            self._gender(line, row)
        if self.way == "column":
            words = {"A": ["A", "Nhóm A", "Lãnh đạo phòng"], "B": ["B", "nhóm B", "Công chức"],
                     "C": ["C", "Lãnh đạo UBND xã"], "E": ["E", "Nhóm E", "Người dân"]}  # fmt: skip
            line[self.at["group"] - 1] = self.chance.choice(words[row.group])
        if "note" in self.at and self.chance.random() < 0.2:
            self._note(line, len(self.page.rows) + 1)
        if "idno" in self.at:
            line[self.at["idno"] - 1] = f"0110{number:08d}"
        self.page.rows.append(line)
        place = len(self.page.rows)
        if self.chance.random() < 0.05:
            self.page.hidden_rows |= {place}
        self.places[id(row)] = (self.page.name, place)
        self._tell_person(row, place)
        for wanted, kind, details in row.faults:
            self._tell_fault(row, place, wanted, kind, dict(details))

    def _gender(self, line: list[RawCell], row: _Row) -> None:
        if not self.split:
            line[self.at["gender"] - 1] = row.cells["gender"]
        elif row.truth["gender"]:
            mark = self.chance.choice(["x", "X", "v"])
            line[self.at["gender"] - (1 if row.truth["gender"] == "Nam" else 0)] = mark

    def _note(self, line: list[RawCell], place: int) -> None:
        text = self.chance.choice(
            [
                "=cmd|' /C calc'!A0",
                "@SUM(1+1)",
                "+1 lần",
                "=1+1" if self.shape.form == "html" else "\t=1+1",
                "đã liên hệ",
                "Thay ông Páo",
            ]
        )
        line[self.at["note"] - 1] = text
        if text.lstrip()[0] in "=+@":
            self.problems.append(
                self._problem(place, letter(self.at["note"]), "Ghi chú", "note", "injection_cell", value=text)
            )

    def _tell_person(self, row: _Row, place: int) -> None:
        order = {
            "F": ["position", "phone", "business", "tax_code", "procedure", "return_date"],
            "E": ["birth_year", "gender", "phone", "ban", "ban_code", "procedure", "receipt_date", "return_date"],
        }.get(row.group, ["birth_year", "gender", "position", "phone"])
        truth = dict(row.truth)
        if self.missing:
            truth[self.missing] = None
        person = {"sheet": self.page.name, "row": place, "group": row.group, "name": truth["name"]}
        person |= {one: truth.get(one) for one in order}
        if truth.get("birth_date"):
            person["birth_date"] = truth["birth_date"]
        self.persons.append(person)

    def _tell_fault(self, row: _Row, place: int, wanted: str, kind: str, details: dict[str, Any]) -> None:
        if wanted == self.missing:
            return
        other = details.pop("other", None)
        if other is not None:
            details["other_row"] = self.places[id(other)][1]
        column = self.at[wanted]
        label = self.label_at[wanted]
        told = {"representative": "name"}.get(wanted, wanted)
        self.problems.append(self._problem(place, letter(column), label, told, kind, **details))

    def _problem(
        self, row: int, col: str | None, column: str, wanted: str, kind: str, **details: Any
    ) -> dict[str, Any]:
        found = {"sheet": self.page.name, "row": row, "col": col, "column": column, "field": wanted, "kind": kind}
        return found | {"severity": severity(kind)} | details

    def _merge_group(self, first: int, group: str) -> None:
        column, last = self.at["group"], len(self.page.rows)
        self.page.rows[first - 1][column - 1] = f"Nhóm {group}"
        if last > first:
            self.page.merged.append((first, column, last, column))

    def _end(self, count: int) -> None:
        """Rows with a running number only, totals, signatures with names that look like persons, addressees."""
        width = self.width
        at = self.at["order"] - 1
        self.page.rows += [[*[None] * at, count + n] for n in range(1, self.chance.choice([1, 4]))]
        ends: list[list[list[RawCell]]] = [
            [],
            [[*[None] * at, f"Tổng cộng: {count} người"]],
            [[], ["NGƯỜI LẬP BIỂU", *[None] * (width - 2), "CHỦ TỊCH"], ["(Ký, ghi rõ họ tên)"], [],
             ["Lò Thị Lập", *[None] * (width - 2), "Quàng Văn Ký"]],
            [[None, "Ghi chú: số điện thoại đã kiểm tra"], ["Nơi nhận:"], ["- Như trên;"], ["- Lưu: VT."]],
            [[], [*[None] * (width - 1), "Tuần Giáo, ngày 5 tháng 12 năm 2021"],
             [*[None] * (width - 1), "TM. ỦY BAN NHÂN DÂN"], [*[None] * (width - 1), "KT. CHỦ TỊCH"],
             [*[None] * (width - 1), "PHÓ CHỦ TỊCH"], [], [*[None] * (width - 1), "Mùa A Vừ"]],
        ]  # fmt: skip
        self.page.rows += self.chance.choice(ends)
        self.page.blank_rows = self.chance.choice([0, 0, 500])


def make_set(samples: Path, seed: int) -> list[MadeList]:
    """The lists of one seed over all formats and encodings."""
    maker = Maker(samples, seed)
    shapes = [
        *[_Shape("xlsx")] * 7, _Shape("xlsx", "TCVN3", plain=True), _Shape("xlsx", "VNI", plain=True),
        _Shape("xls"), _Shape("xls"), _Shape("xls", "TCVN3", plain=True), _Shape("ods"), _Shape("ods"),
        _Shape("html", real_days=False), _Shape("html", real_days=False),
        *[_Shape("csv", one, real_days=False, plain=one in OLD_FONTS) for one in ENCODINGS],
    ]  # fmt: skip
    places = [("03289", "E"), ("03304", "C"), ("03283", "CE"), ("03298", "E"), ("TG-NV", "AB"), ("TG-TCKH", "F"),
              ("TG-DT", "AB"), ("03271", "CE")]  # fmt: skip
    return [maker.make(number, *places[number % len(places)], shape)[0] for number, shape in enumerate(shapes, 1)]


def make_related(samples: Path, seed: int) -> tuple[list[MadeList], set[tuple[str, frozenset[tuple[str, int]]]]]:
    """Lists of several units with persons in common, and the pairs: (kind, the two places as (file, row))."""
    maker = Maker(samples, seed)
    pairs = set()
    lists: list[MadeList] = []
    for number, (groups, again, shape) in enumerate(
        [("B", "B", _Shape("xlsx")), ("E", "E", _Shape("csv", "utf-16", real_days=False)), ("B", "A", _Shape("xls"))]
    ):
        first, clean = maker.make(2 * number, "03289" if groups == "E" else "TG-NV", groups, shape)
        alone = [row for row in clean if sum(one["name"] == row.truth["name"] for one in first.persons) == 1]
        copies = [maker.copy(row, _Shape("ods"), again if again != groups else None) for row in alone[:2]]
        second, _clean = maker.make(2 * number + 1, "03304" if again == "E" else "TG-DT", again, _Shape("ods"), copies)
        kind = "duplicate_across_files" if groups == again else "person_in_two_groups"
        for copy in copies:
            places = [
                (made.file, one["row"]) for made in (first, second) for one in made.persons
                if one["name"] == copy.truth["name"]
            ]  # fmt: skip
            pairs.add((kind, frozenset(places)))
        lists += [first, second]
    return lists, pairs


def severity(kind: str) -> str:
    """As the description of the first set says."""
    warnings = {
        "phone_old_prefix",
        "duplicate_across_files",
        "shared_phone",
        "quota_short",
        "injection_cell",
        "legacy_encoding",
    }
    return "warning" if kind in warnings else "error"


def _whole_file(kind: str, **details: Any) -> dict[str, Any]:
    nowhere = dict.fromkeys(("sheet", "row", "col", "column", "field"))
    return nowhere | {"kind": kind, "severity": severity(kind)} | details


def _list_type(groups: str) -> str:
    if "F" in groups:
        return "business"
    officials, citizens = set(groups) - {"E"}, "E" in groups
    return "officials+citizens" if officials and citizens else "citizens" if citizens else "officials"


def _table(samples: Path, name: str) -> list[dict[str, str]]:
    with (samples / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _folded(text: str) -> str:
    return _bare(text).lower().replace("y", "i")


def _wide(digits: str) -> str:
    """Digits as an East Asian keyboard types them."""
    return "".join(chr(ord(one) + 0xFEE0) for one in digits)


def _half_composed(text: str) -> str:
    """Letters with their shape, tones apart: as some keyboards type and windows-1258 stores them."""
    pieces = []
    for char in text:
        base, *marks = unicodedata.normalize("NFD", char)
        tones = [mark for mark in marks if mark not in "\u0302\u0306\u031b"]
        shaped = unicodedata.normalize("NFC", base + "".join(mark for mark in marks if mark not in tones))
        pieces.append(shaped + "".join(tones))
    return "".join(pieces)


def _tcvn3_lacks(first: str) -> bool:
    return not first.isascii() and first not in "ĂÂĐÊÔƠƯ"


def _in_old_font(page: Page, write: Callable[[str], str]) -> Page:
    def cell(one: RawCell) -> RawCell:
        if isinstance(one, Rich):
            return Rich(tuple(write(part) for part in one.parts))
        if isinstance(one, Formula):
            return Formula(one.text, write(str(one.value)))
        return write(one) if isinstance(one, str) else one

    return replace(page, rows=[[cell(one) for one in row] for row in page.rows])
