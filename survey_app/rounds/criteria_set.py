"""The values a criterion workbook is read into: areas, leaves, and the reading with its faults."""

from collections.abc import Container
from dataclasses import dataclass, field
from decimal import Decimal

from . import criteria_columns as columns
from .models import ScoredBy
from .sheet_table import SheetFault


@dataclass(frozen=True)
class Leaf:
    """One criterion that is scored by itself (*tiêu chí* without components, or *tiêu chí thành phần*)."""

    code: str
    title: str
    max_points: Decimal
    scored_by: ScoredBy
    groups: tuple[str, ...]

    @property
    def is_surveyed(self) -> bool:
        return self.scored_by != ScoredBy.SELF_ASSESSMENT


@dataclass(frozen=True)
class PrintedRow:
    """An area row or the total row: the points it prints, and their parts by method as written."""

    row: int
    points: Decimal | None = None
    shares: dict[ScoredBy, str] = field(default_factory=dict)


@dataclass(eq=False)
class Area:
    """One area (*lĩnh vực*) with its leaves and what the file prints for it."""

    code: str
    name: str
    printed: PrintedRow | None = None
    leaves: tuple[Leaf, ...] = ()

    @property
    def max_points(self) -> Decimal:
        return sum((leaf.max_points for leaf in self.leaves), Decimal(0))

    @property
    def survey_points(self) -> Decimal:
        return sum((leaf.max_points for leaf in self.leaves if leaf.is_surveyed), Decimal(0))


@dataclass(frozen=True)
class CriteriaReading:
    """What a file says, and all that is wrong with it; may be stored only when `faults` is empty."""

    areas: tuple[Area, ...] = ()
    printed_total: Decimal | None = None
    faults: tuple[SheetFault, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return tuple(leaf for area in self.areas for leaf in area.leaves)

    @property
    def max_points(self) -> Decimal:
        return sum((area.max_points for area in self.areas), Decimal(0))

    @property
    def survey_points(self) -> Decimal:
        return sum((area.survey_points for area in self.areas), Decimal(0))


@dataclass(eq=False)
class Item:
    """A row of the table with a code, before it is known whether it is a leaf."""

    row: int
    area: Area | None
    code: str
    title: str
    points_text: str
    points: Decimal | None
    method_text: str
    groups_text: str

    @property
    def groups(self) -> list[str] | None:
        """Group letters, None where the cell holds something else."""
        return columns.groups_of(self.groups_text)

    def method(self, known: Container[str]) -> ScoredBy | None:
        """How the leaf is scored, None for unknown words; without a method column, a leaf with groups is surveyed."""
        if columns.SCORED_BY in known:
            return columns.method_of(self.method_text)
        return ScoredBy.SURVEY if self.groups else ScoredBy.SELF_ASSESSMENT
