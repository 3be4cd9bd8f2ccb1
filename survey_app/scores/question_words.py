"""In which words was a question asked, and its levels offered? Of a rated unit, those of the groups that rate it."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from ..questionnaires.definition import Question, text_in
from ..questionnaires.matrix import cut_out
from ..rounds.models import Round
from .figures import LeafLine
from .queries import published_definitions, rated_units_of


def questions_asked(session: Session, survey_round: Round, unit: str | None) -> dict[tuple[str, str], Question]:
    """(group, name) -> the question as it was asked; of a rated unit only those about units of its kind."""
    kinds = {one.unit.code: one.unit.kind for one in rated_units_of(session, survey_round.id)}
    definitions = published_definitions(session, survey_round.id)
    if unit is not None:
        definitions = {group: cut_out(definition, kinds[unit]) for group, definition in definitions.items()}
    return {(group, one.name): one for group, definition in definitions.items() for one in definition.questions()}


def questions_of_lines(
    questions: Mapping[tuple[str, str], Question], leaves: Sequence[LeafLine]
) -> dict[tuple[str, str], Question]:
    """(group of a line of answers, name) -> the question as the groups that count were asked it.

    Groups may be asked the same thing in other words, about other units; of groups taken together it is the first."""
    found = {}
    for leaf in leaves:
        together = "+".join(leaf.score.groups)
        for group in leaf.score.groups:
            for (asked, name), question in questions.items():
                if asked == group and question.criterion == leaf.leaf.criterion.code:
                    found[group, name] = question
                    found.setdefault((together, name), question)
    return found


def words_of(questions: Mapping[tuple[str, str], Question]) -> dict[tuple[str, str], str]:
    """The words of these questions, in Vietnamese."""
    return {key: text_in(question.label, "vi") for key, question in questions.items()}


def level_words_of(questions: Mapping[tuple[str, str], Question]) -> dict[tuple[str, str], list[str]]:
    """The words of the levels of these questions, level 1 first, as they were offered."""
    words = {}
    for key, question in questions.items():
        levels = {choice.level: text_in(choice.label, "vi") for choice in question.choices if choice.level is not None}
        words[key] = [levels[level] for level in sorted(levels)]
    return words


def groups_by_words(wording: Mapping[tuple[str, str], str], line: LeafLine) -> dict[str, list[str]]:
    """Words of a question of a leaf -> the groups that were asked it in these."""
    found: dict[str, list[str]] = {}
    for (group, _name), words in wording.items():
        if group in line.score.groups:
            found.setdefault(words, []).append(group)
    return found
