"""Which ballots about several units are of one person, in the groups whose answers carry a name?

Ballots are nameless in both modes and no column joins them. Who rates forty units with one generous mind makes forty
figures vary together, though, and standard errors must know it. Of a confidential group the identified answers are
still there after the end: each is parted again as at the end of collection and laid on a ballot with the same content,
of which it does not matter whose it is. What comes out of it lives as long as a computation and is never stored nor
given out. Of a sealed group there is nothing to part: all its ballots stay single.
"""

import json
from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..rounds.models import Cell, Mode, RespondentGroup, Round
from .counting import split_answers
from .envelope import EnvelopeError
from .identified import identified_answers, read_identified
from .models import Ballot
from .opening import Contents, home_of, what_was_asked
from .payload import PayloadError
from .queries import definition_of, versions_of_round
from .ratings import rated_of

_Content = tuple[int, int, str]  # cell, rated unit, answers


def groups_of_many_units(session: Session, round_id: int) -> dict[str, str]:
    """Code of each group in which a person rates several units -> its mode."""
    rated = rated_of(session, round_id)
    groups = session.scalars(
        select(RespondentGroup).where(RespondentGroup.round_id == round_id).order_by(RespondentGroup.code)
    )
    return {group.code: group.mode for group in groups if len(rated.most(group.id)) > 1}


def raters_of_ballots(session: Session, survey_round: Round) -> dict[str, int]:
    """Ballot -> number of its rater (from 0), of the ballots whose rater rated several units under the own name.

    Others have none: of sealed groups, about one unit, and where the identified answer was deleted since.
    """
    if Mode.CONFIDENTIAL not in groups_of_many_units(session, survey_round.id).values():
        return {}
    found: dict[str, int] = {}
    ballots = _ballots_by_content(session, survey_round)
    for rater, contents in enumerate(_contents_by_person(session, survey_round)):
        if len(contents) > 1:
            found |= {ballots[content].pop(): rater for content in contents if ballots[content]}
    return found


def _contents_by_person(session: Session, survey_round: Round) -> list[list[_Content]]:
    asked = what_was_asked(session, survey_round)
    versions = versions_of_round(session, survey_round.id)
    cells = {cell.id: cell for cell in session.scalars(select(Cell).where(Cell.round_id == survey_round.id))}
    found = []
    for cell_id, path, sealed in identified_answers(session, survey_round):
        contents = Contents()
        try:
            asked.take(contents, read_identified(session, survey_round, sealed), cell_id, path)
        except (EnvelopeError, PayloadError):
            continue  # it was counted as faulty and gave no ballot
        home, mine = home_of(cells[cell_id], cells), []
        for one in contents.opened:
            answers, _written = split_answers(definition_of(versions[one.version_id]), one.answers)
            mine.append(_content(home, one.rated_unit_id, answers))
        found.append(mine)
    return found


def _ballots_by_content(session: Session, survey_round: Round) -> dict[_Content, list[str]]:
    rows = session.execute(
        select(Ballot.id, Ballot.cell_id, Ballot.rated_unit_id, Ballot.answers)
        .join(Cell, Cell.id == Ballot.cell_id)
        .join(RespondentGroup, RespondentGroup.id == Cell.group_id)
        .where(Ballot.round_id == survey_round.id, RespondentGroup.mode == Mode.CONFIDENTIAL)
        .order_by(Ballot.id)
        .execution_options(yield_per=200)
    )
    found: dict[_Content, list[str]] = defaultdict(list)
    for ballot, *content in rows:
        found[_content(*content)].append(ballot)
    return found


def _content(cell_id: int, rated_unit_id: int, answers: object) -> _Content:
    return cell_id, rated_unit_id, json.dumps(answers, sort_keys=True)
