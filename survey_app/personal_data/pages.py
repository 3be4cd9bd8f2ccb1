"""Pages of personal data: the register of requests; retention and erasure of a round stand in retention_pages.py."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..access import requires
from ..answers.identified import has_identified_answer
from ..audit import Action
from ..errors import Invalid, Missing
from ..roster.handover import sees_ethnicity
from ..roster.models import Person
from ..roster.references import reference_of, reference_of_search
from ..rounds.personal_data import erase_day, legal_basis_of, purpose_of
from ..text import date_text, phone_text, today
from ..view_log import log_view
from ..web import me, reading, writing
from . import queries, rules
from .models import PrivacyRequest, RequestKind, RequestState

bp = Blueprint("personal_data", __name__, template_folder="templates")

PER_PAGE = 50


@dataclass(frozen=True)
class Fact:
    """One line of what is held on a person."""

    label: str
    value: str


@bp.get("/privacy-requests")
@requires("personal_data.manage")
def register() -> ResponseReturnValue:
    """The requests, those to be answered first."""
    page = max(1, request.args.get("page", 1, type=int))
    found, total, is_open = queries.requests(reading(), me(), page, PER_PAGE)
    shown = render_template(
        "personal_data/register.html",
        requests=found,
        state_of=_state_of,
        kinds=rules.KIND_NAMES,
        total=total,
        is_open=is_open,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        per_page=PER_PAGE,
        page_url=lambda number: url_for(".register", page=number),
    )
    if found:
        log_view(Action.REQUESTS_VIEWED, requests=len(found))
    return shown


def _state_of(one: PrivacyRequest) -> str:
    """The state as a badge: an open request whose day is over is late."""
    late = one.state in (RequestState.OPEN, RequestState.WAITING) and one.due_on < today()
    return "late" if late else one.state


@bp.post("/privacy-requests/search")
@requires("personal_data.manage")
def search() -> ResponseReturnValue:
    """Persons of all rounds by name, number or mail. A POST, so that none of these stands in an address."""
    text = request.form.get("q", "").strip()[:100]
    short = len(text) < queries.FEWEST_LETTERS
    found = [] if short else queries.find_persons(reading(), me(), text)
    page = render_template(
        "personal_data/search.html", text=text, found=found, short=short, most=queries.MOST_FOUND,
        fewest=queries.FEWEST_LETTERS,
    )  # fmt: skip
    if not short:
        log_view(Action.PERSONS_SEARCHED, wanted=reference_of_search(reading(), text), persons=len(found))
    return page, 422 if short else 200


@bp.get("/privacy-requests/persons/<int:person_id>")
@requires("personal_data.manage")
def new(person_id: int) -> ResponseReturnValue:
    return _new_page(person_id, {})


def _new_page(person_id: int, faults: dict[str, str]) -> ResponseReturnValue:
    person = queries.find_person(reading(), person_id, me())
    page = render_template(
        "personal_data/new.html",
        person=person,
        facts=_facts(person),
        kinds=rules.KIND_NAMES,
        due_on=rules.last_day(today()),
        form=request.form,
        faults=faults,
        fault_lines=[(sentence, name) for name, sentence in faults.items()],
    )
    _log_person(reading(), person)
    return page, 422 if faults else 200


def _log_person(session: Session, person: Person) -> None:
    log_view(Action.PERSON_VIEWED, round=person.unit_list.round.code, person=reference_of(session, person))


@bp.post("/privacy-requests/persons/<int:person_id>")
@requires("personal_data.manage")
def create(person_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with writing() as session:
            person = queries.find_person(session, person_id, me())
            made = rules.record_request(
                session, person, form.get("kind", ""), form.get("requester", ""), form.get("wish", ""), me()
            )
            request_id = made.id
    except Invalid as fault:
        return _new_page(person_id, fault.faults)
    flash(_("Đã ghi yêu cầu."), "ok")
    return redirect(url_for(".show", request_id=request_id), 303)


@bp.get("/privacy-requests/<int:request_id>")
@requires("personal_data.manage")
def show(request_id: int) -> ResponseReturnValue:
    return _request_page(request_id, {})


def _request_page(request_id: int, faults: dict[str, str]) -> ResponseReturnValue:
    found = queries.find_request(reading(), request_id, me())
    person = _person_of(found)
    page = render_template(
        "personal_data/request.html",
        one=found,
        state=_state_of(found),
        kinds=rules.KIND_NAMES,
        person=person,
        facts=_facts(person) if person else [],
        erase_on=erase_day(found.round),
        decided=found.state == RequestState.WAITING and rules.is_change_decided(reading(), found),
        correctable=rules.CORRECTABLE,
        is_open=found.state in (RequestState.OPEN, RequestState.WAITING),
        may_correct=found.kind == RequestKind.CORRECT and found.state == RequestState.OPEN,
        may_remove=found.kind in (RequestKind.REMOVE, RequestKind.OBJECT) and found.state == RequestState.OPEN,
        locked=found.round.roster_locked_at is not None,
        form=request.form,
        faults=faults,
        fault_lines=[(sentence, name) for name, sentence in faults.items()],
    )
    if person is not None:
        _log_person(reading(), person)
    else:
        log_view(Action.REQUESTS_VIEWED, requests=1)
    return page, 422 if faults else 200


def _person_of(found: PrivacyRequest) -> Person | None:
    try:
        return rules.held_person(reading(), found)
    except Missing:
        return None


@bp.get("/privacy-requests/<int:request_id>/held")
@requires("personal_data.manage")
def held(request_id: int) -> ResponseReturnValue:
    """What is held on the person, to be printed and handed over."""
    found = queries.find_request(reading(), request_id, me())
    person = rules.held_person(reading(), found)
    page = render_template(
        "personal_data/held.html",
        one=found,
        person=person,
        facts=_facts(person),
        purpose=purpose_of(found.round),
        legal_basis=legal_basis_of(found.round),
        erase_on=erase_day(found.round),
        reference=reference_of(reading(), person),
        identified=has_identified_answer(reading(), person),
    )
    _log_person(reading(), person)
    return page


@bp.post("/privacy-requests/<int:request_id>/correct")
@requires("personal_data.manage")
def correct(request_id: int) -> ResponseReturnValue:
    try:
        with writing() as session:
            found = queries.find_request(session, request_id, me())
            done = rules.correct(session, found, request.form, me(), request.form.get("version", type=int))
    except Invalid as fault:
        return _request_page(request_id, fault.faults)
    flash(_("Đã sửa.") if done else _waiting_words(), "ok")
    return redirect(url_for(".show", request_id=request_id), 303)


def _waiting_words() -> str:
    return _("Danh sách đã khóa: đã lập yêu cầu thay đổi, người khác duyệt rồi dữ liệu mới đổi.")


@bp.post("/privacy-requests/<int:request_id>/remove")
@requires("personal_data.manage")
def remove(request_id: int) -> ResponseReturnValue:
    with writing() as session:
        found = queries.find_request(session, request_id, me())
        done = rules.remove(session, found, me(), request.form.get("version", type=int))
    flash(_("Đã làm xong yêu cầu.") if done else _waiting_words(), "ok")
    return redirect(url_for(".show", request_id=request_id), 303)


@bp.post("/privacy-requests/<int:request_id>/answer")
@requires("personal_data.manage")
def answer(request_id: int) -> ResponseReturnValue:
    granted = request.form.get("granted") == "yes"
    try:
        with writing() as session:
            found = queries.find_request(session, request_id, me())
            rules.close(
                session, found, request.form.get("outcome", ""), me(), request.form.get("version", type=int), granted
            )
    except Invalid as fault:
        return _request_page(request_id, fault.faults)
    flash(_("Đã ghi trả lời."), "ok")
    return redirect(url_for(".show", request_id=request_id), 303)


def _facts(person: Person) -> list[Fact]:
    """Everything held on a person, line by line; dân tộc only for who may see it."""
    ethnicity = person.ethnicity if sees_ethnicity(person.unit_list.round, me()) else None
    rows = [
        (_("Họ và tên"), person.name),
        (_("Ngày sinh"), date_text(person.birth_date)),
        (_("Năm sinh"), str(person.birth_year or "")),
        (_("Giới tính"), person.gender),
        (_("Dân tộc"), ethnicity),
        (_("Chức vụ"), person.job_title),
        (_("Đơn vị công tác"), person.workplace),
        (_("Tên doanh nghiệp/HTX"), person.business),
        (_("Mã số thuế"), person.tax_code),
        (_("Bản/khối"), person.ban),
        (_("Số điện thoại"), phone_text(person.phone or "")),
        (_("Thư điện tử"), person.email),
        (_("Địa chỉ"), person.address),
        (_("Thủ tục hành chính"), person.procedure),
        (_("Mã hồ sơ"), person.dossier),
        (_("Ngày tiếp nhận"), date_text(person.receipt_date)),
        (_("Ngày trả kết quả"), date_text(person.return_date)),
        (_("Ngôn ngữ thuận tiện"), person.language),
        (_("Ghi chú"), person.note),
    ]
    return [Fact(label, value) for label, value in rows if value]


from . import retention_pages  # noqa: E402, F401 - adds its routes to `bp`
