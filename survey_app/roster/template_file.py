"""The .xlsx template that a unit fills in: one sheet for each of its groups, drop-downs, phones as text."""

from collections.abc import Sequence

from ..rounds.models import Round
from ..sheets import SheetColumn, SheetPlan, workbook_bytes
from ..text import date_text
from ..units.models import Unit
from .catalogue import Catalogue, valid_on
from .group_words import OFFICIALS
from .queries import ListCard

_POSITIONS = {
    "A": ("Trưởng phòng", "Phó Trưởng phòng", "Chánh Văn phòng", "Phó Chánh Văn phòng", "Chánh Thanh tra",
          "Phó Chánh Thanh tra"),
    "B": ("Chuyên viên chính", "Chuyên viên", "Cán sự", "Kế toán", "Văn thư"),
    "C": ("Chủ tịch UBND", "Phó Chủ tịch UBND"),
    "D": ("Đại biểu HĐND", "Thường trực HĐND", "Trưởng ban HĐND", "Phó Trưởng ban HĐND"),
    "G": ("Hiệu trưởng", "Phó Hiệu trưởng", "Giám đốc", "Phó Giám đốc"),
}  # fmt: skip
_PHONE = SheetColumn(
    "Số điện thoại", 16, hint="Đúng 10 chữ số, bắt đầu bằng 03, 05, 07, 08 hoặc 09. Ví dụ: 0912 345 678"
)
_NAME = SheetColumn("Họ và tên", 26, hint="Viết đủ họ, chữ đệm, tên. Mỗi người một dòng. Ví dụ: Lò Văn Mẫu")
_BIRTH = SheetColumn("Năm sinh", 11, hint="4 chữ số, ví dụ 1975; hoặc ngày/tháng/năm, ví dụ 05/03/1975")
_GENDER = SheetColumn("Giới tính", 10, choices=("Nam", "Nữ"))
_ETHNIC = SheetColumn("Dân tộc", 11, hint="Không bắt buộc")
_EMAIL = SheetColumn("Thư điện tử", 24, hint="Không bắt buộc")
_NOTE = SheetColumn("Ghi chú", 18)
_DAY_HINT = "Ngày/tháng/năm, ví dụ 05/03/2021"


def template_workbook(survey_round: Round, unit: Unit, asked: Sequence[ListCard], catalogue: Catalogue) -> bytes:
    """The template for these lists of the unit; ready rows as many as the quota asks for."""
    plans = [_plan(survey_round, unit, card, catalogue) for card in asked]
    return workbook_bytes(plans, f"Mẫu danh sách – {unit.name}", survey_round.mark)


def _plan(survey_round: Round, unit: Unit, card: ListCard, catalogue: Catalogue) -> SheetPlan:
    code = card.group.code
    deadline = f", hạn nộp {date_text(survey_round.lists_due_on)}" if survey_round.lists_due_on else ""
    return SheetPlan(
        f"Nhóm {code} - {card.group.name}",
        (SheetColumn("TT", 6), *list_columns(code, unit, catalogue, survey_round.collects_ethnicity)),
        titles=("DANH SÁCH ĐỐI TƯỢNG ĐIỀU TRA XÃ HỘI HỌC", f"Nhóm {code} – {card.group.name}"),
        notes=(f"Đơn vị: {unit.name} · chỉ tiêu {card.target} người{deadline}", survey_round.title),
        blank_rows=card.target,
        tail=("* Ghi chú: chọn một ô trong bảng để xem hướng dẫn và ví dụ của cột đó.",),
    )


def list_columns(
    group: str, unit: Unit, catalogue: Catalogue, collects_ethnicity: bool = False
) -> tuple[SheetColumn, ...]:
    """The columns of a list of the group, with their hints and the choices of the unit."""
    ethnic = (_ETHNIC,) if collects_ethnicity else ()
    if group in OFFICIALS:
        position = SheetColumn("Chức vụ", 22, choices=_POSITIONS.get(group, ()))
        place = SheetColumn("Đơn vị công tác", 28, choices=_unit_names(unit, catalogue))
        return (_NAME, _BIRTH, _GENDER, *ethnic, position, place, _PHONE, _EMAIL, _NOTE)
    procedure = SheetColumn("Thủ tục hành chính", 32, hint="Tên thủ tục đã được giải quyết trong thời gian của đợt")
    dossier = SheetColumn("Mã hồ sơ", 20, hint="Không bắt buộc")
    returned = SheetColumn("Ngày trả kết quả", 14, hint=_DAY_HINT)
    if group == "F":
        business = SheetColumn("Tên doanh nghiệp/HTX", 30)
        tax_code = SheetColumn("Mã số thuế", 15)
        address = SheetColumn("Địa chỉ", 28)
        person = SheetColumn("Họ tên người đại diện", 26)
        position = SheetColumn("Chức vụ", 18)
        return (business, tax_code, address, person, position, _PHONE, _EMAIL, procedure, dossier, returned, _NOTE)
    bans = tuple(ban.name for ban in catalogue.bans if ban.commune_code == unit.code and valid_on(ban, catalogue.day))
    home = [SheetColumn("Bản/khối", 20, choices=bans)]
    if not bans:
        communes = tuple(
            one.name for one in catalogue.units if catalogue.is_commune(one.code) and valid_on(one, catalogue.day)
        )
        home.append(SheetColumn("Xã/thị trấn", 20, choices=communes))
    received = SheetColumn("Ngày tiếp nhận", 14, hint=_DAY_HINT)
    language = SheetColumn("Ngôn ngữ thuận tiện", 14, choices=("Tiếng Việt", "Tiếng Thái", "Tiếng Mông"))
    return (_NAME, _BIRTH, _GENDER, *ethnic, *home, _PHONE, procedure, dossier, received, returned, language, _NOTE)


def _unit_names(unit: Unit, catalogue: Catalogue) -> tuple[str, ...]:
    """The unit itself first; an office that lists councillors may choose any unit of the catalogue."""
    others = [one.name for one in catalogue.units if valid_on(one, catalogue.day) and one.name != unit.name]
    return (unit.name, *others)
