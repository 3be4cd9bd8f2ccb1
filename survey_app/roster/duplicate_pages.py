"""Page of persons that look alike: two rows side by side, a decision, the next pair."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ..access import requires
from ..audit import Action
from ..errors import Conflict, Invalid, Missing
from ..rounds.models import Round
from ..rounds.queries import find_round
from ..text import N_, date_text, fold, phone_text
from ..view_log import log_view
from ..web import me, reading, writing
from .likeness import Certainty
from .models import Person, UnitList
from .pages import bp
from .pair_decisions import BOTH, EARLIER
from .pair_rules import RETURN, Choice, decide, may_stay_on_both
from .pairs import PairState, SeenPair, find_pair, pairs_of

_CERTAINTY = {
    Certainty.CERTAIN: N_("Rất giống nhau"),
    Certainty.LIKELY: N_("Giống nhau"),
    Certainty.POSSIBLE: N_("Có điểm giống nhau"),
}
_BASIS = {
    "phone": N_("cùng số điện thoại"),
    "name+birth_year": N_("cùng tên và năm sinh"),
    "name+birth_year+ban": N_("cùng tên, năm sinh và bản"),
    "tax_code": N_("cùng mã số thuế"),
    "near_name": N_("tên gần giống"),
    "birth_year": N_("cùng năm sinh"),
    "ban": N_("cùng bản"),
}


@dataclass(frozen=True)
class Fact:
    """One line of the comparison."""

    label: str
    first: str
    second: str

    @property
    def same(self) -> bool:
        return fold(self.first) == fold(self.second)


@bp.get("/rounds/<code>/duplicates")
@requires("lists.review")
def duplicates(code: str) -> ResponseReturnValue:
    """?show= state of the pairs, ?pair= two persons, ?list= and ?row= pairs of one list or row."""
    return _page(find_round(reading(), code, me()), {})


@bp.post("/rounds/<code>/duplicates")
@requires("lists.review")
def decide_pair(code: str) -> ResponseReturnValue:
    form = request.form
    choice = Choice(
        form.get("verdict", ""), form.get("keep", ""), form.get("act", RETURN), form.get("note", "").strip()[:500]
    )
    before = _narrowed(pairs_of(reading(), find_round(reading(), code, me())), _show())
    try:
        with writing() as session:
            survey_round = find_round(session, code, me())
            decide(session, survey_round, form.get("pair", ""), form.get("seen", ""), choice, me())
    except Invalid as fault:
        return _page(find_round(reading(), code, me()), fault.faults)
    except Conflict as fault:
        return _page(find_round(reading(), code, me()), {}, fault.message)
    flash(_("Đã lưu quyết định."), "ok")
    return redirect(_address(code, _after(before, form.get("pair", ""))), 303)


def _show() -> PairState:
    wish = request.values.get("show", "")
    return PairState(wish) if wish in set(PairState) else PairState.OPEN


def _narrowed(pairs: Sequence[SeenPair], show: PairState) -> list[SeenPair]:
    """The pairs in a state, of one list or one row of it if the address says so."""
    wanted_list, wanted_row = request.values.get("list", type=int), request.values.get("row", type=int)
    return [
        pair
        for pair in pairs
        if pair.state == show
        and (
            wanted_list is None
            or any(
                side.list_id == wanted_list and wanted_row in (None, side.person.row)
                for side in (pair.first, pair.second)
            )
        )
    ]


def _after(pairs: Sequence[SeenPair], ids: str) -> str:
    """The pair that follows, so that whoever goes through all does not begin anew."""
    numbers = [pair.ids for pair in pairs]
    following = numbers.index(ids) + 1 if ids in numbers else 0
    return numbers[following] if following < len(numbers) else ""


def _address(code: str, ids: str) -> str:
    wanted_list, wanted_row = request.values.get("list", type=int), request.values.get("row", type=int)
    return url_for(".duplicates", code=code, show=_show(), pair=ids or None, list=wanted_list, row=wanted_row)


def _page(survey_round: Round, faults: dict[str, str], changed: str = "") -> ResponseReturnValue:
    session, code = reading(), survey_round.code
    pairs, show = pairs_of(session, survey_round), _show()
    listed = _narrowed(pairs, show)
    wanted = request.values.get("pair", "")
    pair = find_pair(listed, wanted) or find_pair(pairs, wanted) or (listed[0] if listed else None)
    place = listed.index(pair) if pair in listed else 0
    persons = _persons(session, pair) if pair else []
    form: Mapping[str, str] = request.form if faults else {}
    page = render_template(
        "roster/duplicates.html",
        survey_round=survey_round,
        pair=pair,
        persons=persons,
        facts=_facts(*persons) if pair else [],
        number=place + 1 if pair in listed else 0,
        total=len(listed),
        previous=_address(code, listed[place - 1].ids) if pair in listed and place > 0 else "",
        following=_address(code, listed[place + 1].ids) if pair in listed and place + 1 < len(listed) else "",
        counts=Counter(one.state for one in pairs),
        states=list(PairState),
        show=show,
        certainty=_(_CERTAINTY[pair.certainty]) if pair else "",
        basis="; ".join(_(_BASIS[one]) for one in pair.basis) if pair else "",
        chosen=_chosen(pair, form, survey_round) if pair else {},
        both=pair is not None and may_stay_on_both(pair),
        faults=faults,
        fault_lines=[(sentence, name) for name, sentence in faults.items()],
        changed=changed,
        locked=survey_round.roster_locked_at is not None,
    )
    if pair is not None:
        log_view(Action.PAIR_VIEWED, round=code, first=pair.first.words, second=pair.second.words)
    return page, 422 if faults else 409 if changed else 200


def _chosen(pair: SeenPair, form: Mapping[str, str], survey_round: Round) -> dict[str, str]:
    """What stands in the form: what was typed, else what was decided before (in an earlier round: a suggestion)."""
    if form:
        return {name: form.get(name, "") for name in ("verdict", "keep", "act", "note")}
    if pair.decision is None:
        return {"act": RETURN}
    kept = pair.decision.kept
    keep = {BOTH: BOTH, EARLIER: "second", pair.first.place: "first", pair.second.place: "second"}.get(kept, "")
    note = pair.decision.note if pair.decision.round_code == survey_round.code else ""
    return {"verdict": pair.decision.verdict, "keep": keep, "act": RETURN, "note": note}


def _persons(session: Session, pair: SeenPair) -> list[Person]:
    ids = (pair.first.person_id, pair.second.person_id)
    query = select(Person).where(Person.id.in_(ids)).options(
        joinedload(Person.unit_list).options(
            joinedload(UnitList.unit), joinedload(UnitList.group), joinedload(UnitList.round)
        )
    )  # fmt: skip
    found = {person.id: person for person in session.scalars(query)}
    if len(found) < 2:
        raise Missing
    return [found[one] for one in ids]


def _facts(first: Person, second: Person) -> list[Fact]:
    rows = [
        (_("Tên doanh nghiệp/HTX"), first.business, second.business),
        (_("Mã số thuế"), first.tax_code, second.tax_code),
        (_("Họ và tên"), first.name, second.name),
        (_("Năm sinh"), _birth(first), _birth(second)),
        (_("Giới tính"), first.gender, second.gender),
        (_("Bản/khối"), *_bans(first, second)),
        (_("Chức vụ"), first.job_title, second.job_title),
        (_("Đơn vị công tác"), first.workplace, second.workplace),
        (_("Số điện thoại"), phone_text(first.phone or ""), phone_text(second.phone or "")),
        (_("Thủ tục hành chính"), first.procedure, second.procedure),
        (_("Mã hồ sơ"), first.dossier, second.dossier),
        (_("Ngày tiếp nhận"), date_text(first.receipt_date), date_text(second.receipt_date)),
        (_("Ngày trả kết quả"), date_text(first.return_date), date_text(second.return_date)),
    ]
    return [Fact(label, one or "", other or "") for label, one, other in rows if one or other]


def _bans(first: Person, second: Person) -> tuple[str, str]:
    """Two communes may have a bản of one name: then the commune stands beside it."""
    one, other = first.ban or "", second.ban or ""
    if one and fold(one) == fold(other) and first.ban_code != second.ban_code:
        return f"{one}, {first.unit_list.unit.name}", f"{other}, {second.unit_list.unit.name}"
    return one, other


def _birth(person: Person) -> str:
    return date_text(person.birth_date) if person.birth_date else str(person.birth_year or "")
