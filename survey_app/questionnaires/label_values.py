"""How do answers get into later texts? `${name}` in a label, hint or message shows the answer.

The label may be that of a question, a section or a choice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from .definition import Choice, Definition, Question, Texts, text_in
from .expression import Answer
from .expression_values import number_text

_REFERENCE = re.compile(r"\$\{\s*([A-Za-z_][\w.-]*)\s*\}")


def names_in(texts: Texts) -> Iterator[str]:
    """The questions whose answers a text shows, in every language."""
    for text in texts.values():
        yield from _REFERENCE.findall(text)


def with_dots(text: str) -> str:
    """The text for paper, which cannot show an earlier answer: dots stand in its place."""
    return _REFERENCE.sub("…", text)


def with_values(question: Question, live: Mapping[str, Answer], definition: Definition) -> Question:
    """The question with answers in its texts: the words of a choice, in the language of the text."""
    if not question.shows_answers:
        return question
    fields = (question.label, question.hint, question.required_message, question.constraint_message)
    label, hint, required, constraint = (filled(texts, live, definition) for texts in fields)
    choices = _filled_choices(question.choices, live, definition)
    return replace(
        question,
        label=label,
        hint=hint,
        required_message=required,
        constraint_message=constraint,
        choices=choices,
    )


def _filled_choices(
    choices: tuple[Choice, ...], live: Mapping[str, Answer], definition: Definition
) -> tuple[Choice, ...]:
    return tuple(
        replace(choice, label=filled(choice.label, live, definition)) if any(names_in(choice.label)) else choice
        for choice in choices
    )


def filled(texts: Texts, live: Mapping[str, Answer], definition: Definition) -> Texts:
    """The texts with answers in place of `${name}`, in each language."""
    if not any("${" in text for text in texts.values()):
        return texts

    def shown(name: str, language: str) -> str:
        asked = definition.question(name)
        if asked is not None and asked.choices:  # whose words may show the answer to an earlier question
            earlier = {other: answer for other, answer in live.items() if other != name}
            asked = replace(asked, choices=_filled_choices(asked.choices, earlier, definition))
        return answer_words(asked, live.get(name, ""), language)

    return {
        language: _REFERENCE.sub(lambda match, spoken=language: shown(match[1], spoken), text)  # type: ignore[misc]
        for language, text in texts.items()
    }


def answer_words(question: Question | None, answer: Answer, language: str) -> str:
    """An answer as people read it: the words of its choices, a date as day/month/year."""
    if question is not None and question.choices:
        chosen = answer if isinstance(answer, list) else [str(answer)]
        labels = {choice.name: text_in(choice.label, language) for choice in question.choices}
        return ", ".join(labels[name] for name in chosen if name in labels)
    if isinstance(answer, int | float):
        return number_text(answer).replace(".", "." if language == "en" else ",")
    text = str(answer)
    if question is not None and question.kind == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return f"{text[8:]}/{text[5:7]}/{text[:4]}"
    return text
