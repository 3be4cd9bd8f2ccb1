"""The minutes of a drawing (biên bản chọn mẫu) and the sample itself, as Excel workbooks."""

from collections.abc import Sequence

from ..roster.catalogue import Catalogue
from ..roster.column_names import field_of
from ..roster.persons import PersonRow
from ..roster.template_file import list_columns
from ..sheets import SheetColumn, SheetPlan, Value, workbook_bytes
from ..text import date_text, moment_text, number_text
from .design_words import design_lines
from .designs import design_from_json, size_of
from .frames import FrameRow, frame_key
from .models import Sample, SampleMember, Standing
from .outcomes import OUTCOME_WORDS

FRAME_KEY_COLUMN = SheetColumn("Mã khung mẫu", 14)


def sample_workbook(sample: Sample, rows: Sequence[FrameRow], catalogue: Catalogue) -> bytes:
    """The persons now in the sample, in the columns of a list of the group: what the unit's draft is made from."""
    frame = sample.frame
    by_number = {row.number: row for row in rows}
    columns = list_columns(frame.group.code, frame.unit, catalogue, frame.round.collects_ethnicity)
    lines: list[list[Value]] = []
    for number, member in enumerate(current_members(sample), 1):
        key = frame_key(frame.id, member.frame_row)
        texts = person_texts(by_number[member.frame_row].as_person(frame.group.code, key), catalogue)
        lines.append([str(number), *(texts.get(field_of(column.title) or "") for column in columns), key])
    plain = [SheetColumn(column.title, column.width) for column in columns]
    plan = SheetPlan(f"Nhóm {frame.group.code}", (SheetColumn("TT", 6), *plain, FRAME_KEY_COLUMN), lines)
    return workbook_bytes([plan], "Mẫu đã chọn", frame.round.mark)


def current_members(sample: Sample) -> list[SampleMember]:
    """Who is in the sample now, in the order of selection; a reserve stands where the one replaced stood."""
    members = {one.id: one for one in sample.members}

    def place(member: SampleMember) -> int:
        while member.replaces_id is not None:
            member = members[member.replaces_id]
        return member.position

    return sorted((one for one in sample.members if one.is_current), key=place)


def person_texts(person: PersonRow, catalogue: Catalogue) -> dict[str, str | None]:
    """The cells of a list by field."""
    unit = catalogue.unit_by_code(person.commune_code) if person.commune_code else None
    birth = date_text(person.birth_date) if person.birth_date else str(person.birth_year or "")
    return {
        "name": person.name, "representative": person.name, "birth": birth, "gender": person.gender,
        "ethnic": person.ethnic, "position": person.position, "unit": person.workplace, "phone": person.phone,
        "email": person.email, "business": person.business, "tax_code": person.tax_code, "address": person.address,
        "ban": person.ban, "commune": unit.name if unit else None, "language": person.language, "note": person.note,
        "procedure": person.procedure, "dossier": person.dossier, "receipt": date_text(person.receipt_date),
        "return": date_text(person.return_date), "frame_key": person.frame_key,
    }  # fmt: skip


def minutes_workbook(sample: Sample, rows: Sequence[FrameRow]) -> bytes:
    """Biên bản chọn mẫu: how it was drawn, who was selected with probability and weight, reserves, replacements."""
    frame = sample.frame
    by_number = {row.number: row for row in rows}
    heading = ("BIÊN BẢN CHỌN MẪU", f"{frame.unit.name} – Nhóm {frame.group.code}: {frame.group.name}")
    footer = f"Mẫu lần {sample.number} · SHA-256 {sample.sha256}"
    facts: list[tuple[str, str]] = [
        ("Đợt điều tra", frame.round.title),
        ("Tệp khung mẫu", frame.file_name),
        ("Số người trong khung mẫu", number_text(frame.persons)),
        ("Dòng để riêng vì có lỗi", number_text(frame.rows_set_aside)),
        ("SHA-256 của khung mẫu", frame.sha256),
        *design_lines(sample.design),
        ("Cách tính cỡ mẫu", size_of(design_from_json(sample.design), frame.persons, sample.size)[1]),
        ("Cỡ mẫu", number_text(sample.size)),
        ("Hạt giống", sample.seed),
        ("Thuật toán", sample.algorithm),
        ("Lần chọn", str(sample.number)),
        ("Lý do chọn lại", sample.reason or "không"),
        ("Chọn lúc", moment_text(sample.drawn_at)),
        ("Người chọn", sample.drawn_by_name),
        ("SHA-256 của kết quả", sample.sha256),
    ]
    plans = [
        SheetPlan(
            "Biên bản", (SheetColumn("Nội dung", 34), SheetColumn("Giá trị", 90)), facts, titles=heading,
            footer=footer, tail=("Người chọn mẫu", "(ký, ghi rõ họ tên)"),
        )
    ]  # fmt: skip
    for name, standing in (("Được chọn", Standing.SELECTED), ("Dự bị", Standing.RESERVE)):
        members = [one for one in sample.members if one.standing == standing]
        lines = [_line(one, by_number[one.frame_row], sample) for one in members]
        plans.append(SheetPlan(name, _MEMBER_COLUMNS, lines, titles=(f"{heading[0]} – {name.upper()}",), footer=footer))
    return workbook_bytes(plans, "Biên bản chọn mẫu", frame.round.mark)


_MEMBER_COLUMNS = (
    SheetColumn("Thứ tự", 8, "number"),
    SheetColumn("Tầng", 30),
    SheetColumn("Mã khung mẫu", 14),
    SheetColumn("Họ và tên", 26),
    SheetColumn("Năm sinh", 10),
    SheetColumn("Nơi ở", 28),
    SheetColumn("Xác suất chọn", 14),
    SheetColumn("Trọng số", 12),
    SheetColumn("Kết quả", 40),
)


def _line(member: SampleMember, row: FrameRow, sample: Sample) -> list[Value]:
    key = frame_key(sample.frame_id, member.frame_row)
    name = row.values.get("name") or row.values.get("business")
    born = str(row.values.get("birth_year") or "")
    place = row.values.get("ban") or row.values.get("workplace")
    return [
        member.position, member.stratum, key, name, born, place, number_text(member.probability, 6),
        number_text(member.weight, 4), standing_words(member, sample),
    ]  # fmt: skip


def standing_words(member: SampleMember, sample: Sample) -> str:
    """What became of a selected person or a reserve."""
    words = []
    if member.replaces_id is not None:
        replaced = next(one for one in sample.members if one.id == member.replaces_id)
        words.append(f"vào thay {frame_key(sample.frame_id, replaced.frame_row)}")
    if member.outcome is not None:
        words.append(f"đã thay: {OUTCOME_WORDS[member.outcome]}")
        if member.outcome_words:
            words.append(member.outcome_words)
    return "; ".join(words)
