"""The program's own words around a question: what is wrong with an answer, and what the placeholders stand for.

Called inside a request, in the language of the page.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask_babel import get_locale
from flask_babel import gettext as _

from ..rounds.models import Round
from ..text import N_, date_text
from .answer_values import (
    CONSTRAINT,
    NOT_A_DATE,
    NOT_A_NUMBER,
    NOT_ALL_RANKED,
    NOT_AN_INTEGER,
    NOT_IN_RANGE,
    TOO_LONG,
)
from .definition import ACKNOWLEDGE, RANK, Question, Texts, fill, text_in
from .label_values import answer_words
from .paper_form import HandIn


def fault_text(kind: str, question: Question, shown: Callable[[Texts], str]) -> str:
    """The sentence beside a faulty answer: the author's own where there is one. `shown` chooses the language."""
    if kind == CONSTRAINT:
        return shown(question.constraint_message) or str(_("Câu trả lời này chưa hợp lệ. Xem lại rồi sửa."))
    if kind == NOT_IN_RANGE:
        return range_text(question)
    if kind in _WORDS:
        return str(_(_WORDS[kind]))
    return shown(question.required_message) or _missing(question)


def range_text(question: Question) -> str:
    """Which numbers a question with steps takes; where they do not go by one, what they are."""
    steps = [answer_words(None, step, str(get_locale())) for step in question.steps]
    words = str(_("Điền một số từ %(first)s đến %(last)s.", first=steps[0], last=steps[-1]))
    if question.parameters.get("step", "1") == "1":
        return words
    return words + " " + str(_("Chỉ nhận các số %(steps)s…", steps="; ".join(steps[:3])))


_WORDS: Final = {
    TOO_LONG: N_("Ý kiến dài quá 2.000 ký tự. Viết ngắn lại."),
    NOT_AN_INTEGER: N_("Điền một số, chỉ gồm chữ số."),
    NOT_A_NUMBER: N_("Điền một số, ví dụ 2 hoặc 2,5."),
    NOT_A_DATE: N_("Điền ngày, tháng, năm, ví dụ 05/01/2021."),
    NOT_ALL_RANKED: N_("Chọn thứ tự cho tất cả các mục, mỗi mục một thứ tự khác nhau."),
}


def _missing(question: Question) -> str:
    """What to do about a question left open, where the author has no own sentence."""
    if question.kind == RANK:
        words = _WORDS[NOT_ALL_RANKED]
        return str(_(words))
    if question.kind == ACKNOWLEDGE:
        words = _("Đánh dấu vào ô này để tiếp tục.")
    elif not question.choices:
        words = _("Điền câu trả lời.")
    elif any(choice.is_dont_know for choice in question.choices):
        words = _("Chọn một câu trả lời. Không rõ thì chọn «Không biết / không có ý kiến».")
    else:
        words = _("Chọn một câu trả lời.")
    return str(words)


def words_of_faults(
    faults: Mapping[str, str], questions: Mapping[str, Question], shown: Callable[[Texts], str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The sentence of every fault, and the id of the field that its link leads to; in a matrix the name of the unit."""
    words = {
        name: shown(questions[name].label) if questions[name].rated_unit else fault_text(kind, questions[name], shown)
        for name, kind in faults.items()
    }
    return words, {name: _first_field(questions[name]) for name in faults}


def _first_field(question: Question) -> str:
    if question.choices:
        return f"q-{question.name}-{question.choices[0].name}"
    return f"q-{question.name}-{question.steps[0]}" if question.is_short_range else f"q-{question.name}"


def reviewed_words(question: Question, answer: Any, shown: Callable[[Texts], str]) -> str:
    """An answer as the review shows it, empty for none."""
    if question.choices:
        labels = {choice.name: shown(choice.label) for choice in question.choices}
        chosen = [labels[name] for name in (answer if isinstance(answer, list) else [answer]) if name in labels]
        if question.kind == RANK:
            chosen = [f"{place}. {label}" for place, label in enumerate(chosen, start=1)]
        return "; ".join(chosen)
    if question.kind == ACKNOWLEDGE:
        return str(_("Đã xác nhận")) if answer else ""
    return answer_words(question, answer, str(get_locale()))


def placeholder_values(survey_round: Round, rated_unit: str) -> dict[str, str]:
    """What `{unit}`, `{year}`, `{from}`, `{to}` stand for in a round."""
    return {
        "unit": rated_unit,
        "year": str(survey_round.year),
        "from": date_text(survey_round.period_from) or f"01/01/{survey_round.year}",
        "to": date_text(survey_round.period_to) or f"31/12/{survey_round.year}",
    }


def hand_in_of(survey_round: Round) -> HandIn:
    """What a round knows of how a paper form comes back."""
    return HandIn(
        survey_round.operator_unit.name,
        date_text(survey_round.closes_on),
        survey_round.help_phone,
        survey_round.help_hours,
    )


def text_shower(survey_round: Round, rated_unit: str, language: str) -> Callable[[Texts], str]:
    """A function of a text in all languages: the text to show, placeholders filled."""
    values = placeholder_values(survey_round, rated_unit)
    return lambda texts: fill(text_in(texts, language), values)
