"""The program's own words around a question: what is wrong with an answer, and what the placeholders stand for.

Called inside a request, in the language of the page.
"""

from collections.abc import Callable

from flask_babel import gettext as _

from ..rounds.models import Round
from ..text import date_text
from .definition import Question, Texts, fill, text_in
from .path import NOT_AN_INTEGER, TOO_LONG


def fault_text(kind: str, question: Question, own: str = "") -> str:
    """The sentence beside a faulty answer; `own` is the author's sentence for a missing answer."""
    if kind == TOO_LONG:
        words = _("Ý kiến dài quá 2.000 ký tự. Viết ngắn lại.")
    elif kind == NOT_AN_INTEGER:
        words = _("Điền một số, chỉ gồm chữ số.")
    elif own:
        words = own
    elif not question.choices:
        words = _("Điền câu trả lời.")
    elif any(choice.is_dont_know for choice in question.choices):
        words = _("Chọn một câu trả lời. Không rõ thì chọn «Không biết / không có ý kiến».")
    else:
        words = _("Chọn một câu trả lời.")
    return str(words)


def placeholder_values(survey_round: Round, rated_unit: str) -> dict[str, str]:
    """What `{unit}`, `{year}`, `{from}`, `{to}` stand for in a round."""
    return {
        "unit": rated_unit,
        "year": str(survey_round.year),
        "from": date_text(survey_round.period_from) or f"01/01/{survey_round.year}",
        "to": date_text(survey_round.period_to) or f"31/12/{survey_round.year}",
    }


def text_shower(survey_round: Round, rated_unit: str, language: str) -> Callable[[Texts], str]:
    """A function of a text in all languages: the text to show, placeholders filled."""
    values = placeholder_values(survey_round, rated_unit)
    return lambda texts: fill(text_in(texts, language), values)
