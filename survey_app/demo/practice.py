"""Invented persons for training rounds: whole lists for the office, a file to upload for a unit."""

from sqlalchemy.orm import Session

from ..access import Actor
from ..errors import Missing, Refused
from ..roster.column_names import field_of
from ..roster.models import ListState
from ..roster.persons import PersonRow
from ..roster.queries import ListCard, cards, catalogue_of, open_drafts
from ..roster.rules import hand_to_office, list_for, refuse_if_not_collecting, replace_persons
from ..roster.template_file import list_columns
from ..rounds.cancelling import hold_round
from ..rounds.models import Round
from ..sampling.documents import person_texts
from ..sheets import SheetColumn, SheetPlan, Value, workbook_bytes
from ..units.models import Unit
from .persons import person_maker

_FAULTY_ROW = 2  # its telephone number lacks a digit, so that the check page has something to show
_FEWEST_WITH_FAULT = 3


def refuse_outside_training(survey_round: Round) -> None:
    """Raises Refused in a real round: invented persons have no place there."""
    if not survey_round.is_training:
        raise Refused("Chỉ đợt tập huấn mới điền được người mẫu.")


def empty_lists(session: Session, survey_round: Round) -> list[ListCard]:
    """The lists that nobody has begun."""
    found = [card for card in cards(session, survey_round) if card.state == ListState.NONE]
    begun = {unit.id for unit in {card.unit for card in found} if open_drafts(session, survey_round, unit)}
    return [card for card in found if card.unit.id not in begun]


def fill_lists(session: Session, survey_round: Round, by: Actor) -> int:
    """Hands in a full list of invented persons for every list that nobody has begun; returns how many.

    Raises Refused in a real round, and when lists are not (or no longer) taken.
    """
    hold_round(session, survey_round)
    refuse_outside_training(survey_round)
    refuse_if_not_collecting(survey_round)
    maker = person_maker(session, survey_round, survey_round.id)
    filled = empty_lists(session, survey_round)
    for card in filled:
        unit_list = list_for(session, survey_round, card.unit, card.group)
        persons = [maker.make(card.group.code, card.group.list_type, card.unit, n) for n in range(1, card.target + 1)]
        replace_persons(session, unit_list, persons)
        hand_to_office(session, unit_list, by)
    return len(filled)


def practice_file(session: Session, survey_round: Round, unit: Unit) -> bytes:
    """A workbook of invented persons for all lists asked of the unit, one row with a fault, to be uploaded.

    Raises Refused in a real round, Missing for a unit that is asked for nothing.
    """
    refuse_outside_training(survey_round)
    asked = cards(session, survey_round, unit)
    if not asked:
        raise Missing
    catalogue = catalogue_of(session, survey_round)
    maker = person_maker(session, survey_round, survey_round.id * 100_003 + unit.id)
    plans = []
    for card in asked:
        code = card.group.code
        columns = (SheetColumn("TT", 6), *list_columns(code, unit, catalogue, survey_round.collects_ethnicity))
        rows: list[list[Value]] = []
        for number in range(1, card.target + 1):
            person = maker.make(code, card.group.list_type, unit, number)
            if number == _FAULTY_ROW and card.target >= _FEWEST_WITH_FAULT:
                _spoil(person)
            texts = person_texts(person, catalogue)
            rows.append([str(number), *(texts.get(field_of(column.title) or "") for column in columns[1:])])
        titles = ("DANH SÁCH ĐỐI TƯỢNG ĐIỀU TRA XÃ HỘI HỌC", f"Nhóm {code} – {card.group.name}")
        plans.append(SheetPlan(f"Nhóm {code}", columns, rows, titles=titles, notes=(f"Đơn vị: {unit.name}",)))
    return workbook_bytes(plans, f"Người mẫu – {unit.name}", survey_round.mark)


def _spoil(person: PersonRow) -> None:
    person.phone = (person.phone or "")[:-1]
