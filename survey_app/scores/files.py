"""What do a criterion table and a table of answers say, when they come as CSV files and not from the database?

Every fault is told in Vietnamese with file, row (as a spreadsheet counts, from 1) and column.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from errno import EACCES, EISDIR, ENOENT
from pathlib import Path
from typing import Any
from unicodedata import normalize

from analysis.component_score import SIPAS, SIPAS_LEVELS, SURVEY, Criterion, score_leaves
from analysis.scoring_rules import DONT_KNOW, NOT_ANSWERED, ScoringError, Settings

from ..text import clean
from .document import result_document, units_document

# The words of a criterion table: self-assessed leaves get no points here.
SCORED_BY = {"TĐG": "", "ĐTXHH": SURVEY, "SIPAS": SIPAS}
NOT_ASKED = "na"
_SIPAS_ITEM = re.compile(r"s_\d{2}")
_QUESTION = re.compile(r"(q|s)_\d+(_\d+)*")
_NO_TABLE = "không đọc được bảng CSV: có ô quá dài hoặc dấu ngoặc kép chưa đóng. Mở tệp, lưu lại dạng CSV UTF-8."
_UNREADABLE = {
    ENOENT: "không có tệp này, xem lại tên và thư mục",
    EISDIR: "đây là thư mục, ghi tên tệp",
    EACCES: "không có quyền đọc tệp này",
}
_MAX_ROWS = 2_000_000
_MOST_POINTS, _MOST_DECIMALS = 10_000, 6

Row = tuple[int, dict[str, str]]


@dataclass
class AnswerCounts:
    """A table of answers as counts, whole and per rated unit, with what was left out and why."""

    by_group: Counter[str] = field(default_factory=Counter)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    by_unit: dict[str, Counter[tuple[str, str, str]]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def compute_files(
    criteria_path: Path, answers_path: Path, settings_path: Path | None = None
) -> tuple[Settings, dict[str, Any], list[str]]:
    """The rules, the result as a JSON document (with `units` where the answers have `rated_unit`), and warnings.

    Raises ScoringError for anything that cannot be read or scored.
    """
    settings = read_settings(settings_path)
    leaves, answers = read_answers(answers_path, read_criteria(criteria_path), settings)
    if settings_path:
        answers.warnings[:0] = [f"{settings_path.name}: {warning}" for warning in _odd_rules(settings, leaves)]
    document = result_document(score_leaves(leaves, answers.counts, settings), settings, answers.by_group)
    if answers.by_unit:
        scores = {unit: score_leaves(leaves, counts, settings) for unit, counts in answers.by_unit.items()}
        document["units"] = units_document(scores, settings)
    return settings, document, answers.warnings


def read_settings(path: Path | None) -> Settings:
    """The rules of a JSON file, the usual ones without a file. Raises ScoringError."""
    if path is None:
        return Settings()
    text = _text(path)
    try:
        return Settings.from_json(json.loads(text, parse_float=Decimal, object_pairs_hook=_each_key_once))
    except json.JSONDecodeError as fault:
        raise ScoringError(f"{path.name}: không phải JSON hợp lệ (dòng {fault.lineno}, cột {fault.colno}).") from None
    except ScoringError as fault:
        raise ScoringError(f"{path.name}: {fault}") from None


def _each_key_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if repeated:
        raise ScoringError(f"khóa «{repeated[0]}» có hai lần. Mỗi khóa chỉ ghi một lần.")
    return dict(pairs)


def _odd_rules(settings: Settings, leaves: Sequence[Criterion]) -> Iterator[str]:
    """Rules that can be meant so, but are more often a slip."""
    pairs = zip(settings.coefficients, settings.coefficients[1:], strict=False)
    falls = next((level for level, (lower, upper) in enumerate(pairs, start=1) if upper < lower), 0)
    if falls:
        yield (
            f"hệ số mức {falls + 1} nhỏ hơn hệ số mức {falls}, trong khi mức 1 là kém nhất. "
            "Xem lại «coefficients» có ghi ngược thứ tự không."
        )
    asked = {group for leaf in leaves for group in leaf.groups}
    for group, _weight in settings.group_weights:
        if group not in asked:
            yield f"«group_weights» có nhóm {group}, không tiêu chí nào hỏi nhóm này nên trọng số không được dùng."


def read_criteria(path: Path) -> tuple[Criterion, ...]:
    """The leaves of a criterion table that the survey scores, each asked by the column of its code (`q_1_7_1`).

    Raises ScoringError where a column is missing, a cell cannot be read, or no leaf is scored by the survey.
    """
    header, rows = _table(path)
    _refuse_missing(path, header, ("code", "max_points", "scored_by", "groups"))
    leaves: list[Criterion] = []
    seen: dict[str, int] = {}
    for number, row in rows:
        code = row["code"]
        where = f"{path.name}, dòng {number}"
        if not code:
            raise ScoringError(f"{where}, cột code: chưa có mã tiêu chí.")
        if code in seen:
            raise ScoringError(f"{where}, cột code: tiêu chí {code} đã có ở dòng {seen[code]}. Mỗi mã chỉ một dòng.")
        seen[code] = number
        leaf = _criterion(row, where)
        if leaf:
            leaves.append(leaf)
    if not leaves:
        raise ScoringError(
            f"{path.name}: không có tiêu chí nào do điều tra chấm, nên không có gì để tính. "
            "Cột scored_by của các tiêu chí đó phải ghi ĐTXHH hoặc SIPAS."
        )
    if sum(leaf.scored_by == SIPAS for leaf in leaves) > 1:
        raise ScoringError(f"{path.name}: có hơn một tiêu chí SIPAS; các cột s_01, s_02 … chỉ thuộc một tiêu chí.")
    return tuple(leaves)


def read_answers(
    path: Path, criteria: Sequence[Criterion], settings: Settings
) -> tuple[tuple[Criterion, ...], AnswerCounts]:
    """The leaves with the columns that ask for them, and the counts. Raises ScoringError with row and column.

    An answer of a group that is not asked a criterion is not counted; a warning says how many.
    """
    header, rows = _table(path)
    leaves = tuple(
        replace(leaf, items=tuple(sorted(filter(_SIPAS_ITEM.fullmatch, header)))) if leaf.scored_by == SIPAS else leaf
        for leaf in criteria
    )
    _refuse_missing(path, header, ("group", *(item for leaf in leaves for item in leaf.items)))
    for leaf in leaves:
        if not leaf.items:
            raise ScoringError(f"{path.name}: thiếu các cột s_01, s_02 … của tiêu chí {leaf.code} (SIPAS).")
    answers = _count(path.name, rows, leaves, settings, per_unit="rated_unit" in header)
    asked = {item for leaf in leaves for item in leaf.items}
    unknown = [column for column in header if _QUESTION.fullmatch(column) and column not in asked]
    if unknown:
        answers.warnings.append(f"{path.name}: không tính các cột không thuộc tiêu chí nào: {', '.join(unknown)}.")
    return leaves, answers


def _criterion(row: Mapping[str, str], where: str) -> Criterion | None:
    if row["scored_by"] not in SCORED_BY:
        raise ScoringError(f"{where}, cột scored_by: không hiểu «{row['scored_by']}». Dùng {', '.join(SCORED_BY)}.")
    scored_by = SCORED_BY[row["scored_by"]]
    try:
        points = Decimal(row["max_points"].replace(",", "."))
    except InvalidOperation:
        points = Decimal("NaN")
    if not (points.is_finite() and 0 <= points <= _MOST_POINTS and points == round(points, _MOST_DECIMALS)):
        raise ScoringError(f"{where}, cột max_points: «{row['max_points']}» không phải là số điểm, ví dụ 0.75.")
    if not scored_by:
        return None
    groups = tuple(dict.fromkeys(re.split(r"[\s,;]+", row["groups"].upper().strip(" ,;"))))
    if groups == ("",):
        raise ScoringError(f"{where}, cột groups: tiêu chí do điều tra chấm phải ghi các nhóm được hỏi, ví dụ A,C,D.")
    item = f"q_{row['code'].replace('.', '_')}"
    return Criterion(row["code"], points, scored_by, groups, () if scored_by == SIPAS else (item,))


def _count(
    name: str, rows: Iterator[Row], leaves: Sequence[Criterion], settings: Settings, per_unit: bool
) -> AnswerCounts:
    answers = AnswerCounts()
    asked = {group: _columns_of(group, leaves, settings) for leaf in leaves for group in leaf.groups}
    not_asked = {group: _other_columns(group, leaves, settings) for group in asked}
    stray: Counter[str] = Counter()
    persons: set[tuple[str, str]] = set()
    spelled: dict[str, tuple[str, int]] = {}
    forms: dict[tuple[str, str, str], int] = {}
    again: list[tuple[int, int]] = []
    for number, row in rows:
        group = row["group"].upper()
        if group not in asked:
            raise ScoringError(
                f"{name}, dòng {number}, cột group: nhóm «{row['group']}» không có trong bộ tiêu chí "
                f"(các nhóm: {', '.join(sorted(asked))})."
            )
        # One person may rate several units, one row each; where the file numbers the persons, each counts once.
        person = (group, row.get("respondent", "") if per_unit else "")
        if not person[1] or person not in persons:
            answers.by_group[group] += 1
            persons.add(person)
        given = _row_counts(name, number, row, group, asked[group])
        answers.counts.update(given)
        if per_unit:
            unit = row["rated_unit"]
            if not unit:
                raise ScoringError(f"{name}, dòng {number}, cột rated_unit: chưa ghi mã đơn vị được đánh giá.")
            first, line = spelled.setdefault(unit.casefold(), (unit, number))
            if first != unit:
                raise ScoringError(
                    f"{name}, dòng {number}, cột rated_unit: «{unit}» chỉ khác «{first}» ở dòng {line} về chữ hoa, chữ "
                    "thường. Ghi mã của một đơn vị giống nhau ở mọi dòng."
                )
            answers.by_unit.setdefault(unit, Counter()).update(given)
        if row.get("respondent"):
            line = forms.setdefault((group, row["respondent"], row.get("rated_unit", "")), number)
            if line != number:
                again.append((line, number))
        for column, scale in not_asked[group].items():
            value = row[column]
            if value not in (NOT_ASKED, NOT_ANSWERED) and _level(name, number, column, value, scale) is not None:
                stray[f"nhóm {group} không được hỏi {column}"] += 1
    if not answers.by_group:
        raise ScoringError(f"{name}: không có dòng trả lời nào.")
    if again:
        answers.warnings.append(
            f"{name}: {len(again)} dòng lặp lại người trả lời (cột respondent) đã có, ví dụ dòng {again[0][0]} và dòng "
            f"{again[0][1]}. Dòng nào cũng được tính; xóa dòng thừa nếu là nhập hai lần."
        )
    answers.warnings.extend(f"{name}: {what}, bỏ {count} câu trả lời." for what, count in stray.items())
    return answers


def _columns_of(group: str, leaves: Sequence[Criterion], settings: Settings) -> dict[str, frozenset[str]]:
    """Column → levels it may hold, for the criteria that this group is asked."""
    return {item: _scale(leaf, settings) for leaf in leaves if group in leaf.groups for item in leaf.items}


def _other_columns(group: str, leaves: Sequence[Criterion], settings: Settings) -> dict[str, frozenset[str]]:
    return {item: _scale(leaf, settings) for leaf in leaves if group not in leaf.groups for item in leaf.items}


def _scale(leaf: Criterion, settings: Settings) -> frozenset[str]:
    if leaf.scored_by == SIPAS:
        return frozenset(map(str, range(1, SIPAS_LEVELS + 1)))
    return frozenset(settings.levels)


def _row_counts(
    name: str, number: int, row: Mapping[str, str], group: str, columns: Mapping[str, frozenset[str]]
) -> list[tuple[str, str, str]]:
    given: list[tuple[str, str, str]] = []
    for column, scale in columns.items():
        value = row[column]
        level = value if value in scale else _level(name, number, column, value, scale)
        if level is not None:
            given.append((group, column, level))
    return given


def _level(name: str, number: int, column: str, value: str, scale: frozenset[str]) -> str | None:
    """The level of a cell, KB, or "" for not answered; None where the question was not asked."""
    if value in scale or value == NOT_ANSWERED:
        return value
    if value.upper() == DONT_KNOW:
        return DONT_KNOW
    if value.lower() == NOT_ASKED:
        return None
    raise ScoringError(
        f"{name}, dòng {number}, cột {column}: «{value[:40]}» không có trong thang {len(scale)} mức. "
        f"Chỉ ghi 1 đến {len(scale)}, {DONT_KNOW} (không biết), {NOT_ASKED} (không được hỏi) hoặc để trống."
    )


def _refuse_missing(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in header]
    if missing:
        raise ScoringError(f"{path.name}: thiếu cột {', '.join(missing)}. Dòng đầu của tệp phải là tên cột.")


def _table(path: Path) -> tuple[list[str], Iterator[Row]]:
    """The header and the rows below it with their number; blank rows are left out, but counted."""
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise ScoringError(f"{path.name}: tệp trống.")
    delimiter = max(",;\t", key=first.count)
    records = enumerate(csv.reader(io.StringIO(text, newline=None), delimiter=delimiter), start=1)
    try:
        header = next([clean(cell) for cell in record] for _, record in records if any(map(str.strip, record)))
    except csv.Error:
        raise ScoringError(f"{path.name}: {_NO_TABLE}") from None
    repeated = [column for column, count in Counter(header).items() if count > 1 and column]
    if repeated:
        raise ScoringError(f"{path.name}: cột {', '.join(repeated)} có hai lần. Mỗi cột chỉ một lần.")
    return header, _rows(path.name, header, records)


def _rows(name: str, header: list[str], records: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    try:
        for number, record in records:
            if not any(map(str.strip, record)):
                continue
            if len(record) != len(header):
                raise ScoringError(f"{name}, dòng {number}: có {len(record)} ô, dòng tên cột có {len(header)} ô.")
            if number > _MAX_ROWS:
                raise ScoringError(f"{name}: quá {_MAX_ROWS} dòng.")
            yield number, dict(zip(header, map(str.strip, record), strict=True))
    except csv.Error:
        raise ScoringError(f"{name}: {_NO_TABLE}") from None


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as fault:
        why = _UNREADABLE.get(fault.errno or 0, f"máy báo lỗi số {fault.errno}")
        raise ScoringError(f"Không đọc được tệp {path}: {why}.") from None
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = normalize("NFC", data.decode(encoding))
    except UnicodeDecodeError:
        raise ScoringError(f"{path.name}: không phải văn bản UTF-8. Lưu lại dạng CSV UTF-8 rồi thử lại.") from None
    if "\x00" in text:
        raise ScoringError(f"{path.name}: không phải tệp văn bản.")
    return text
