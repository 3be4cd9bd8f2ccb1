"""Two people changed one question at once: what of it goes together, and where must somebody choose?"""

from collections.abc import Mapping
from dataclasses import dataclass

from .definition import Definition, Question

REQUIRED = "required"
YES = "on"  # what a ticked box posts
Fields = Mapping[str, str]  # field of the form -> what stands in it


@dataclass(frozen=True, slots=True)
class Merge:
    """The form with both changes; `clashes` are the fields that both changed, each with what the other person wrote."""

    fields: dict[str, str]
    clashes: dict[str, str]


def fields_of(question: Question, definition: Definition) -> dict[str, str]:
    """What the form of a question shows: words of the question, of its hint and choices, and whether it is required."""
    codes = [language.code for language in definition.languages]
    found = {f"label-{code}": question.label.get(code, "") for code in codes}
    found |= {f"hint-{code}": question.hint.get(code, "") for code in codes}
    for choice in question.choices:
        found |= {f"choice-{choice.name}-{code}": choice.label.get(code, "") for code in codes}
    return found | {REQUIRED: YES if question.required else ""}


def merged(base: Fields | None, mine: Fields, theirs: Fields) -> Merge:
    """My form over theirs, where both began with `base`: who alone changed a field has it.

    Without `base` every field in which the two differ is a clash. A choice that they removed clashes when I changed it.
    """
    fields, clashes = dict(mine), {}
    for name in dict.fromkeys((*theirs, *(base or {}))):
        own, other = mine.get(name, ""), theirs.get(name, "")
        before = None if base is None else base.get(name, "")
        if own == other:
            continue
        if own == before:
            fields[name] = other
        elif other != before or name not in theirs:
            clashes[name] = other
    return Merge(fields, clashes)
