"""The examples of docs/analysis.md give what the page says."""

import doctest
import os
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_every_example_of_the_page_is_true(monkeypatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(os, "environ", {**os.environ, "COLUMNS": "120"})
    result = doctest.testfile(str(PROJECT / "docs" / "analysis.md"), module_relative=False)
    assert result.attempted > 30
    assert result.failed == 0
