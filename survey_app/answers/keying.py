"""Keying of paper forms (*nhập phiếu giấy*): how does a form become a sealed answer, once, and belong to nobody?

For each form the keying screen is given a fresh code of the batch that belongs to nobody, and sends the sealed answers
with it, as a phone does with a slip. So a repeated sending is recognised, no more forms are taken than came back, and
nothing tells which form was keyed when or by whom. Double keying is compared in the browser, before sealing: the
server is told two figures of the form, never an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from ..access import Actor
from ..access_codes import codes, paper_rules, slip_rules
from ..access_codes.models import Batch, WorkPart
from ..audit import Action
from ..errors import Conflict, Invalid, Refused
from ..questionnaires.answer_values import REQUIRED
from ..questionnaires.definition import Definition
from ..questionnaires.path import Fault, check_answers

_LONGEST_NAME = 80


@dataclass(frozen=True)
class FormToKey:
    """What the keying screen needs for one form: its code in clear, and what is left of the batch.

    Of the `waiting` forms, this one included, `second_needed` are still to be keyed twice: the browser draws by chance
    whether this is one of them, so that nobody knows it before the first keying is done.
    """

    code: str
    waiting: int
    second_needed: int


def refuse_unless_keyable(session: Session, batch: Batch, by: Actor) -> None:
    """Raises Refused when the round takes no answers, or for whoever ticked the names of this batch."""
    slip_rules.refuse_unless_collecting(session, batch.round)
    if batch.round.opened_at is None:
        raise Refused("Đợt chưa mở thu phiếu nên chưa nhập phiếu được.")
    if paper_rules.worked_on(session, batch, by, WorkPart.TICKED):
        raise Refused("Anh/chị đã ghi danh sách nộp phiếu của lô này nên không nhập phiếu của lô. Nhờ người khác nhập.")


def hand_out_form(session: Session, batch: Batch, by: Actor, pepper: bytes) -> FormToKey:
    """A fresh code for the next form of the batch. The first one notes who keys.

    Raises Refused as `refuse_unless_keyable`; Conflict when as many forms are keyed as came back.
    """
    refuse_unless_keyable(session, batch, by)
    slip_rules.hold_batch(session, batch)
    if batch.keyed >= batch.ticked:
        raise Conflict(f"Đã nhập đủ {batch.keyed} phiếu nộp lại của lô này.")
    if not paper_rules.worked_on(session, batch, by, WorkPart.KEYED):
        paper_rules.add_worker(session, batch, WorkPart.KEYED, by.full_name, by.id)
        slip_rules.record_of(session, Action.PAPER_KEYED, by, batch, number=batch.number or 0)
    code = codes.new_code()
    slip_rules.store_nameless_codes(session, batch, [code], pepper)
    needed = ceil(batch.ticked * batch.second_share / 100) - batch.keyed_twice
    return FormToKey(code, batch.ticked - batch.keyed, max(needed, 0))


def note_second_person(session: Session, batch: Batch, name: str, by: Actor) -> None:
    """Who keys forms of this batch the second time. Raises Invalid for no name, or that of the first person."""
    name = " ".join(name.split())[:_LONGEST_NAME]
    refuse_unless_keyable(session, batch, by)
    if not name:
        raise Invalid({"name": "Ghi họ tên người nhập lần hai."})
    if name.casefold() == by.full_name.casefold():
        raise Invalid({"name": "Người nhập lần hai phải là người khác."})
    slip_rules.hold_batch(session, batch)
    paper_rules.add_worker(session, batch, WorkPart.KEYED_AGAIN, name, None)


def figures_of(told: object, questions: int) -> tuple[int, int] | None:
    """(answers compared, of them different) of a form that two persons keyed; none for anything else."""
    if not isinstance(told, Mapping):
        return None
    compared, differed = told.get("compared"), told.get("differed")
    if not isinstance(compared, int) or not isinstance(differed, int):
        return None
    return (int(compared), int(differed)) if 0 <= differed <= compared <= questions else None


def count_second_keying(session: Session, batch_id: int, figures: tuple[int, int]) -> None:
    """Adds the figures of one form to its batch; call it in the transaction that stores the form."""
    compared, differed = figures
    session.execute(
        update(Batch)
        .where(Batch.id == batch_id)
        .values(
            keyed_twice=Batch.keyed_twice + 1,
            compared=Batch.compared + compared,
            differed=Batch.differed + differed,
        )
        .execution_options(synchronize_session=False)
    )


def faults_of(form: Definition, answers: Mapping[str, Any], on_paper: bool) -> list[Fault]:
    """What breaks the questionnaire. On paper nobody can be kept from leaving a question out."""
    return binding(check_answers(form, answers), on_paper)


def binding(faults: Sequence[Fault], on_paper: bool) -> list[Fault]:
    """The faults that keep answers from being taken."""
    return [fault for fault in faults if not (on_paper and fault.kind == REQUIRED)]
