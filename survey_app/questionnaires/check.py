"""Is a questionnaire fit to be published? Findings about its structure, its texts, and the criteria of the round."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .check_filters import check_filters
from .check_reachable import unanswerable, unreachable
from .check_structure import check_structure
from .check_texts import check_texts
from .definition import DATE, SELECT_MULTIPLE, SELECT_ONE, TEXT, Definition, Question, choice_lists, questions_in
from .expression import (
    Column,
    Expression,
    Literal,
    Operation,
    Reference,
    Surroundings,
    evaluate,
    holds,
    parts,
    references,
    uses,
)
from .message import Message, Severity
from .xlsform_kinds import LOOKS
from .xlsform_matrix import matrix_messages

_SYLLABLES_PER_SECOND: Final = 3.0  # read by somebody who reads slowly
_SECONDS_PER_CHOICE: Final = 4
_SECONDS_PER_TEXT: Final = 30
_MOST_TOLD_ALONE: Final = 5  # missing translations of one column
_MOST_ROWS_NAMED: Final = 20
_SECONDS_PER_ROW: Final = 2  # of a matrix, where the question was read once


@dataclass(frozen=True, slots=True)
class AskedCriterion:
    """A leaf criterion that the survey scores, the groups asked about it, and the highest level that has points."""

    code: str
    groups: frozenset[str]
    levels: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many criteria of a round have a question in the questionnaire of every group that is asked about them."""

    covered: int
    total: int
    missing: tuple[tuple[str, str], ...]  # pairs (criterion, group)


def check(
    definition: Definition, criteria: Sequence[AskedCriterion] | None = None, group: str = "", self_rating: bool = False
) -> list[Message]:
    """All findings, errors first, in the order of the file. Without `criteria` the round is not looked at.

    A `self_rating` group may be asked about any criterion: its points are shown apart.
    """
    found = [
        *check_structure(definition),
        *matrix_messages(definition),
        *unreachable(definition),
        *unanswerable(definition),
        *check_filters(definition),
        *_gathered(check_texts(definition)),
        *_check_answering(definition),
        *_equalled_multiples(definition),
        *_empty_groups(definition),
        *_unused_columns(definition),
        *_check_scoring(definition),
    ]
    if criteria is not None:
        found += check_round(definition, criteria, group or definition.group, self_rating)
    once = dict.fromkeys(found)  # the times of a repeat share their rows
    return sorted(once, key=lambda message: (not message.is_error, message.sheet != "survey", message.row))


def coverage(definitions: Mapping[str, Definition], criteria: Sequence[AskedCriterion]) -> Coverage:
    """Coverage of the criteria by the questionnaires of a round, given by group."""
    asked = {group: {q.criterion for q in definition.questions()} for group, definition in definitions.items()}
    missing = tuple(
        (criterion.code, group)
        for criterion in criteria
        for group in sorted(criterion.groups)
        if criterion.code not in asked.get(group, set())
    )
    return Coverage(len(criteria) - len({code for code, _ in missing}), len(criteria), missing)


def minutes(definition: Definition) -> int:
    """Estimated time to answer everything, in whole minutes: reading at a slow pace plus choosing or writing."""
    seconds = 0.0
    for question in definition.questions():
        if question.rated_unit:
            seconds += _SECONDS_PER_ROW
            continue
        words = " ".join((question.label.get("vi", ""), question.hint.get("vi", ""))).split()
        seconds += len(words) / _SYLLABLES_PER_SECOND
        seconds += _SECONDS_PER_TEXT if question.kind == TEXT else _SECONDS_PER_CHOICE if question.is_answered else 0
    return max(1, math.floor(seconds / 60 + 0.5))


def _check_answering(definition: Definition) -> Iterator[Message]:
    """What can be walked, but not as the author may think."""
    if not any(question.is_answered for question in definition.questions()):
        yield Message(Severity.ERROR, "nothing_to_answer", "phiếu chưa có câu nào để trả lời.", "survey")
    for question in definition.questions():
        if question.calculation and not _gives_a_number(question.calculation.tree):
            text = "phép tính này không ra số, ví dụ vì chia cho 0. Sửa phép tính."
            yield Message(Severity.ERROR, "no_number", text, "survey", question.row, "calculation")
        for word in question.appearance.split():
            if word in LOOKS.get(question.kind, ()):
                text = f"«{word}» chỉ đổi cách hiện ở ODK, ở đây không có tác dụng."
                yield Message(Severity.WARNING, "look_only", text, "survey", question.row, "appearance")
        if question.constraint and not question.constraint_message:
            text = "có điều kiện nhưng chưa có lời nói cho người trả lời biết phải sửa gì."
            yield Message(
                Severity.WARNING, "constraint_without_message", text, "survey", question.row, "constraint_message"
            )
        if question.default and question.constraint and not _takes(question.constraint.tree, question.default):
            text = f"giá trị có sẵn «{question.default}» không qua được điều kiện ở cột constraint. Sửa một trong hai."
            yield Message(Severity.WARNING, "default_refused", text, "survey", question.row, "default")
        if question.kind == DATE and question.is_answered:
            text = "ngày đầy đủ (nhất là ngày sinh) dễ cho biết người trả lời là ai. Nên hỏi năm, hoặc khoảng."
            yield Message(Severity.WARNING, "telling_date", text, "survey", question.row, "type")


def _takes(constraint: Expression, value: str) -> bool:
    """Whether a constraint takes a value; true where that depends on the day or on other answers."""
    depends = uses(constraint, "today") or any(references(constraint))
    return depends or holds(constraint, {}, Surroundings(value))


def _equalled_multiples(definition: Definition) -> Iterator[Message]:
    """`${a} = '1'` of a multiple choice: true for who chose that one alone, which few authors mean."""
    multiple = {question.name for question in definition.questions() if question.kind == SELECT_MULTIPLE}
    for item in definition.all_items():
        conditions = {"relevant": item.relevant}
        if isinstance(item, Question):
            conditions |= {"constraint": item.constraint, "calculation": item.calculation}
        for column, condition in conditions.items():
            for name, choice in _equalled(condition.tree) if condition else ():
                if name in multiple and choice:
                    text = (
                        f"câu «{name}» chọn được nhiều ý, phép = chỉ đúng với người chọn một mình «{choice}». "
                        f"Nên viết selected(${{{name}}}, '{choice}')."
                    )
                    yield Message(Severity.WARNING, "equalled_multiple", text, "survey", item.row, column)


def _equalled(tree: Expression) -> Iterator[tuple[str, str]]:
    for part in parts(tree):
        match part:
            case Operation("=", (Reference(name), Literal(str() as text)) | (Literal(str() as text), Reference(name))):
                yield name, text


def _empty_groups(definition: Definition) -> Iterator[Message]:
    """Sections and repeats without a question; of a repeat, whose times share a row, the first only."""
    told: set[int] = set()
    for group in definition.groups():
        if not any(questions_in(group.items)) and group.row not in told:
            text = (
                f"phần «{group.name}» không có câu nào. Thêm câu vào giữa hai dòng begin và end, hoặc bỏ hai dòng ấy."
            )
            yield Message(Severity.WARNING, "empty_group", text, "survey", group.row, "type")
            told.add(group.row)


def _gathered(messages: Iterator[Message]) -> Iterator[Message]:
    """A column in which many translations are missing is told once, with its rows."""
    lacking: dict[tuple[str, str], list[Message]] = {}
    for message in messages:
        if message.kind == "missing_text":
            lacking.setdefault((message.sheet, message.column), []).append(message)
        else:
            yield message
    for (sheet, column), found in lacking.items():
        if len(found) <= _MOST_TOLD_ALONE:
            yield from found
            continue
        rows = ", ".join(str(message.row) for message in found[:_MOST_ROWS_NAMED])
        rows += " …" if len(found) > _MOST_ROWS_NAMED else ""
        text = f"thiếu bản dịch ở {len(found)} ô (dòng {rows}). Điền các ô này, hoặc bỏ cột nếu chưa dịch."
        yield Message(Severity.ERROR, "missing_text", text, sheet, found[0].row, column)


def _gives_a_number(tree: Expression) -> bool:
    """Whether a calculation without answers gives no infinity and no NaN; one that looks at answers is not tried."""
    if any(references(tree)):
        return True
    value = evaluate(tree, {})
    return not isinstance(value, float) or math.isfinite(value)


def _unused_columns(definition: Definition) -> Iterator[Message]:
    """Further columns of `choices` that no choice_filter looks at: perhaps a misspelt heading."""
    filters = (question.choice_filter.tree for question in definition.questions() if question.choice_filter)
    used = {part.name for tree in filters for part in parts(tree) if isinstance(part, Column)}
    listed = [choice for choices in choice_lists(definition).values() for choice in choices]
    for column in sorted({column for choice in listed for column in choice.cells} - used):
        text = "không choice_filter nào dùng cột này. Bỏ cột, hoặc sửa lại tên cột."
        yield Message(Severity.WARNING, "unused_column", text, "choices", 1, column)


def _check_scoring(definition: Definition) -> Iterator[Message]:
    first_use: dict[str, Question] = {}
    for question in definition.questions():
        if question.is_scored and question.kind == SELECT_ONE:
            first_use.setdefault(question.list_name, question)
            if not question.required:
                text = "câu chấm điểm không bắt buộc: bỏ trống và «không biết» sẽ lẫn vào nhau."
                yield Message(Severity.WARNING, "scored_not_required", text, "survey", question.row, "required")
    for question in first_use.values():
        yield from _check_scale(question)


def _check_scale(question: Question) -> Iterator[Message]:
    """Findings about the list of choices of a scored question."""
    for choice in question.choices:
        if choice.level is None and not choice.is_dont_know:
            text = f"lựa chọn «{choice.name}» dùng để chấm điểm nhưng chưa có mức."
            yield Message(Severity.ERROR, "missing_level", text, "choices", choice.row, "level")
        if choice.level is not None and choice.is_dont_know:
            text = "«không biết» không được có mức. Để trống ô này."
            yield Message(Severity.ERROR, "level_of_dont_know", text, "choices", choice.row, "level")
    levels = [choice.level for choice in question.choices if choice.level is not None]
    first_row = question.choices[0].row if question.choices else 0
    if len(set(levels)) != len(levels):
        text = f"hai lựa chọn của «{question.list_name}» cùng một mức."
        yield Message(Severity.ERROR, "duplicate_level", text, "choices", first_row, "level")
    elif len(levels) < 2 or sorted(levels) != list(range(1, len(levels) + 1)):
        shown = ", ".join(map(str, sorted(levels))) or "trống"
        text = (
            f"mức của «{question.list_name}» là {shown}; phải là 1, 2, 3… liền nhau, mức 1 thấp nhất, ít nhất hai mức."
        )
        yield Message(Severity.ERROR, "level_gap", text, "choices", first_row, "level")
    elif levels != sorted(levels):
        text = f"mức của «{question.list_name}» không tăng dần; thứ tự sẽ khác phiếu giấy."
        yield Message(Severity.WARNING, "level_order", text, "choices", first_row, "level")
    if not any(choice.is_dont_know for choice in question.choices):
        text = f"«{question.list_name}» không có lựa chọn «không biết» (tên KB); người không rõ phải chọn bừa."
        yield Message(Severity.WARNING, "no_dont_know", text, "choices", first_row)


def level_faults(definition: Definition, criteria: Sequence[AskedCriterion]) -> Iterator[Message]:
    """Scales with more or fewer levels than their criterion has points for; such answers could never be scored."""
    most = {criterion.code: criterion.levels for criterion in criteria}
    scales: dict[tuple[str, int], Question] = {}
    for question in definition.questions():
        if question.criterion in most:
            scales.setdefault((question.list_name, most[question.criterion]), question)
    for (list_name, levels), question in scales.items():
        found = {choice.level for choice in question.choices if choice.level is not None}
        if found and found != set(range(1, levels + 1)):
            text = (
                f"«{list_name}» có {len(found)} mức (cao nhất {max(found)}), tiêu chí {question.criterion} tính điểm "
                f"theo {levels} mức. Ghi mức 1 đến {levels}, hoặc chọn lại hệ số ở «Quy tắc tính điểm» của đợt."
            )
            yield Message(Severity.ERROR, "levels_of_round", text, "choices", question.choices[0].row, "level")


def check_round(
    definition: Definition, criteria: Sequence[AskedCriterion], group: str, self_rating: bool
) -> Iterator[Message]:
    """What in the questionnaire does not fit the criteria and rules of the round."""
    known = {criterion.code: criterion for criterion in criteria}
    if definition.group and group and definition.group != group:
        text = f"tệp ghi là phiếu nhóm {definition.group}, không phải nhóm {group}."
        yield Message(Severity.ERROR, "other_group", text, "settings", 2, "group")
    asked = set()
    for question in definition.questions():
        if not question.is_scored:
            continue
        asked.add(question.criterion)
        if question.criterion not in known:
            text = f"tiêu chí {question.criterion} không có trong phần điều tra của đợt này."
            yield Message(Severity.ERROR, "unknown_criterion", text, "survey", question.row, "criterion")
        elif group and not self_rating and group not in known[question.criterion].groups:
            groups = ", ".join(sorted(known[question.criterion].groups))
            text = f"tiêu chí {question.criterion} chỉ hỏi nhóm {groups}, không hỏi nhóm {group}."
            yield Message(Severity.ERROR, "criterion_of_other_group", text, "survey", question.row, "criterion")
    for criterion in criteria:
        if group in criterion.groups and criterion.code not in asked:
            text = f"tiêu chí {criterion.code} hỏi nhóm {group} nhưng phiếu chưa có câu nào."
            yield Message(Severity.ERROR, "criterion_without_question", text, "survey")
    yield from level_faults(definition, criteria)
