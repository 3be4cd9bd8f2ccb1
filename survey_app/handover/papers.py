"""What the official papers say: one set of facts that both the Word file and the PDF are drawn from.

Layout and order of the parts: Nghị định 30/2020/NĐ-CP, phụ lục I. A list is no kind of document of its own; it leaves
the office as an annex of a letter (*công văn*), proposal (*tờ trình*) or report (*báo cáo*).
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..paper import place_and_day
from ..roster.handover import PERSON_COLUMNS, cell_value, fields_of_group
from ..roster.models import RosterVersion, UnitList
from ..rounds.models import Quota, RespondentGroup, Round
from ..text import date_text, local_day
from ..units.models import Unit
from ..units.official_names import committee_name, is_territory, issuer_of, place_name, unit_above
from .models import PaperKind

KIND_WORDS = {
    PaperKind.LETTER: "Công văn",
    PaperKind.PROPOSAL: "Tờ trình",
    PaperKind.REPORT: "Báo cáo",
    PaperKind.ANNEX: "Phụ lục",
}
_ROOM = "\u00a0" * 10
_MOST_DEVIATIONS = 40  # lines of a report; the workbook has them all


@dataclass(frozen=True)
class PaperWishes:
    """What the office types for the papers of one set."""

    number: str  # «05/UBND-NV»
    dated: date
    agency: str  # may hold a line break
    superior: str = ""
    place: str = ""
    recipient: str = ""
    subject: str = ""
    basis: str = ""  # căn cứ, a line each
    authority: str = ""  # «TM. ỦY BAN NHÂN DÂN»
    position: str = ""  # «KT. CHỦ TỊCH\nPHÓ CHỦ TỊCH»
    signer: str = ""
    copies: str = ""  # nơi nhận, a line each

    def with_number(self, number: str) -> "PaperWishes":
        """The same with a number."""
        return replace(self, number=number)


@dataclass(frozen=True)
class GroupFigures:
    """One group of the roster: units that listed, persons, quota."""

    code: str
    name: str
    units: int
    persons: int
    target: int

    @property
    def deviation(self) -> str:
        """«đủ», «thiếu 3», «vượt 2»."""
        if self.persons == self.target:
            return "đủ"
        return (
            f"thiếu {self.target - self.persons}"
            if self.persons < self.target
            else f"vượt {self.persons - self.target}"
        )


@dataclass(frozen=True)
class RosterFigures:
    """The roster in figures, and where it differs from the quotas."""

    year: int
    number: int
    sha256: str
    locked_on: date
    groups: tuple[GroupFigures, ...]
    units: int
    deviations: tuple[str, ...] = field(default=())
    mark: str = ""

    @property
    def persons(self) -> int:
        return sum(group.persons for group in self.groups)

    @property
    def target(self) -> int:
        return sum(group.target for group in self.groups)

    @property
    def groups_held(self) -> int:
        """Groups that somebody is in."""
        return sum(group.persons > 0 for group in self.groups)


def figures_of(session: Session, survey_round: Round, version: RosterVersion) -> RosterFigures:
    """The figures of a version, from its stored counts; quotas as they are now."""
    targets: Counter[str] = Counter()
    names: dict[str, str] = {}
    deviations = []
    quotas = session.execute(
        select(Unit.code, Unit.name, RespondentGroup.code, RespondentGroup.name, Quota.target, UnitList.short_reason)
        .select_from(Quota)
        .join(Unit, Quota.unit_id == Unit.id)
        .join(RespondentGroup, Quota.group_id == RespondentGroup.id)
        .outerjoin(UnitList, (UnitList.unit_id == Unit.id) & (UnitList.group_id == RespondentGroup.id))
        .where(RespondentGroup.round_id == survey_round.id, Quota.target > 0)
        .order_by(RespondentGroup.code, Unit.order_key)
    )
    for unit_code, unit_name, group, name, target, reason in quotas:
        targets[group] += target
        names[group] = name
        listed = version.counts.get(unit_code, {}).get(group, 0)
        if listed != target:
            why = f" ({reason})" if reason else ""
            deviations.append(f"Nhóm {group}, {unit_name}: {listed}/{target} người{why}")
    persons: Counter[str] = Counter()
    units: Counter[str] = Counter()
    for groups in version.counts.values():
        for group, count in groups.items():
            persons[group] += count
            units[group] += count > 0
    figures = tuple(
        GroupFigures(group, names.get(group, ""), units[group], persons[group], targets[group])
        for group in sorted(set(persons) | set(targets))
    )
    listing = sum(any(groups.values()) for groups in version.counts.values())
    return RosterFigures(
        survey_round.year, version.number, version.sha256, local_day(version.locked_at), figures, listing,
        tuple(deviations), survey_round.mark,
    )  # fmt: skip


def default_wishes(session: Session, survey_round: Round, kind: PaperKind, dated: date) -> PaperWishes:
    """What a paper of this kind usually says: heading, recipient and signature by the level of the operator."""
    unit = survey_round.operator_unit
    territory = unit if is_territory(unit) else unit_above(session, unit) or unit
    province = territory
    while (above := unit_above(session, province)) is not None:
        province = above
    committee = committee_name(territory)
    if kind == PaperKind.LETTER:
        issuer = issuer_of(session, territory)
        return PaperWishes(
            "", dated, issuer.agency, issuer.superior, territory.address_place or place_name(territory),
            f"Sở Nội vụ {place_name(province)}", f"gửi danh sách đối tượng điều tra xã hội học năm {survey_round.year}",
            "", "TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH\nPHÓ CHỦ TỊCH", "",
            "Như trên\nChủ tịch, các Phó Chủ tịch UBND\nLưu: VT, NV.",
        )  # fmt: skip
    office = unit if not is_territory(unit) else None
    return PaperWishes(
        "", dated, office.name if office else "Phòng Nội vụ", f"UBND {place_name(territory)}",
        territory.address_place or place_name(territory), committee,
        f"danh sách đối tượng điều tra xã hội học năm {survey_round.year}",
        "", "", "TRƯỞNG PHÒNG", "", "Như trên\nLưu: NV.",
    )  # fmt: skip


def paper_context(kind: PaperKind, wishes: PaperWishes, figures: RosterFigures, xlsx_sha256: str) -> dict[str, Any]:
    """Everything a Word template of this kind may name; the same is drawn as PDF."""
    issuer = wishes.agency.replace("\n", " ")
    return {
        "superior": wishes.superior.upper(),
        "agency": [line.upper() for line in wishes.agency.split("\n")],
        "number": f"Số: {printed_number(wishes.number)}",
        "place_and_day": place_and_day(wishes.place, wishes.dated),
        "mark": figures.mark,
        "title": KIND_WORDS[kind].upper(),
        "subject": wishes.subject,
        "recipient": wishes.recipient,
        "basis": _ended_lines(_as_basis(line) for line in wishes.basis.split("\n")),
        "paragraphs": _paragraphs(kind, issuer, wishes.recipient, figures),
        "checksum": xlsx_sha256 if kind == PaperKind.LETTER else "",
        "groups": [
            {
                "code": group.code, "name": group.name, "units": group.units, "persons": group.persons,
                "target": group.target, "deviation": group.deviation,
            }
            for group in figures.groups
        ],
        "total": {"units": figures.units, "persons": figures.persons, "target": figures.target},
        "deviations": _shown_deviations(figures),
        "closing": _closing(kind, issuer, wishes.recipient),
        "authority": wishes.authority,
        "position": wishes.position.split("\n"),
        "signer": wishes.signer,
        "copies": _ended_lines(line.strip(" -") for line in wishes.copies.split("\n")),
        "year": figures.year,
        "persons": figures.persons,
        "version": figures.number,
        "roster_sha256": figures.sha256,
        "xlsx_sha256": xlsx_sha256,
    }  # fmt: skip


_BASIS = re.compile(r"(căn cứ|theo|xét|thực hiện|thi hành)\b", re.IGNORECASE)


def _as_basis(line: str) -> str:
    """A line of the basis: who types only «Luật …» means «Căn cứ Luật …»."""
    text = line.strip()
    return text if not text or _BASIS.match(text) else f"Căn cứ {text}"


def _ended_lines(lines: Iterable[str]) -> list[str]:
    """Each line that is not empty ends with a semicolon, the last with a full stop."""
    kept = [text for line in lines if (text := line.strip().rstrip(";. "))]
    return [f"{line};" for line in kept[:-1]] + [f"{line}." for line in kept[-1:]]


def padded_number(number: str) -> str:
    """Số, ký hiệu with the zero that numbers below 10 take: «5/UBND-NV» is «05/UBND-NV»."""
    return re.sub(r"^(\d)(?=\D|$)", r"0\1", number.strip())


def printed_number(number: str) -> str:
    """As it stands on paper: a number that the clerk has not given yet leaves room to be written by hand."""
    padded = padded_number(number)
    return f"{_ROOM}{padded}" if padded.startswith("/") else padded


def _shown_deviations(figures: RosterFigures) -> list[str]:
    shown = list(figures.deviations[:_MOST_DEVIATIONS])
    if len(figures.deviations) > len(shown):
        shown.append(f"và {len(figures.deviations) - len(shown)} danh sách khác")
    return shown


def _paragraphs(kind: PaperKind, issuer: str, recipient: str, figures: RosterFigures) -> list[str]:
    what = (
        f"danh sách đối tượng điều tra xã hội học phục vụ xác định Chỉ số cải cách hành chính năm {figures.year}, "
        f"gồm {figures.persons} người thuộc {figures.groups_held} nhóm do {figures.units} cơ quan, đơn vị lập"
    )
    version = f"Danh sách là bản {figures.number}, khóa ngày {date_text(figures.locked_on)}"
    if kind == PaperKind.LETTER:
        return [
            f"{issuer} gửi {recipient} {what} (Phụ lục kèm theo).",
            f"{version}. Tệp điện tử (.xlsx) gửi kèm có mã kiểm tra SHA-256:",
        ]
    if kind == PaperKind.PROPOSAL:
        return [
            f"{issuer} đã tiếp nhận, kiểm tra, tổng hợp {what}. Kính trình {recipient} xem xét, phê duyệt để gửi Sở "
            "Nội vụ.",
            f"{version}. Số người theo nhóm như sau:",
        ]
    return [
        f"{issuer} báo cáo {recipient} kết quả lập {what}.",
        f"{version}. Số người theo nhóm như sau:",
    ]


def _closing(kind: PaperKind, issuer: str, recipient: str) -> str:
    if kind == PaperKind.LETTER:
        return f"{issuer} kính gửi {recipient} tổng hợp./."
    if kind == PaperKind.PROPOSAL:
        return f"{issuer} kính trình {recipient} xem xét, quyết định./."
    return f"Trên đây là báo cáo của {issuer}, kính báo cáo {recipient}./."


def annex_context(wishes: PaperWishes, survey_round: Round, version: RosterVersion, ethnicity: bool) -> dict[str, Any]:
    """The annex: one table for each group, in the order of the roster. Raises ValueError for an erased version."""
    if version.content is None:
        raise ValueError("the content of this version was erased")
    document = json.loads(version.content)
    issuer = wishes.agency.replace("\n", " ")
    groups = [
        _annex_group(code, name, [one for one in document["persons"] if one["group"] == code], ethnicity)
        for code, name in sorted(document["groups"].items())
    ]
    day = place_and_day("", wishes.dated).lstrip(", ")
    return {
        "mark": survey_round.mark,
        "title": f"DANH SÁCH ĐỐI TƯỢNG ĐIỀU TRA XÃ HỘI HỌC NĂM {survey_round.year}",
        "attached": f"(Kèm theo Công văn số {printed_number(wishes.number)} {day} của {issuer})",
        "groups": groups,
        "version": version.number,
        "roster_sha256": version.sha256,
        "persons": version.persons,
    }


# Numbers and days must not break; in print the letters are larger than the column of a sheet reckons.
_WIDER = {"phone": 1.25, "receipt_date": 1.3, "return_date": 1.3, "birth": 1.1}
_ANNEX_LEAVES_OUT = ("email", "language", "dossier")  # stand in the workbook; a printed line has no room for them


def _annex_group(code: str, name: str, persons: Sequence[Mapping[str, Any]], ethnicity: bool) -> dict[str, Any]:
    fields = [
        one for one in fields_of_group(code) if one not in _ANNEX_LEAVES_OUT and (one != "ethnicity" or ethnicity)
    ]
    rows = [
        {"number": number, "cells": [_printed(cell_value(person, one)) for one in fields]}
        for number, person in enumerate(persons, 1)
    ]
    return {
        "title": f"Nhóm {code} – {name}: {len(persons)} người",
        "columns": [PERSON_COLUMNS[one].title for one in fields],
        "widths": [PERSON_COLUMNS[one].width * _WIDER.get(one, 1) for one in fields],
        "rows": rows,
    }


def _printed(value: Any) -> str:
    return date_text(value) if isinstance(value, date) else "" if value is None else str(value)
