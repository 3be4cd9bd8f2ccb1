"""How is a questionnaire stored? As JSON: what a published version freezes and what a phone receives."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from .definition import KINDS, Choice, Condition, Definition, Group, Item, Language, Question, choice_lists
from .expression import tree_from_json, tree_to_json

FORMAT: Final = 1


def to_json(definition: Definition) -> dict[str, Any]:
    """The questionnaire as JSON values; `from_json` gives the equal questionnaire back."""
    return {
        "format": FORMAT,
        "form_id": definition.form_id,
        "title": definition.title,
        "version": definition.version,
        "group": definition.group,
        "languages": [{"code": language.code, "name": language.name} for language in definition.languages],
        "lists": {
            name: [_choice_to_json(choice) for choice in choices] for name, choices in choice_lists(definition).items()
        },
        "items": [_item_to_json(item) for item in definition.items],
    }


def canonical_sha256(data: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no blanks, UTF-8): the same questionnaire, the same figure."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _without_defaults(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in ("", None, False, {}, [])}


def _choice_to_json(choice: Choice) -> dict[str, Any]:
    return _without_defaults(
        {
            "name": choice.name,
            "label": dict(choice.label),
            "level": choice.level,
            "row": choice.row,
            "cells": dict(choice.cells),
            "image": dict(choice.image),
        }
    )


def _condition_to_json(condition: Condition | None) -> dict[str, Any] | None:
    return {"source": condition.source, "tree": tree_to_json(condition.tree)} if condition else None


def _item_to_json(item: Item) -> dict[str, Any]:
    shared = {
        "name": item.name,
        "label": dict(item.label),
        "relevant": _condition_to_json(item.relevant),
        "row": item.row,
    }
    if isinstance(item, Group):
        inside = [_item_to_json(inner) for inner in item.items]
        look = {"one_screen": item.one_screen, "table": item.table, "rates": list(item.rates)}
        return {"kind": "group", "items": inside, **_without_defaults({**shared, **look})}
    own = {
        "kind": item.kind,
        "hint": dict(item.hint),
        "required": item.required,
        "required_message": dict(item.required_message),
        "list": item.list_name,
        "criterion": item.criterion,
        "appearance": item.appearance,
        "guidance": dict(item.guidance),
        "constraint": _condition_to_json(item.constraint),
        "constraint_message": dict(item.constraint_message),
        "calculation": _condition_to_json(item.calculation),
        "choice_filter": _condition_to_json(item.choice_filter),
        "default": item.default,
        "read_only": item.read_only,
        "parameters": dict(item.parameters),
        "image": dict(item.image),
        "audio": dict(item.audio),
        "rated_unit": item.rated_unit or None,
        "rated_name": item.rated_name,
    }
    return _without_defaults({**shared, **own})


def from_json(data: Mapping[str, Any]) -> Definition:
    """The questionnaire of a stored JSON. Raises ValueError for another format number, KeyError for a torn document."""
    if data.get("format") != FORMAT:
        raise ValueError(f"questionnaire format {data.get('format')!r} is not {FORMAT}")
    lists = {name: tuple(_choice_from_json(row) for row in rows) for name, rows in data["lists"].items()}
    return Definition(
        form_id=data["form_id"],
        title=data["title"],
        version=data["version"],
        group=data["group"],
        languages=tuple(Language(row["code"], row["name"]) for row in data["languages"]),
        items=tuple(_item_from_json(row, lists) for row in data["items"]),
    )


def _choice_from_json(row: Mapping[str, Any]) -> Choice:
    return Choice(
        row["name"],
        row.get("label", {}),
        row.get("level"),
        row.get("row", 0),
        row.get("cells", {}),
        row.get("image", {}),
    )


def _condition_from_json(row: Mapping[str, Any] | None) -> Condition | None:
    return Condition(row["source"], tree_from_json(row["tree"])) if row else None


def _item_from_json(row: Mapping[str, Any], lists: Mapping[str, tuple[Choice, ...]]) -> Item:
    if row["kind"] == "group":
        return Group(
            name=row["name"],
            items=tuple(_item_from_json(inner, lists) for inner in row["items"]),
            label=row.get("label", {}),
            relevant=_condition_from_json(row.get("relevant")),
            one_screen=row.get("one_screen", False),
            row=row.get("row", 0),
            table=row.get("table", False),
            rates=tuple(row.get("rates", ())),
        )
    if row["kind"] not in KINDS:
        raise ValueError(f"unknown kind of question {row['kind']!r}")
    return Question(
        name=row["name"],
        kind=row["kind"],
        label=row.get("label", {}),
        hint=row.get("hint", {}),
        required=row.get("required", False),
        required_message=row.get("required_message", {}),
        list_name=row.get("list", ""),
        choices=lists[row["list"]] if row.get("list") else (),
        criterion=row.get("criterion", ""),
        appearance=row.get("appearance", ""),
        relevant=_condition_from_json(row.get("relevant")),
        row=row.get("row", 0),
        guidance=row.get("guidance", {}),
        constraint=_condition_from_json(row.get("constraint")),
        constraint_message=row.get("constraint_message", {}),
        calculation=_condition_from_json(row.get("calculation")),
        choice_filter=_condition_from_json(row.get("choice_filter")),
        default=row.get("default", ""),
        read_only=row.get("read_only", False),
        parameters=row.get("parameters", {}),
        image=row.get("image", {}),
        audio=row.get("audio", {}),
        rated_unit=row.get("rated_unit", 0),
        rated_name=row.get("rated_name", ""),
    )
