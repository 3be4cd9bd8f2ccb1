"""The attack: everything that can be seen of persons against everything that can be seen of opened answers.

Both sides are given as traces (xmin, page, place in the page, rank in the log, size …). A trace of a person and a trace
of an answer are compared in three ways: does one order follow the other, do the ranks pair them, are the values equal
or neighbours. Nothing here knows how the product works; a store that leaks is found whatever leaks.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from scipy.stats import kendalltau

# By chance the k-th person is paired with the k-th answer once on average (Poisson): more than ten is one in 10^8.
MOST_CHANCE_LINKS = 10

Trace = Mapping[int, Any]  # person or answer → what was seen of it


@dataclass(frozen=True)
class Finding:
    """How well one trace of persons tells one trace of answers."""

    person_trace: str
    answer_trace: str
    pair_share: float  # pairs in the same order; one half is chance
    linked: int  # answers that the better of both ways of pairing gave to their true person

    def at_chance(self) -> bool:
        return 0.45 <= self.pair_share <= 0.55 and self.linked <= MOST_CHANCE_LINKS


def compare(persons: Mapping[str, Trace], answers: Mapping[str, Trace], truth: Mapping[int, int]) -> list[Finding]:
    """A finding for each trace of persons with each of answers. `truth`: person → the answer that is theirs."""
    return [
        Finding(name, other, pair_share(seen, traced, truth), _linked(seen, traced, truth))
        for (name, seen), (other, traced) in product(persons.items(), answers.items())
    ]


def worst(findings: Sequence[Finding]) -> Finding:
    """The finding that links the most."""
    return max(findings, key=lambda one: (one.linked, abs(one.pair_share - 0.5)))


def pair_share(seen: Trace, traced: Trace, truth: Mapping[int, int]) -> float:
    """Share of pairs of persons whose answers stand in the same order as they do; 0.5 where nothing has an order."""
    left, right = _ranks(seen), _ranks(traced)
    tau = kendalltau([left[person] for person in truth], [right[answer] for answer in truth.values()]).statistic
    return 0.5 if math.isnan(tau) else float((1 + tau) / 2)


def _ranks(trace: Trace) -> dict[int, int]:
    """Equal values have one rank."""
    places = {value: rank for rank, value in enumerate(sorted(set(trace.values())))}
    return {key: places[value] for key, value in trace.items()}


def _linked(seen: Trace, traced: Trace, truth: Mapping[int, int]) -> int:
    return max(_ranked(seen, traced, truth), _joined(seen, traced, truth))


def _ranked(seen: Trace, traced: Trace, truth: Mapping[int, int]) -> int:
    """The k-th person is given the k-th answer; where an order does not tell all apart, nobody is."""
    if len(set(seen.values())) < len(seen) or len(set(traced.values())) < len(traced):
        return 0
    order = zip(sorted(seen, key=seen.__getitem__), sorted(traced, key=traced.__getitem__), strict=True)
    return sum(truth[person] == answer for person, answer in order)


def _joined(seen: Trace, traced: Trace, truth: Mapping[int, int]) -> int:
    """A person is given the one answer with an equal value, or else with the next one (a transaction later)."""
    by_value: dict[Hashable, list[int]] = {}
    for answer, value in traced.items():
        by_value.setdefault(value, []).append(answer)
    linked = 0
    for person, value in seen.items():
        steps = (value, value + 1) if isinstance(value, int) else (value,)
        found = next((by_value[step] for step in steps if step in by_value), [])
        linked += found == [truth[person]]
    return linked
