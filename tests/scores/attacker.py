"""Reads what a round gives out, as anybody could, and computes from it all that follows: the attack on the publication.

Everything is put into one linear system over the unknown numbers of answers: counts, means and points with their
rounding, sums over rated units, and what the printed reasons tell. What is generous to the attacker: he knows how many
answered every question whose points are printed, as if he had stood at the door.
"""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np
from openpyxl import load_workbook
from scipy import optimize, sparse

from analysis.component_score import SIPAS, LeafScore, half_up
from analysis.scoring_rules import PRESETS
from survey_app.scores.figures import overview
from survey_app.scores.publication import Published, Why, breakdown
from survey_app.scores.trace import LevelLine, level_lines

ALL = ""
KB, BLANK = "KB", "bỏ trống"
Name = tuple[str, str, str]  # rated unit or ALL, group, question


@dataclass(frozen=True)
class Printed:
    """One line of answers as printed; none: kept back, for the reason `why`."""

    levels: tuple[int, ...] | None
    dont_know: int | None
    refused: int | None
    n: int | None
    mean: Fraction | None
    why: str = ""


@dataclass
class Known:
    """All that was printed of a round: lines, and points of leaves with half of their last digit."""

    lines: dict[Name, Printed] = field(default_factory=dict)
    points: dict[tuple[str, str], tuple[Fraction, Fraction]] = field(default_factory=dict)
    total: Fraction | None = None
    totals: dict[str, Fraction] = field(default_factory=dict)  # of a rated unit, or of the only one (ALL)


def read_lines(found: Published) -> Known:
    """What the pages are given, of every rated unit and of all together."""
    known = Known()
    for unit in [None, *(found.units if len(found.units) > 1 else [])]:
        shown = overview(found, unit)
        for line in shown.leaves:
            for each in level_lines(found, line, unit):
                known.lines[unit or ALL, each.group, each.item] = _printed(each)
            if line.points is not None:
                exact = line.unrounded
                value, half = (exact, Fraction(1, 2 * 10**6)) if exact is not None else (line.points, Fraction(1, 200))
                known.points[unit or ALL, line.leaf.criterion.code] = (Fraction(value), half)
        if unit is None and shown.total is not None:
            known.total = Fraction(shown.total)
        if shown.total is not None and (unit or len(found.units) < 2):
            known.totals[unit or ALL] = Fraction(shown.total)
    return known


def _printed(line: LevelLine) -> Printed:
    mean = None if line.mean is None else Fraction(line.mean)
    return Printed(line.levels, line.dont_know, line.refused, line.n, mean, line.why or "")


def read_workbook(content: bytes, whole_words: Mapping[str, str]) -> Known:
    """What the workbook says. whole_words: words of the last column of «Các mức» → reason."""
    known = Known()
    book = load_workbook(io.BytesIO(content))
    rows = [[cell.value for cell in row] for row in book["Các mức"].iter_rows(min_row=5)]
    width = sum(str(head).startswith("Mức") for head in rows[0])
    named = [(ALL, row) for row in rows[1:]]
    if "Các mức từng đơn vị" in book.sheetnames:
        named += [(str(row[0]), row[2:]) for row in book["Các mức từng đơn vị"].iter_rows(min_row=6, values_only=True)]
    for unit, row in named:
        numbers = [value for value in row[3 : 3 + width] if value != "–"]
        levels = tuple(numbers) if numbers and all(isinstance(value, int) for value in numbers) else None
        dont_know, refused, n = (value if isinstance(value, int) else None for value in row[3 + width : 6 + width])
        mean, words = row[6 + width], row[7 + width]
        # As many decimals as the page prints: the number in the cell must not have more.
        mean = Fraction(Decimal(str(mean))) if isinstance(mean, int | float) else None
        known.lines[unit, row[2], row[1]] = Printed(
            levels, dont_know, refused, n, mean, whole_words.get(words or "", "")
        )
    named = [(ALL, row) for row in book["Tiêu chí"].iter_rows(min_row=6, values_only=True)]
    if "Tiêu chí từng đơn vị" in book.sheetnames:
        named += [(str(row[0]), row[2:]) for row in book["Tiêu chí từng đơn vị"].iter_rows(min_row=6, values_only=True)]
    for unit, row in named:
        if isinstance(row[3], int | float):
            exact = row[-1] if isinstance(row[-1], int | float) else None
            value, half = (exact, Fraction(1, 2 * 10**6)) if exact is not None else (row[3], Fraction(1, 200))
            known.points[unit, str(row[1])] = (Fraction(Decimal(str(value))), half)
    for row in book["Tổng quan"].iter_rows(min_row=6, values_only=True):
        if row[1] == "Tổng điểm điều tra" and isinstance(row[2], int | float):
            known.total = Fraction(Decimal(str(row[2])))
    return known


_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<td([^>]*)>(.*?)</td>", re.DOTALL)


def read_trace(page: str, unit: str, item: str | None, words: Mapping[str, str]) -> dict[Name, Printed]:
    """The lines of the first table of a trace page. item: of a leaf of one question, whose table does not name it."""
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    found = {}
    for row in _ROW.findall(table):
        cells = [
            (facts, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()) for facts, text in _CELL.findall(row)
        ]
        group = cells.pop(0)[1]
        name = item or cells.pop(0)[1].split(" ")[0]
        reason, levels = "", None
        if "colspan" in cells[0][0]:
            reason = words.get(cells[0][1].strip("() "), "")
            cells = cells[1:]
        else:
            levels = tuple(_number(text) for _facts, text in cells[:-4])
            cells = cells[len(levels) :]
        dont_know, refused, n = (None if text == "–" else _number(text) for _facts, text in cells[:3])
        mean = cells[3][1].split("=")[-1].strip()
        value = Fraction(mean.replace(",", ".")) if re.fullmatch(r"[\d,]+", mean) else None
        found[unit, group, name] = Printed(levels, dont_know, refused, n, value, reason)
    return found


def _number(text: str) -> int:
    return int(text.replace(".", "").rstrip("*"))


def _prints(line: Printed, level: str) -> bool:
    return {KB: line.dont_know, BLANK: line.refused}.get(level, line.levels) is not None


@dataclass(frozen=True)
class Finding:
    """A number of answers that was kept back and can be computed: true count, and the range that is left."""

    name: Name
    level: str
    true: int
    low: float
    high: float


def findings(found: Published, known: Known) -> list[Finding]:
    """Numbers of answers above 0 that no line prints and that what is known leaves only one whole number for.

    Of lines that are small or of one mind themselves; what is kept back beside them tells on nobody."""
    system = _System(found, known)
    wrong = system.misfit()
    assert not wrong, f"the system does not hold for the truth: {wrong}"
    hits = []
    for name, printed in known.lines.items():
        if not printed.why or not system.is_sensitive(name):
            continue
        for level in [*system.levels(name), KB, BLANK]:
            if all(_prints(known.lines[part], level) for part in system.parts(name)):
                continue
            true = system.true(name, level)
            low, high = system.range_of(name, [level])
            if true and np.ceil(low - 1e-6) >= np.floor(high + 1e-6):
                hits.append(Finding(name, level, true, low, high))
        if printed.why == Why.FEW and printed.n is None:
            low, high = system.range_of(name, system.levels(name))
            answered = sum(system.true(name, level) for level in system.levels(name))
            if answered and high - low < found.publication.k - 1 - 1e-6:
                hits.append(Finding(name, "n", answered, low, high))
    return hits


def crowds_told(found: Published, known: Known) -> list[Name]:
    """Small groups of nearly one mind of which it is certain what level nearly all chose: whole numbers only."""
    system = _System(found, known)
    wrong = system.misfit()
    assert not wrong, f"the system does not hold for the truth: {wrong}"
    return [name for name in system.alike if len(system.possible_crowds(name)) < 2]


class _System:
    def __init__(self, found: Published, known: Known) -> None:
        self.found, self.known = found, known
        self.several = len(found.units) > 1
        self.question = {}
        self.leaf_of = {}
        for unit in found.units if self.several else [None]:
            for leaf, score in zip(found.inputs.leaves, found.scores_of(unit), strict=True):
                for line in breakdown(score, found.inputs.settings):
                    self.question[unit or ALL, line.group, line.question.item] = line
                    self.leaf_of[line.group, line.question.item] = leaf.criterion
        self.column = {}
        for name in self.question:
            for level in [*self.levels(name), KB, BLANK]:
                self.column[name, level] = len(self.column)
        truth = [self.true(name, level) for name, level in self.column]
        # Points kept back have hundredths, which make up the total.
        self.kept_back = {unit: self._kept_back(unit) for unit in known.totals}
        for unit, scores in self.kept_back.items():
            for score in scores:
                self.column[unit, score.criterion.code] = len(self.column)
                truth.append(int(score.points * 100))
        self.truth = np.array(truth, dtype=float)
        self.rows, self.low, self.high = [], [], []
        for name, printed in known.lines.items():
            self._add_line(name, printed)
        for (unit, code), (points, half) in known.points.items():
            self._add_points(unit, code, points, half)
        for unit, total in known.totals.items():
            self._add_total(unit, total)
        self.matrix = sparse.csr_matrix(np.array(self.rows))
        alike = (Why.HIGH, Why.LOW, Why.ALIKE)
        self.alike = [name for name in self.question if known.lines[name].why in alike]

    def levels(self, name: Name) -> list[str]:
        line = self.question[self.parts(name)[0]]
        return [str(number) for number in range(1, len(line.question.levels) + 1)]

    def true(self, name: Name, level: str) -> int:
        total = 0
        for part in self.parts(name):
            question = self.question[part].question
            extra = {KB: question.dont_know, BLANK: question.refused}
            total += extra[level] if level in extra else question.levels[int(level) - 1]
        return total

    def is_sensitive(self, name: Name) -> bool:
        """Whether fewer than ten answered, or a small group nearly alike: judged by the truth, not by the product."""
        levels = [self.true(name, level) for level in self.levels(name)]
        answered = sum(levels)
        return answered < 10 or (answered < 20 and max(levels) >= 0.9 * answered)

    def range_of(self, name: Name, levels: Iterable[str]) -> tuple[float, float]:
        goal = self._sum(name, dict.fromkeys(levels, 1.0))
        ends = []
        for sign in (1, -1):
            upper = np.isfinite(self.high_)
            lower = np.isfinite(self.low_)
            found = optimize.linprog(
                sign * goal,
                A_ub=sparse.vstack([self.matrix[upper], -self.matrix[lower]]),
                b_ub=np.concatenate([self.high_[upper], -self.low_[lower]]),
                bounds=(0, None), method="highs",
            )  # fmt: skip
            assert found.status in (0, 3), found.message
            ends.append(sign * found.fun if found.status == 0 else sign * -np.inf)
        return ends[0], ends[1]

    def possible_crowds(self, goal: Name) -> list[str]:
        """Levels that all but one may have chosen. Of every other such line, too, one level did: a choice of each."""
        choices = [(name, level) for name in self.alike for level in self.levels(name)]
        height, width = len(self.alike), len(self.column)
        one_each = np.zeros((height, width + len(choices)))
        crowds = np.zeros((len(choices), width + len(choices)))
        for number, (name, level) in enumerate(choices):
            one_each[self.alike.index(name), width + number] = 1
            crowds[number, self.column[name, level]] = 1
            crowds[number, width + number] = 1 - sum(self.true(name, each) for each in self.levels(name))
        constraints = [
            optimize.LinearConstraint(sparse.hstack([self.matrix, np.zeros((len(self.low), len(choices)))]),
                                      self.low_, self.high_),
            optimize.LinearConstraint(one_each, 1, 1),
            optimize.LinearConstraint(crowds, 0, np.inf),
        ]  # fmt: skip
        return [level for level in self.levels(goal) if self._is_possible(choices.index((goal, level)), constraints)]

    def _is_possible(self, choice: int, constraints: list[optimize.LinearConstraint]) -> bool:
        width, size = len(self.column), constraints[1].A.shape[1]
        least, most = np.zeros(size), np.full(size, np.inf)
        most[width:] = 1
        least[width + choice] = 1
        found = optimize.milp(
            np.zeros(size), integrality=np.ones(size), bounds=optimize.Bounds(least, most), constraints=constraints
        )
        assert found.status in (0, 2), found.message
        return found.status == 0

    def misfit(self) -> list[str]:
        self.low_, self.high_ = np.array(self.low) - 1e-7, np.array(self.high) + 1e-7
        got = self.matrix @ self.truth
        return [str(row) for row in np.flatnonzero((got < self.low_ - 1e-6) | (got > self.high_ + 1e-6))]

    def parts(self, name: Name) -> list[Name]:
        if name in self.question:
            return [name]
        # Where groups are pooled, the line of a unit that only some of them rate is of just these.
        groups = set(name[1].split("+"))
        return [key for key in self.question if key[2] == name[2] and set(key[1].split("+")) <= groups]

    def _sum(self, name: Name, weights: Mapping[str, float]) -> np.ndarray:
        row = np.zeros(len(self.column))
        for part in self.parts(name):
            for level, weight in weights.items():
                row[self.column[part, level]] += weight
        return row

    def _add(self, row: np.ndarray, low: float, high: float) -> None:
        self.rows.append(row)
        self.low.append(low)
        self.high.append(high)

    def _values(self, name: Name) -> tuple[dict[str, float], dict[str, float]]:
        """(coefficient of each level, weight of each level in n)."""
        settings = self.found.inputs.settings
        levels = self.levels(name)
        if self.leaf_of[name[1:]].scored_by == SIPAS:
            values = dict(zip(levels, map(float, PRESETS[settings.sipas_method]), strict=True))
            return values, dict.fromkeys(levels, 1.0)
        values = dict(zip(levels, map(float, settings.coefficients), strict=True))
        if settings.dont_know == "excluded":
            return values, dict.fromkeys(levels, 1.0)
        middle = float(settings.middle) if settings.dont_know == "middle" else 0.0
        return values | {KB: middle}, dict.fromkeys([*levels, KB], 1.0)

    def _add_line(self, name: Name, printed: Printed) -> None:
        exact = {KB: printed.dont_know, BLANK: printed.refused}
        if printed.levels is not None:
            exact |= {str(number): count for number, count in enumerate(printed.levels, 1)}
        for level, count in exact.items():
            if count is not None:
                self._add(self._sum(name, {level: 1.0}), count, count)
        values, in_n = self._values(name)
        if printed.n is not None:
            self._add(self._sum(name, in_n), printed.n, printed.n)
        if printed.mean is not None and printed.n:
            half = Fraction(1, 200) if printed.levels is None else Fraction(1, 2 * 10**6)
            low, high = ((printed.mean + sign * half) * printed.n for sign in (-1, 1))
            self._add(self._sum(name, values), float(low), float(high))
        answered = dict.fromkeys(self.levels(name), 1.0)
        k = self.found.publication.k
        if printed.why == Why.FEW:
            self._add(self._sum(name, answered), 0, k - 1)
        if printed.why == Why.BESIDE and name in self.question:
            self._add(self._sum(name, answered), k, np.inf)
            n = sum(self.true(name, level) for level in answered)
            # A small group of one mind would have that reason, so this one is not.
            for level in answered if n < 20 else ():
                self._add(self._sum(name, {level: 1.0}), 0, np.ceil(min(0.9 * n, n - 1) - 1e-9) - 1)
        half = len(answered) // 2
        sides = {Why.HIGH: self.levels(name)[half:], Why.LOW: self.levels(name)[:half]}
        if printed.why in sides and printed.n:
            self._add(self._sum(name, dict.fromkeys(sides[Why(printed.why)], 1.0)), printed.n / 2, np.inf)

    def _add_points(self, unit: str, code: str, points: Fraction, half: Fraction) -> None:
        row = self._points_row(unit, code)
        if row is not None:
            self._add(row, float(points - half), float(points + half))

    def _kept_back(self, unit: str) -> list[LeafScore]:
        scores = [score for score in self.found.scores_of(unit or None) if score.points is not None]
        return [score for score in scores if (unit, score.criterion.code) not in self.known.points]

    def _add_total(self, unit: str, total: Fraction) -> None:
        """What the official total less the points that are printed leaves for the leaves kept back, each of which is
        rounded by itself; the limits of the total tell about what it is before rounding."""
        hidden = self.kept_back[unit]
        rows = [self._points_row(unit, score.criterion.code) for score in hidden]
        if not hidden or any(row is None for row in rows):
            return
        hundredths = np.zeros(len(self.column))
        for score, row in zip(hidden, rows, strict=True):
            rounded = np.zeros(len(self.column))
            rounded[self.column[unit, score.criterion.code]] = 1
            self._add(100 * row - rounded, -0.5, 0.5)
            hundredths += rounded
        shown = [points for (of_unit, _code), (points, _half) in self.known.points.items() if of_unit == unit]
        rest = round(100 * total) - sum(int(half_up(points, 2) * 100) for points in shown)
        self._add(hundredths, rest, rest)
        exact = float(sum(score.exact for score in hidden))
        self._add(np.sum(rows, axis=0), exact - 0.005, exact + 0.005)

    def _points_row(self, unit: str, code: str) -> np.ndarray | None:
        """Points as the sum of means with numbers of answers taken as known; none where fewer than k count."""
        at = next(i for i, leaf in enumerate(self.found.inputs.leaves) if leaf.criterion.code == code)
        score = self.found.scores_of(unit or None)[at]
        settings = self.found.inputs.settings
        lines = [line for line in breakdown(score, settings) if line.counts]
        if score.exact is None or not lines or (settings.missing_group == "zero" and not score.exact):
            return None
        groups: dict[str, list[str]] = {}
        for line in lines:
            groups.setdefault(line.group, []).append(line.question.item)
        names = [(unit, line.group, line.question.item) for line in lines]
        if any(self.known.lines[name].why == Why.FEW for name in names):
            return None
        weights = {group: float(dict(settings.group_weights).get(group, 1)) for group in groups}
        if settings.group_combination == "pooled" and score.criterion.scored_by != SIPAS:
            weights = {group: float(score.groups[group].n) for group in groups}
        row = np.zeros(len(self.column))
        for line, name in zip(lines, names, strict=True):
            share = weights[line.group] / sum(weights.values()) / len(groups[line.group])
            values, in_n = self._values(name)
            self._add(self._sum(name, in_n), line.question.n, line.question.n)
            row += self._sum(name, values) * share / line.question.n
        return row * float(score.criterion.max_points)
