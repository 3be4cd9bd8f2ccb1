"""On which criteria, groups and questions do points rest? Only sums that rest on the same ones are compared.

A criterion without points counts 0 in the official total, and a group with too few answers is left out of a mean. Both
say something of the sample and nothing of the unit, so such a total stands apart from the others, without a rank.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from analysis.component_score import LeafScore
from analysis.scoring_rules import Settings

from .publication import breakdown

Basis = frozenset[tuple[str, ...]]  # (criterion, group, question) of every line that counts


def basis_of(leaves: Iterable[LeafScore], settings: Settings) -> Basis:
    """What the points of these leaves rest on; a leaf without points adds nothing."""
    return frozenset(
        (leaf.criterion.code, line.group, line.question.item)
        for leaf in leaves
        if leaf.points is not None
        for line in breakdown(leaf, settings)
        if line.counts
    )


def common_basis(bases: Collection[Basis]) -> Basis | None:
    """The basis that most have, of equally many the one of most lines; none where several have no two in common."""
    found = Counter(bases)
    if not found:
        return None
    basis = max(found, key=lambda one: (found[one], len(one), sorted(one)))
    return None if found[basis] == 1 < len(bases) else basis


def on_other_basis(bases: Mapping[str, Basis]) -> dict[str, list[str]]:
    """Those that do not rest on the common basis -> criteria in which they differ; none where nothing is common."""
    common = common_basis(bases.values())
    others = {name: basis for name, basis in bases.items() if basis != common}
    return {name: sorted({line[0] for line in basis ^ (common or basis)}) for name, basis in others.items()}
