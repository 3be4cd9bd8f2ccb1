"""The keying screen of a batch of paper forms, and the form of the batch for printing.

The screen works in the browser (`static/keying.js`); the forms themselves are sent like answers from a phone, without
the account of the clerk.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, send_file
from sqlalchemy.orm import Session

from ..access import requires
from ..access_codes.models import Batch
from ..access_codes.queries import find_paper_batch
from ..errors import Conflict, Invalid, Refused
from ..questionnaires.definition import RANK, SELECT_MULTIPLE, TEXT, Definition, Group, Item, Question
from ..questionnaires.label_values import with_dots
from ..questionnaires.matrix import has_matrix
from ..questionnaires.models import QuestionnaireVersion
from ..questionnaires.paper_form import paper_form_pdf
from ..questionnaires.queries import media_of
from ..questionnaires.wording import hand_in_of, placeholder_values, text_shower
from ..rounds.models import Round
from ..rounds.queries import find_round
from ..web import me, reading, settings, writing
from .blueprint import bp
from .keying import hand_out_form, note_second_person, refuse_unless_keyable
from .queries import definition_of, published_version
from .ratings import form_of, rated_of


@dataclass(frozen=True)
class _Form:
    """What persons of a batch are asked on paper."""

    definition: Definition
    rated_name: str  # of the one unit that they rate; empty for a matrix
    version: QuestionnaireVersion
    batch_name: str


@dataclass(frozen=True)
class Row:
    """One line of the keying screen: a section, the heading of a table, or a question to key."""

    item: Item
    number: int = 0

    @property
    def is_keyed(self) -> bool:
        """Whether something is typed here."""
        return isinstance(self.item, Question) and self.item.is_answered

    @property
    def keys_digits(self) -> bool:
        """Whether several choices are typed, each by its number."""
        return isinstance(self.item, Question) and self.item.kind in {SELECT_MULTIPLE, RANK}

    @property
    def is_text(self) -> bool:
        """Whether words are typed."""
        return isinstance(self.item, Question) and self.item.kind == TEXT


def _form_of_batch(session: Session, batch: Batch) -> _Form:
    """Raises Refused when no questionnaire is published, or the persons of the batch have nobody to rate."""
    group, unit = batch.cell.group, batch.unit
    version = published_version(session, group.id)
    if version is None or unit is None:
        raise Refused(f"Công bố phiếu của nhóm {group.code} trước.")
    units = rated_of(session, batch.round_id).of(group.id, unit.path)
    if not units:
        raise Refused(f"{unit.name} không có đơn vị nào để đánh giá trong đợt này.")
    rated_name = "" if has_matrix(definition_of(version)) else units[0].unit.name
    name = f"Lô {batch.number} · Nhóm {group.code} · {unit.name}"
    return _Form(form_of(version, units), rated_name, version, name)


def rows_of(definition: Definition) -> list[Row]:
    """The lines of the keying screen, in the order and with the numbers of the paper form."""
    return list(_rows(definition.items, definition.numbers))


def _rows(items: tuple[Item, ...], numbers: Mapping[str, int]) -> Iterator[Row]:
    for item in items:
        if isinstance(item, Group):
            if item.label:
                yield Row(item)
            yield from _rows(item.items, numbers)
        elif item.is_answered:
            yield Row(item, numbers[item.name])
        elif item.heads_matrix:
            yield Row(item)


@bp.get("/rounds/<code>/batches/<int:batch_id>/keying")
@requires("paper.key", "codes.manage")
def keying(code: str, batch_id: int) -> Any:
    """The keying screen."""
    survey_round = find_round(reading(), code, me())
    batch = find_paper_batch(reading(), survey_round, batch_id)
    refuse_unless_keyable(reading(), batch, me())
    form = _form_of_batch(reading(), batch)
    shown = text_shower(survey_round, form.rated_name, form.definition.default_language)
    return render_template(
        "answers/keying.html",
        survey_round=survey_round,
        batch=batch,
        rows=rows_of(form.definition),
        t=lambda texts: with_dots(shown(texts)),
        language=form.definition.default_language,
        rated=form.rated_name,
    )


@bp.post("/rounds/<code>/batches/<int:batch_id>/keying/form")
@requires("paper.key", "codes.manage")
def next_form(code: str, batch_id: int) -> Any:
    """A code for the next form, in JSON for the keying screen."""
    try:
        with writing() as session:
            batch = _batch(session, code, batch_id)
            form = hand_out_form(session, batch, me(), settings().keys.pepper)
            counts = {"printed": batch.printed, "ticked": batch.ticked, "keyed": batch.keyed}
    except Conflict as fault:
        return {"message": fault.message, "over": True}, 409
    except Refused as fault:
        return {"message": fault.message}, 403
    return {"code": form.code, "waiting": form.waiting, "second_needed": form.second_needed, **counts}


@bp.post("/rounds/<code>/batches/<int:batch_id>/keying/second")
@requires("paper.key", "codes.manage")
def second_person(code: str, batch_id: int) -> Any:
    """Who keys the second time, in JSON for the keying screen."""
    try:
        with writing() as session:
            note_second_person(session, _batch(session, code, batch_id), request.form.get("name", ""), me())
    except Invalid as fault:
        return {"message": fault.faults["name"]}, 422
    except Refused as fault:
        return {"message": fault.message}, 403
    return {}


def _batch(session: Session, code: str, batch_id: int) -> Batch:
    return find_paper_batch(session, find_round(session, code, me()), batch_id)


@bp.get("/rounds/<code>/batches/<int:batch_id>/form.pdf")
@requires("codes.manage")
def batch_form(code: str, batch_id: int) -> Any:
    """The paper form of a batch: as the questionnaire's own, with the batch on every page and nobody's name."""
    survey_round = find_round(reading(), code, me())
    batch = find_paper_batch(reading(), survey_round, batch_id)
    form = _form_of_batch(reading(), batch)
    pdf = _printed(survey_round, form)
    name = f"phieu-giay-{survey_round.code}-lo-{batch.number}.pdf"
    return send_file(io.BytesIO(pdf), "application/pdf", as_attachment=True, download_name=name)


def _printed(survey_round: Round, form: _Form) -> bytes:
    return paper_form_pdf(
        form.definition,
        form.definition.default_language,
        placeholder_values(survey_round, form.rated_name or survey_round.operator_unit.name),
        form.rated_name,
        survey_round.mark,
        media_of(reading(), form.version),
        form.batch_name,
        hand_in_of(survey_round),
    )
