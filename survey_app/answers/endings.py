"""How a respondent's way ends: sent, already answered, closed, not open, refused, or a code that is unknown."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import g, request
from flask_babel import gettext as _
from sqlalchemy import select

from ..errors import SurveyError
from ..rounds.models import Round
from ..text import local_day, today
from ..web import reading
from .blueprint import bp, for_respondents
from .rules import AlreadyAnswered, Cancelled, Closed, CodeVoid, NotOpen, SlipNotTicked, UnknownCode
from .state import StalePage
from .visit import ForeignPage, TooManyUnknownCodes, refuse_foreign_pages, show
from .writer import BusyError

_ENDINGS = ("sent", "received", "refused", "answered", "other", "void", "not_open", "closed", "cancelled", "stale")


@bp.post("/phieu/ket-thuc")
@for_respondents
def ending_again() -> Any:
    """The last page in another language; it carries nothing but what kind of page it is."""
    refuse_foreign_pages()
    kind = request.form.get("ending", "")
    g.language = request.form.get("switch", "vi")
    g.survey_round = reading().scalar(select(Round).where(Round.code == request.form.get("round", "")))
    g.mode = request.form.get("mode", "")
    return ending(kind if kind in _ENDINGS else "stale")


def ending(kind: str, status: int = 200) -> Any:
    survey_round = g.get("survey_round")
    return show("respondent/ending.html", status, ending=kind, ended_on=_ended_on(survey_round))


def _ended_on(survey_round: Round | None) -> date | None:
    if survey_round is None:
        return None
    closed = local_day(survey_round.closed_at) if survey_round.closed_at else today()
    return min(survey_round.closes_on or closed, closed)


def _is_api() -> bool:
    return request.path.startswith("/p/")


@bp.errorhandler(UnknownCode)
def unknown_code(error: UnknownCode) -> Any:
    """The code page again, with the fault beside the field."""
    if _is_api():
        return {"error": "unknown", "message": error.message}, 404
    typed = request.form.get("code", "")[:40]
    text = _("Mã chưa đúng. Xem lại giấy mời; chữ O và số 0, chữ I và số 1 được coi như nhau.")
    return show("respondent/code.html", 404, typed=typed, fault=text)


@bp.errorhandler(TooManyUnknownCodes)
def too_many(_error: TooManyUnknownCodes) -> Any:
    """Too many unknown codes: wait a minute."""
    text = _("Có nhiều mã sai gửi đến. Thử lại sau 1 phút. Mã đúng không bị chặn.")
    if _is_api():
        return {"error": "too_many", "message": text}, 429, {"Retry-After": "60"}
    page, status = show("respondent/code.html", 429, typed=request.form.get("code", "")[:40], fault=text)
    return page, status, {"Retry-After": "60"}


@bp.errorhandler(BusyError)
def busy(_error: BusyError) -> Any:
    """The store was too slow."""
    text = _("Chưa gửi được. Thử lại sau ít phút; gửi lại không bị tính hai lần.")
    if _is_api():
        return {"error": "busy", "message": text}, 503, {"Retry-After": "5"}
    page, _status = show("respondent/error.html", title=_("Chưa gửi được"), detail=text, number="")
    return page, 503, {"Retry-After": "5"}


@bp.errorhandler(SlipNotTicked)
def slip_not_ticked(error: SlipNotTicked) -> Any:
    """Only the API gets here: the page that sends keeps the answers and offers to send again."""
    return {"error": "slip_not_ticked", "message": error.message}, 503, {"Retry-After": "30"}


def _refusal(kind: str, status: int) -> Callable[[SurveyError], Any]:
    def answer(error: SurveyError) -> Any:
        if _is_api():
            return {"error": kind, "message": error.message}, status
        return ending(kind, status)

    return answer


bp.register_error_handler(AlreadyAnswered, _refusal("answered", 409))
bp.register_error_handler(CodeVoid, _refusal("void", 410))
bp.register_error_handler(Cancelled, _refusal("cancelled", 410))
bp.register_error_handler(Closed, _refusal("closed", 410))
bp.register_error_handler(NotOpen, _refusal("not_open", 403))
bp.register_error_handler(StalePage, _refusal("stale", 400))


@bp.errorhandler(ForeignPage)
def foreign_page(error: ForeignPage) -> Any:
    """A page of another site tried to send."""
    if _is_api():
        return {"error": "foreign_page", "message": error.message}, 403
    page, _status = show("respondent/error.html", title=_("Trang này không được nhận"), detail=error.message, number="")
    return page, 403
