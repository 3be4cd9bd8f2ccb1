"""Test scenarios: saved answers of a typical person, and whether the present questionnaire still treats them so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Invalid, Missing, Refused
from ..rounds.cancelling import hold_round
from ..rounds.models import RespondentGroup, Round
from ..text import clean
from .definition import DONT_KNOW, Definition
from .models import QuestionnaireScenario
from .path import answers_on_path, check_answers, screens
from .scenario_units import form_of_marks, with_units

_LONGEST_NAME: Final = 80


class State(StrEnum):
    """What became of a scenario in a version; all but PASSES keep the version from being published."""

    PASSES = "passes"
    STUCK = "stuck"
    OTHER_PATH = "other_path"
    OTHER_LEVELS = "other_levels"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A scenario run against a questionnaire, with what is otherwise than expected."""

    scenario: QuestionnaireScenario
    state: State
    words: str = ""

    @property
    def passes(self) -> bool:
        return self.state is State.PASSES


def path_of(definition: Definition, answers: Mapping[str, Any]) -> list[str]:
    """Names of the screens that these answers lead over."""
    return [screen.name for screen in screens(definition, answers)]


def levels_of(definition: Definition, answers: Mapping[str, Any]) -> dict[str, str]:
    """Scored question -> the level that the answer gives, «KB» for don't know."""
    kept = answers_on_path(definition, answers)
    found: dict[str, str] = {}
    for question in definition.questions():
        choice = question.choice(str(kept.get(question.name, ""))) if question.is_scored else None
        if choice is not None:
            found[question.name] = DONT_KNOW if choice.level is None else str(choice.level)
    return found


def run_scenario(definition: Definition, scenario: QuestionnaireScenario) -> Outcome:
    """What the questionnaire makes of the answers of a scenario; a matrix is asked about the units that it names."""
    form, numbers = form_of_marks(definition, scenario.answers)
    marks = {number: mark for mark, number in numbers.items()}
    answers = with_units(definition, scenario.answers, numbers)
    known = {question.name for question in form.questions()}
    gone = [name for name in answers if name not in known]
    faults = [fault.name for fault in check_answers(form, answers) if fault.name not in gone]
    faults = list(with_units(definition, dict.fromkeys(faults), marks))
    if gone or faults:
        words = [f"câu «{name}» không còn" for name in gone] + [f"câu «{name}» chưa trả lời đúng" for name in faults]
        return Outcome(scenario, State.STUCK, "; ".join(words))
    path = path_of(form, answers)
    if path != scenario.path:
        return Outcome(scenario, State.OTHER_PATH, _path_words(scenario.path, path))
    levels = with_units(definition, levels_of(form, answers), marks)
    if levels != scenario.levels:
        names = sorted(name for name in {*levels, *scenario.levels} if levels.get(name) != scenario.levels.get(name))
        words = [f"câu «{name}»: {scenario.levels.get(name, '–')} → {levels.get(name, '–')}" for name in names]
        return Outcome(scenario, State.OTHER_LEVELS, "; ".join(words))
    return Outcome(scenario, State.PASSES)


def _path_words(expected: Sequence[str], path: Sequence[str]) -> str:
    missing = [name for name in expected if name not in path]
    more = [name for name in path if name not in expected]
    words = [f"không còn hỏi {', '.join(missing)}"] if missing else []
    words += [f"hỏi thêm {', '.join(more)}"] if more else []
    return "; ".join(words) or "thứ tự khác"


def scenarios_of(session: Session, group_ids: Sequence[int]) -> Sequence[QuestionnaireScenario]:
    """The scenarios of some groups, by name."""
    return session.scalars(
        select(QuestionnaireScenario)
        .where(QuestionnaireScenario.group_id.in_(group_ids))
        .order_by(QuestionnaireScenario.name)
    ).all()


def find_scenario(session: Session, group: RespondentGroup, scenario_id: int) -> QuestionnaireScenario:
    """A scenario of a group. Raises Missing."""
    found = session.get(QuestionnaireScenario, scenario_id)
    if found is None or found.group_id != group.id:
        raise Missing
    return found


def save_scenario(
    session: Session,
    survey_round: Round,
    group: RespondentGroup,
    definition: Definition,
    name: str,
    answers: Mapping[str, Any],
    by: Actor,
) -> QuestionnaireScenario:
    """The answers as a scenario; what they lead to now is expected from now on. Units of a matrix are marked («xa2»).

    Raises Invalid for a name that is missing, too long or taken, Refused when the answers do not reach the end.
    """
    hold_round(session, survey_round)
    name = clean(name)
    if not name or len(name) > _LONGEST_NAME:
        raise Invalid({"name": f"Đặt tên cho kịch bản, tối đa {_LONGEST_NAME} ký tự."})
    if any(one.name.casefold() == name.casefold() for one in scenarios_of(session, [group.id])):
        raise Invalid({"name": f"Đã có kịch bản «{name}». Đặt tên khác."})
    form, numbers = form_of_marks(definition, answers)
    if check_answers(form, with_units(definition, answers, numbers)):
        raise Refused("Còn câu chưa trả lời đúng nên chưa thành kịch bản được. Trả lời đến hết phiếu rồi lưu.")
    scenario = QuestionnaireScenario(group_id=group.id, name=name, made_at=now(), made_by_id=by.id)
    _expect(scenario, definition, answers)
    session.add(scenario)
    session.flush()
    record(session, Action.SCENARIO_SAVED, by, round=survey_round.code, group=group.code, name=name)
    return scenario


def accept_scenario(
    session: Session, survey_round: Round, group: RespondentGroup, scenario_id: int, definition: Definition, by: Actor
) -> QuestionnaireScenario:
    """What the scenario leads to now is expected from now on. Raises Refused when it does not reach the end."""
    hold_round(session, survey_round)
    scenario = find_scenario(session, group, scenario_id)
    outcome = run_scenario(definition, scenario)
    if outcome.state is State.STUCK:
        raise Refused(
            f"Kịch bản «{scenario.name}» không đi đến hết phiếu: {outcome.words}. Sửa phiếu, hoặc xóa kịch bản."
        )
    _expect(scenario, definition, scenario.answers)
    record(session, Action.SCENARIO_SAVED, by, round=survey_round.code, group=group.code, name=scenario.name)
    return scenario


def delete_scenario(session: Session, survey_round: Round, group: RespondentGroup, scenario_id: int, by: Actor) -> str:
    """Deletes a scenario and returns its name."""
    hold_round(session, survey_round)
    scenario = find_scenario(session, group, scenario_id)
    session.delete(scenario)
    record(session, Action.SCENARIO_DELETED, by, round=survey_round.code, group=group.code, name=scenario.name)
    return scenario.name


def _expect(scenario: QuestionnaireScenario, definition: Definition, answers: Mapping[str, Any]) -> None:
    form, numbers = form_of_marks(definition, answers)
    marks = {number: mark for mark, number in numbers.items()}
    kept = {
        name: answer
        for name, answer in answers_on_path(form, with_units(definition, answers, numbers)).items()
        if (question := form.question(name)) and question.is_answered
    }
    scenario.answers = with_units(definition, kept, marks)
    scenario.path = path_of(form, kept)
    scenario.levels = with_units(definition, levels_of(form, kept), marks)
