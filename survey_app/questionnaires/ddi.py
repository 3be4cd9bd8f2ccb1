"""How is a questionnaire described for archives? As DDI-Codebook 2.5: a variable for each question, in every language.

The order of elements is that of the schema (codebook.xsd, ddi:codebook:2_5); with the namespace and version of its
successor 2.6 the same document is valid there too.
"""

from typing import Final
from xml.etree import ElementTree as Xml

from .definition import (
    DATE,
    DECIMAL,
    INTEGER,
    RANGE,
    RANK,
    SELECT_MULTIPLE,
    Choice,
    Definition,
    Group,
    Question,
    Texts,
    asked_when,
)

_NAMESPACE: Final = "ddi:codebook:2_5"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_NUMERIC: Final = frozenset({INTEGER, DECIMAL, RANGE})
_CONTINUOUS: Final = frozenset({DECIMAL})


def write_ddi(definition: Definition) -> bytes:
    """The questionnaire as a DDI-Codebook 2.5 document."""
    Xml.register_namespace("", _NAMESPACE)
    book = Xml.Element(_tag("codeBook"), {"version": "2.5", _LANGUAGE: definition.default_language})
    citation = _child(_child(book, "stdyDscr"), "citation")
    titles = _child(citation, "titlStmt")
    _child(titles, "titl", definition.title)
    _child(titles, "IDNo", definition.form_id)
    if definition.version:
        _child(_child(citation, "verStmt"), "version", definition.version)
    data = _child(book, "dataDscr")
    variables = [question for question in definition.questions() if question.is_answered or question.is_computed]
    known = {question.name for question in variables}
    for group in definition.groups():
        _group(data, group, known)
    conditions = {question.name: found for question, found in asked_when(definition)}
    for number, question in enumerate(variables, start=1):
        _variable(data, question, number, definition, conditions[question.name])
    Xml.indent(book)
    document: bytes = Xml.tostring(book, encoding="utf-8", xml_declaration=True)
    return document


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"


def _child(parent: Xml.Element, tag: str, text: str = "", /, **attributes: str) -> Xml.Element:
    child = Xml.SubElement(parent, _tag(tag), attributes)
    child.text = text or None
    return child


def _texts(parent: Xml.Element, name: str, texts: Texts) -> None:
    for language, text in texts.items():
        if text:
            _child(parent, name, text).set(_LANGUAGE, language)


def _group(data: Xml.Element, group: Group, known: set[str]) -> None:
    """A section with the variables that stand directly in it, and the sections inside."""
    inside = [f"v_{item.name}" for item in group.items if isinstance(item, Question) and item.name in known]
    sections = [f"g_{item.name}" for item in group.items if isinstance(item, Group)]
    attributes = {"ID": f"g_{group.name}", "name": group.name, "type": "grid" if group.table else "section"}
    attributes |= {"var": " ".join(inside)} if inside else {}
    attributes |= {"varGrp": " ".join(sections)} if sections else {}
    _texts(_child(data, "varGrp", **attributes), "labl", group.label)


def _all_of(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " and ".join(f"({condition})" for condition in conditions)


def _variable(
    data: Xml.Element, question: Question, number: int, definition: Definition, conditions: list[str]
) -> None:
    interval = "contin" if question.kind in _CONTINUOUS else "discrete"
    variable = _child(data, "var", ID=f"v_{question.name}", name=question.name, intrvl=interval)
    _texts(variable, "labl", question.label)
    for language in definition.languages:
        _question(variable, question, language.code, number)
    if question.kind == RANGE:
        first, *_between, last = question.steps
        units = "INT" if all(isinstance(step, int) for step in question.steps) else "REAL"
        _child(_child(variable, "valrng"), "range", UNITS=units, min=str(first), max=str(last))
    if conditions:
        _child(variable, "universe", _all_of(conditions))
    for choice in question.choices:
        _category(variable, choice)
    if question.kind in {SELECT_MULTIPLE, RANK}:
        words = "order of preference" if question.kind == RANK else "any number of categories"
        _child(variable, "codInstr", f"Names of the categories, parted by blanks: {words}.")
    if question.criterion:
        _child(variable, "concept", question.criterion, vocab="criterion")
    if question.calculation:
        _child(_child(variable, "derivation"), "drvdesc", question.calculation.source)
    written = "numeric" if question.kind in _NUMERIC else "character"
    _child(variable, "varFormat", type=written, category="date" if question.kind == DATE else "other")


def _question(variable: Xml.Element, question: Question, language: str, number: int) -> None:
    label, hint = question.label.get(language, ""), question.hint.get(language, "")
    if not label:
        return
    element = _child(variable, "qstn", seqNo=str(number))
    element.set(_LANGUAGE, language)
    _child(element, "qstnLit", label)
    if hint:
        _child(element, "postQTxt", hint)


def _category(variable: Xml.Element, choice: Choice) -> None:
    category = _child(variable, "catgry", missing="Y" if choice.is_dont_know else "N")
    if choice.is_dont_know:
        category.set("missType", "don't know")
    _child(category, "catValu", choice.name)
    _texts(category, "labl", choice.label)
    if choice.level is not None:
        _child(category, "txt", f"level {choice.level}")
