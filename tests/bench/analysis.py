"""Milliseconds of the statistics of one round: 50 strata x 20 villages, 100 units, 30 questions, 100 000 answers."""

import io
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from analysis import calibration, summary_table, table_estimates

STRATA, VILLAGES, UNITS, ITEMS, ANSWERS = 50, 1000, 100, 30, 100_000
LEVELS = ("1", "2", "3", "4")
POINTS = {"1": 1.0, "2": 0.75, "3": 0.5, "4": 0.25}
ESTIMATES_MS, PASS_RATIO, BOOTSTRAP_MS, RAKING_MS, TIMES_R = 30, 2, 50, 5, 25
_SVYBY = """
suppressMessages(library(survey))
answers <- read.csv(commandArgs(TRUE)[1])
items <- reformulate(paste0("q", 1:30))
design <- svydesign(~village, strata = ~stratum, weights = ~w, data = answers)
seconds <- sapply(1:3, function(i) system.time(found <<- svyby(items, ~unit, design, svymean))[["elapsed"]])
write(median(seconds), stderr())
write.csv(cbind(coef(found), unlist(SE(found))), row.names = FALSE)
"""


def _frame(seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    village = random.integers(0, VILLAGES, ANSWERS)
    frame = pd.DataFrame({
        "stratum": village // (VILLAGES // STRATA), "village": village, "unit": village // (VILLAGES // UNITS),
        "w": random.uniform(1, 9, ANSWERS),
    })  # fmt: skip
    levels = pd.CategoricalDtype(LEVELS)
    for item in range(ITEMS):
        codes = random.choice(4, ANSWERS, p=[0.5, 0.3, 0.15, 0.05])
        frame[f"q{item + 1}"] = pd.Categorical.from_codes(codes, dtype=levels)
    return frame


def _milliseconds(act: Callable[[], object], rounds: int = 7) -> float:
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        act()
        times.append((time.perf_counter() - begin) * 1000)
    return median(times)


def thirty_items() -> None:
    """Estimates from the summary table, the pass that makes it, the bootstrap and raking; budgets beside each."""
    frame = _frame()
    items = [f"q{item + 1}" for item in range(ITEMS)]
    keys = {"levels": LEVELS, "by": ["unit"], "strata": "stratum", "psu": "village", "weights": "w"}
    table = summary_table.from_rows(frame, items, **keys)
    for interval in ("t", "beta"):
        spent = _milliseconds(lambda kind=interval: table_estimates.means(table, POINTS, ["unit"], interval=kind))
        print(f"30 items x 100 units with se, deff, {interval} limits {spent:.1f} ms (at most {ESTIMATES_MS})")
    ratio, numpy_ms, pass_ms = _pass_beside_bincount(frame, items)
    print(
        f"pass over {ANSWERS} answers {pass_ms:.0f} ms, bincount {numpy_ms:.0f} ms: x{ratio:.2f} (at most {PASS_RATIO})"
    )
    spent = _milliseconds(lambda: table_estimates.bootstrap_means(table, POINTS, ["unit"], count=200, seed=1))
    print(f"200 bootstrap replicates of 30 items x 100 units {spent:.1f} ms (at most {BOOTSTRAP_MS})")
    random = np.random.default_rng(2)
    cells = random.uniform(500, 5000, (2, 5, 4))
    totals = [axis * cells.sum() for axis in (np.full(2, 0.5), np.full(5, 0.2), np.array([0.1, 0.2, 0.3, 0.4]))]
    spent = _milliseconds(lambda: calibration.raked_table(cells, totals))
    print(f"raking 3 margins on 40 cells {spent:.2f} ms (at most {RAKING_MS})")
    _beside_r(frame, items, keys)


def _beside_r(frame: pd.DataFrame, items: list[str], keys: dict[str, object]) -> None:
    """30 items x 100 units with standard errors from the answers, beside `svyby` of R, which must give the same."""
    if shutil.which("Rscript") is None:
        print("R is not installed: not compared with svyby")
        return

    def whole() -> pd.DataFrame:
        return table_estimates.means(summary_table.from_rows(frame, items, **keys), POINTS, ["unit"])

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "answers.csv"
        frame.assign(**{item: frame[item].map(POINTS).astype(float) for item in items}).to_csv(path, index=False)
        done = subprocess.run(["Rscript", "-e", _SVYBY, path], capture_output=True, text=True, check=True)
    r_ms = float(done.stderr.split()[-1]) * 1000
    theirs = pd.read_csv(io.StringIO(done.stdout)).to_numpy()
    ours = whole()
    place = {item: number for number, item in enumerate(items)}
    ours = ours.sort_values(["item", "unit"], key=lambda column: column.replace(place))
    np.testing.assert_allclose(ours[["estimate", "se"]].to_numpy(), theirs, rtol=1e-7)
    spent = _milliseconds(whole)
    print(f"all of it {spent:.0f} ms, svyby of R {r_ms:.0f} ms, same figures: x{r_ms / spent:.0f} (at least {TIMES_R})")


def _pass_beside_bincount(frame: pd.DataFrame, items: list[str]) -> tuple[float, float, float]:
    """Median of paired rounds: the pass, beside 60 bincounts (Σwy and Σw of each item by village)."""
    village, weight = frame["village"].to_numpy(), frame["w"].to_numpy()
    codes = [frame[item].cat.codes.to_numpy() for item in items]
    values = [np.array(list(POINTS.values()))[code] for code in codes]

    def plain() -> None:
        for value in values:
            np.bincount(village, weight * value, minlength=VILLAGES)
            np.bincount(village, weight, minlength=VILLAGES)

    rounds = []
    for _ in range(7):
        numpy_ms = _milliseconds(plain, 1)
        pass_ms = _milliseconds(
            lambda: summary_table.level_sums(village, codes, weight, VILLAGES, len(LEVELS)), 1
        )  # fmt: skip
        rounds.append((pass_ms / numpy_ms, numpy_ms, pass_ms))
    return sorted(rounds)[len(rounds) // 2]
