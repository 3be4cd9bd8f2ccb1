"""From what exactly are the points of a round computed? The frozen inputs of a score run, as values and as JSON.

A run stores this JSON and its SHA-256, so any printed figure can be made again from the run alone.
"""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from analysis.component_score import SIPAS, SURVEY, Criterion, LeafScore, score_leaves, total_points
from analysis.scoring_rules import Settings

from .document import own_document, result_document, units_document

OFFICES, COMMUNES = "offices", "communes"  # classes of rated units in a round of a province
_FEWEST_OF_OWN = 10
Counted = dict[tuple[str, str, str], int]


@dataclass(frozen=True)
class Leaf:
    """A leaf that the survey scores, with the names that pages print beside its points."""

    criterion: Criterion
    title: str
    area_code: str
    area_name: str


@dataclass(frozen=True)
class ScoreInputs:
    """Rules, leaves in printed order, answers per rated unit (by its code), respondents per group, threshold k.

    The answers of `self_rating` groups are among the counts and never in the points: they are shown apart.
    `classes`: rated unit -> the units among which it has a rank, where a round rates sở and communes at once.
    `asked`: rated unit -> leaf -> the groups that were asked about it, where these are not all groups of the leaf.
    """

    settings: Settings
    leaves: tuple[Leaf, ...]
    counts: Mapping[str, Counted]
    by_group: Mapping[str, int]
    k_min: int
    self_rating: tuple[str, ...] = ()
    classes: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        return tuple(leaf.criterion for leaf in self.leaves)

    def criteria_of(self, unit: str) -> tuple[Criterion, ...]:
        """The criteria with the groups that were asked about this rated unit; without groups where nobody was."""
        asked = self.asked.get(unit, {})
        return tuple(replace(each, groups=tuple(asked.get(each.code, each.groups))) for each in self.criteria)

    def to_json(self) -> dict[str, Any]:
        """Canonical: equal inputs give equal JSON, whatever the order of the rows they came from."""
        of_province: dict[str, Any] = {"self_rating": list(self.self_rating)} if self.self_rating else {}
        of_province |= {"classes": dict(sorted(self.classes.items()))} if self.classes else {}
        if self.asked:
            of_province["asked"] = {
                unit: {leaf: list(groups) for leaf, groups in sorted(leaves.items())}
                for unit, leaves in sorted(self.asked.items())
            }
        return of_province | {
            "rules": self.settings.to_json(),
            "leaves": [_leaf_json(leaf) for leaf in self.leaves],
            "counts": {
                unit: [[*key, count] for key, count in sorted(counts.items()) if count]
                for unit, counts in sorted(self.counts.items())
            },
            "by_group": dict(sorted(self.by_group.items())),
            "k_min": self.k_min,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ScoreInputs":
        """The inputs of a stored run."""
        return cls(
            settings=Settings.from_json(data["rules"]),
            leaves=tuple(_leaf_from_json(row) for row in data["leaves"]),
            counts={
                unit: {(group, item, level): count for group, item, level, count in rows}
                for unit, rows in data["counts"].items()
            },
            by_group=data["by_group"],
            k_min=data["k_min"],
            self_rating=tuple(data.get("self_rating", ())),
            classes=data.get("classes", {}),
            asked={
                unit: {leaf: tuple(groups) for leaf, groups in leaves.items()}
                for unit, leaves in data.get("asked", {}).items()
            },
        )

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON of the inputs. Never leaves the program: see `data_code`."""
        text = json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def data_code(inputs_sha256: str, pepper: bytes) -> str:
    """Mã dữ liệu: equal for equal inputs, 64 characters, under the key of this server.

    Without a key the few values that a hidden count can have could be tried until the hash fits.
    """
    return hmac.new(pepper, b"survey data code 1" + inputs_sha256.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class RoundScores:
    """The points of a round: of all rated units together, and of each one (by its code).

    `own`: what each unit would have by its own people's ratings alone (*tự đánh giá*).
    """

    inputs: ScoreInputs
    overall: tuple[LeafScore, ...]
    units: Mapping[str, tuple[LeafScore, ...]]
    own: Mapping[str, tuple[LeafScore, ...]] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return total_points(self.overall)

    def document(self) -> dict[str, Any]:
        """The result in its JSON shape, `units` only where several are rated. To be shown: `Published.document`."""
        document = result_document(self.overall, self.inputs.settings, self.inputs.by_group)
        if len(self.units) > 1:
            document["units"] = units_document(self.units, self.inputs.settings, self.inputs.classes)
        if self.own:
            document["self_rating"] = own_document(self.own)
        return document


def compute(inputs: ScoreInputs) -> RoundScores:
    """The points that these inputs give. Raises ScoringError for rules or levels that do not fit each other."""
    together: Counter[tuple[str, str, str]] = Counter()
    for counts in inputs.counts.values():
        together.update(counts)
    return RoundScores(
        inputs=inputs,
        overall=score_leaves(inputs.criteria, together, inputs.settings),
        units={
            unit: score_leaves(inputs.criteria_of(unit), counts, inputs.settings)
            for unit, counts in inputs.counts.items()
        },
        own=_own(inputs),
    )


def _own(inputs: ScoreInputs) -> dict[str, tuple[LeafScore, ...]]:
    """Units with enough ratings of their own people -> the leaves that these were asked about.

    Colleagues know one another, so it takes ten answers to a leaf; where all were of one extreme mind nothing is said.
    """
    criteria = [replace(criterion, groups=inputs.self_rating) for criterion in inputs.criteria]
    n_min = max(inputs.settings.n_min, _FEWEST_OF_OWN)
    settings = replace(inputs.settings, group_weights=(), missing_group="renormalise", n_min=n_min)
    scored = {unit: score_leaves(criteria, counts, settings) for unit, counts in inputs.counts.items()}
    found = {unit: tuple(one for one in leaves if one.points is not None) for unit, leaves in scored.items()}
    return {unit: leaves for unit, leaves in found.items() if _differ(leaves)} if inputs.self_rating else {}


def _differ(leaves: Sequence[LeafScore]) -> bool:
    """Whether the sum is neither nothing nor the most: else everybody said the same, and each could be told."""
    return 0 < total_points(leaves) < sum((leaf.criterion.max_points for leaf in leaves), Decimal(0))


def _leaf_json(leaf: Leaf) -> dict[str, Any]:
    return {
        "code": leaf.criterion.code,
        "title": leaf.title,
        "area_code": leaf.area_code,
        "area_name": leaf.area_name,
        "max_points": f"{leaf.criterion.max_points.normalize():f}",
        "scored_by": leaf.criterion.scored_by,
        "groups": list(leaf.criterion.groups),
        "items": list(leaf.criterion.items),
    }


def _leaf_from_json(row: Mapping[str, Any]) -> Leaf:
    if row["scored_by"] not in (SURVEY, SIPAS):
        raise ValueError(f"leaf {row['code']} is not scored by the survey")
    criterion = Criterion(
        row["code"], Decimal(row["max_points"]), row["scored_by"], tuple(row["groups"]), tuple(row["items"])
    )
    return Leaf(criterion, row["title"], row["area_code"], row["area_name"])
