"""The page that takes in a file of answers saved on a device without network. Whoever has the file may deliver it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from ..errors import SurveyError
from ..web import close_reading, reading
from .api_pages import take
from .blueprint import bp, for_respondents
from .carried import Damaged, NotCarried, OfAnotherSystem, forms_in, submission_in
from .identified import public_answer_key
from .rules import AlreadyAnswered, Cancelled, Closed, CodeVoid, NotOpen, Receipt, SlipNotTicked, UnknownCode
from .visit import TooManyUnknownCodes, refuse_foreign_pages, show
from .writer import BusyError

_REFUSALS: Final[dict[type[Exception], str]] = {
    AlreadyAnswered: "other",
    Cancelled: "cancelled",
    Closed: "closed",
    CodeVoid: "void",
    NotOpen: "not_open",
    SlipNotTicked: "slip",
    UnknownCode: "unknown",
    BusyError: "busy",
    TooManyUnknownCodes: "busy",
    Damaged: "damaged",
    OfAnotherSystem: "foreign",
}
_LATER: Final = ("busy", "slip", "not_open")  # the same file may be taken some other time


@bp.get("/gui-tep")
@for_respondents
def carried_page() -> Any:
    """Where a file of saved answers is chosen."""
    return show("respondent/carried.html", outcomes={})


@bp.post("/gui-tep")
@for_respondents
def take_carried() -> Any:
    """Takes in the answers of the chosen files, and tells how many were taken and why others were not."""
    refuse_foreign_pages()
    outcomes: Counter[str] = Counter()
    try:
        for content in [file.read() for file in request.files.getlist("file") if file.filename]:
            outcomes.update(_outcomes(content))
    except RequestEntityTooLarge:
        outcomes["large"] += 1
    if not outcomes:
        outcomes["none"] += 1
    taken = outcomes[Receipt.STORED] + outcomes[Receipt.REPEATED] + outcomes[Receipt.RECEIVED]
    status = 200 if taken == outcomes.total() else 503 if all(one in _LATER for one in outcomes) else 422
    return show("respondent/carried.html", status, outcomes=outcomes, taken=taken)


@bp.app_template_global("carrying_key")
def carrying_key() -> str:
    """The key of the server to which a device seals the answers that it saves as a file."""
    return public_answer_key(reading())


def _outcomes(content: bytes) -> Iterable[str]:
    try:
        forms = forms_in(content)
    except NotCarried:
        return ["unlike"]
    except Damaged:
        return ["damaged"]
    return [_taken(form) for form in forms]


def _taken(form: str) -> str:
    """How the delivery of one answer ended."""
    close_reading()  # the next look sees what the one before has changed, the count of unknown codes above all
    try:
        taken = take(submission_in(reading(), form))
    except (SurveyError, BusyError, TooManyUnknownCodes, Damaged, OfAnotherSystem) as fault:
        return next((kind for error, kind in _REFUSALS.items() if isinstance(fault, error)), "unfit")
    return taken if isinstance(taken, Receipt) else "unfit"
