"""What stands on the letters of a round: the heading of the operator's office, the promise, the address of a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from ..config import Settings
from ..errors import Refused
from ..paper import Heading
from ..questionnaires.check import minutes
from ..questionnaires.queries import definition_of, published_version
from ..roster.models import Person
from ..rounds.models import RespondentGroup, Round
from ..rounds.personal_data import reading_purpose_of
from ..text import phone_text
from ..units.models import Unit
from ..units.official_names import issuer_of, running_name
from .letters import Addressee, Letter, LetterFrame
from .privacy import short_privacy
from .queries import person_numbers
from .rules import IssuedCode


@dataclass(frozen=True)
class LetterWishes:
    """What the operator types for one print: number and day of the letter, who signs, where help is given."""

    number: str = ""
    day: date | None = None
    signer_title: str = ""
    signer_name: str = ""
    help_place: str = "gần nhất"


def make_letters(
    session: Session, survey_round: Round, issued: Sequence[IssuedCode], wishes: LetterWishes, settings: Settings
) -> list[Letter]:
    """A letter for each issued code, in the same order.

    Raises Refused when the round has no last day or a group no published questionnaire: both stand on the letter.
    """
    numbers = person_numbers(session, survey_round)
    frames: dict[int, LetterFrame] = {}
    letters = []
    for one in issued:
        group = one.person.unit_list.group
        if group.id not in frames:
            frames[group.id] = letter_frame(session, survey_round, group, wishes, settings)
        unit = one.person.unit_list.unit
        person = Addressee(one.person.name, address_of(one.person), unit.name, numbers[one.person.id], one.code)
        letters.append(Letter(frames[group.id], person))
    return letters


def letter_frame(
    session: Session, survey_round: Round, group: RespondentGroup, wishes: LetterWishes, settings: Settings
) -> LetterFrame:
    """What all letters and slips of a group have in common. Raises Refused as `make_letters`."""
    if survey_round.closes_on is None:
        raise Refused("Điền ngày đóng thu phiếu trong cài đặt đợt trước khi in giấy mời hay mã bốc thăm.")
    version = published_version(session, group.id)
    if version is None:
        raise Refused(f"Công bố phiếu của nhóm {group.code} trước khi in: trên giấy ghi số phút trả lời.")
    organisation = survey_round.operator_unit
    return LetterFrame(
        heading=_heading(session, organisation, wishes),
        organisation=running_name(session, organisation),
        year=survey_round.year,
        survey_url=settings.public_url,
        host=settings.host,
        minutes=minutes(definition_of(version)),
        close_date=survey_round.closes_on,
        privacy=short_privacy(
            group.mode,
            survey_round.k_min,
            f"người được giao đọc phiếu của {running_name(session, organisation)}",
            reading_purpose_of(survey_round),
        ),
        help_phone=phone_text(survey_round.help_phone),
        help_hours=survey_round.help_hours,
        help_place=wishes.help_place,
        signer_title=wishes.signer_title,
        signer_name=wishes.signer_name,
        mark=survey_round.mark,
    )


def _heading(session: Session, unit: Unit, wishes: LetterWishes) -> Heading:
    issuer = issuer_of(session, unit)
    number = wishes.number or "Số:            /GM"
    return Heading(issuer.agency, issuer.superior, number, unit.address_place or unit.name, wishes.day)


def address_of(person: Person) -> str:
    """Where and as what the person is addressed: post and office, bản and commune, or firm."""
    unit = person.unit_list.unit.name
    if person.business:
        return ", ".join(part for part in (person.job_title, person.business, person.address) if part)
    if person.job_title:
        return ", ".join(part for part in (person.job_title, person.workplace or unit) if part)
    return ", ".join(part for part in (person.ban or person.address, unit) if part)
