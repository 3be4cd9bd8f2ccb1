"""Random trees of expressions with answers, the same for the same seed, and how values are written to be compared."""

import random
from collections.abc import Iterator
from typing import Any

from survey_app.questionnaires.expression import Column, Expression, Literal, Operation, Own, Reference, Surroundings
from survey_app.questionnaires.expression_pattern import common_pattern
from survey_app.questionnaires.expression_values import FUNCTIONS, Value, number_text

_TEXTS = ("", "x", "4", "-0.5", "KB", "x y", "2021-02-28", "2020-02-30", " 7 ", "Điện Biên", "a😀b", "Infinity", "0x10")
_NUMBERS = (0.0, -0.0, 1.0, 2.0, 3.5, -2.5, 0.1, 1e15, 18632.0, 7.0, 1 / 3, 123456.789, 1e-7)
_PATTERNS = ("[0-9]+", "a.b", r"\d{4}-\d{2}-\d{2}", "(x|y)*", r"[^\s]+", "", r"\w+ \w+", "-?[0-9]*")
_NAMES = ("a", "b", "c")
_FUNCTIONS = sorted(FUNCTIONS.keys() - {"regex"})


def make_cases(count: int, seed: int) -> Iterator[tuple[Expression, dict[str, Any], Surroundings]]:
    """Trees with answers and surroundings."""
    rng = random.Random(seed)
    for _case in range(count):
        answers = {name: _answer(rng) for name in _NAMES if rng.random() < 0.8}
        around = Surroundings(_answer(rng), rng.choice(("2026-11-24", "")), {"col": rng.choice(_TEXTS)})
        yield _tree(rng, 4), answers, around


def _answer(rng: random.Random) -> Any:
    drawn = rng.random()
    if drawn < 0.4:
        return rng.choice(_TEXTS)
    if drawn < 0.6:
        return rng.randint(-20, 20)
    return rng.choice(_NUMBERS) if drawn < 0.8 else rng.sample(("x", "y", "4", "KB"), rng.randint(0, 3))


def _tree(rng: random.Random, depth: int) -> Expression:
    if depth == 0 or rng.random() < 0.15:
        return _leaf(rng)
    if rng.random() < 0.05:
        return Operation("regex", (_tree(rng, depth - 1), Literal(common_pattern(rng.choice(_PATTERNS)))))
    name = rng.choice(_FUNCTIONS)
    count = rng.randint(FUNCTIONS[name].least, min(FUNCTIONS[name].most, 3))
    return Operation(name, tuple(_tree(rng, depth - 1) for _argument in range(count)))


def _leaf(rng: random.Random) -> Expression:
    return rng.choice(
        (
            Literal(rng.choice(_TEXTS)),
            Literal(rng.choice(_NUMBERS)),
            Reference(rng.choice(_NAMES)),
            Own(),
            Column("col"),
            Operation("today"),
        )
    )


def written(value: Value) -> str:
    """A value with its type, so that "4", 4 and true are three."""
    if isinstance(value, str):
        return f"text {value}"
    if isinstance(value, bool):
        return f"truth {value}".lower()
    sign = "-" if str(value) == "-0.0" else ""
    return f"number {sign}{number_text(value)}"
