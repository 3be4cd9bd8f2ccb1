"""The examples of docs/analysis.md give what the page says."""

import ast
import doctest
import os
import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_every_example_of_the_page_is_true(monkeypatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(os, "environ", {**os.environ, "COLUMNS": "120"})
    result = doctest.testfile(str(PROJECT / "docs" / "analysis.md"), module_relative=False)
    assert result.attempted > 30
    assert result.failed == 0


def test_every_public_function_names_its_call_in_r_or_says_that_there_is_none() -> None:
    """In its own docstring, or by the function that it hands on to."""
    missing = []
    for path in sorted((PROJECT / "analysis").glob("*.py")):
        module = ast.parse(path.read_text("utf-8"))
        of_module = "No R equivalent" in " ".join((ast.get_docstring(module) or "").split())
        for name, function in _public_functions(module):
            told = ast.get_docstring(function) or ""
            if not (of_module or re.search(r"\bR[:,] |No R equivalent|, as R |see\s+`", told)):
                missing.append(f"{path.stem}.{name}")
    assert missing == []


def _public_functions(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in module.body:
        owner, body = (f"{node.name}.", node.body) if isinstance(node, ast.ClassDef) else ("", [node])
        for one in body if not owner.startswith("_") else ():
            if isinstance(one, ast.FunctionDef) and not one.decorator_list and not one.name.startswith("_"):
                yield f"{owner}{one.name}", one
