"""What a round tells people about the data held on them: why, on what basis, how long; and whether dân tộc is asked."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Invalid
from ..text import N_, clean, local_day
from .models import Round
from .rules import refuse_if_frozen

LONGEST = 1000
USUAL_READING = N_("kiểm tra phiếu và tính điểm")
MONTHS_KEPT = 12  # after the results: as long as they may be complained about


@dataclass(frozen=True)
class PersonalDataTerms:
    """Mục đích, căn cứ pháp lý, có thu thập dân tộc."""

    purpose: str
    legal_basis: str
    collects_ethnicity: bool


def purpose_of(survey_round: Round) -> str:
    """Why persons are listed; the usual words where the round has none of its own."""
    return survey_round.purpose or (
        f"Mời người dân, doanh nghiệp, cán bộ trả lời điều tra xã hội học để xác định Chỉ số cải cách hành chính năm "
        f"{survey_round.year}; không mời trùng một người; gửi danh sách cho Sở Nội vụ kiểm tra."
    )


def legal_basis_of(survey_round: Round) -> str:
    """On what basis they are listed; the usual words where the round has none of its own."""
    return survey_round.legal_basis or (
        "Nhiệm vụ xác định Chỉ số cải cách hành chính do Ủy ban nhân dân tỉnh giao; Luật Bảo vệ dữ liệu cá nhân số "
        "91/2025/QH15 và Nghị định số 356/2025/NĐ-CP. Trả lời phiếu là tự nguyện."
    )


def reading_purpose_of(survey_round: Round) -> str:
    """Why answers that carry a name are read; the usual words where the round has none of its own."""
    return survey_round.reading_purpose or USUAL_READING


def erase_day(survey_round: Round) -> date | None:
    """The day until which personal data are kept: the one set, else twelve months after the round ended.

    It ends with its results, its closing or its cancelling.
    """
    if survey_round.erase_personal_data_on:
        return survey_round.erase_personal_data_on
    if survey_round.cancelled_at:
        return _months_after(local_day(survey_round.cancelled_at))
    results = local_day(survey_round.published_at) if survey_round.published_at else None
    ended = results or survey_round.envelopes_opened_on or survey_round.closes_on
    return None if ended is None else _months_after(ended)


def _months_after(ended: date) -> date:
    year, month = ended.year + (ended.month + MONTHS_KEPT - 1) // 12, (ended.month + MONTHS_KEPT - 1) % 12 + 1
    return date(year, month, min(ended.day, 28))  # no day that a month may lack


def set_personal_data(session: Session, survey_round: Round, terms: PersonalDataTerms, by: Actor) -> None:
    """Sets what people are told. Raises Invalid for too long a text or when dân tộc was asked for already.

    Raises Refused once the round is open: people were told.
    """
    refuse_if_frozen(survey_round)
    faults = {
        name: f"Dài quá {LONGEST} ký tự. Viết ngắn lại."
        for name, text in (("purpose", terms.purpose), ("legal_basis", terms.legal_basis))
        if len(text) > LONGEST
    }
    if survey_round.collects_ethnicity and survey_round.lists_started_at and not terms.collects_ethnicity:
        faults["collects_ethnicity"] = (
            "Các đơn vị đã được đề nghị ghi dân tộc nên không bỏ cột này được nữa. Không có quyền thì không thấy cột."
        )
    if faults:
        raise Invalid(faults)
    purpose, basis = clean(terms.purpose), clean(terms.legal_basis)
    survey_round.collects_ethnicity = terms.collects_ethnicity
    survey_round.purpose = "" if purpose == purpose_of(_without_own_words(survey_round)) else purpose
    survey_round.legal_basis = "" if basis == legal_basis_of(_without_own_words(survey_round)) else basis
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="dữ liệu cá nhân")


def _without_own_words(survey_round: Round) -> Round:
    return Round(year=survey_round.year, purpose="", legal_basis="")
