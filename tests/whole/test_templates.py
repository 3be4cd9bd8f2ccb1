"""Every template compiles, has a title, and keeps to the content policy."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("path", sorted((ROOT / "survey_app").rglob("*.html")), ids=lambda path: path.name)
def test_a_template_compiles_and_holds_no_inline_style_or_script(app_sqlite, path):
    source = path.read_text("utf-8")
    app_sqlite.jinja_env.parse(source)
    without_comments = re.sub(r"{#.*?#}", "", source, flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<style|javascript:", without_comments), (
        "the content policy refuses it"
    )
    assert not re.search(r"<script(?![^>]*\ssrc=)", without_comments), "scripts stand in files"
    assert "|safe" not in without_comments.replace(" ", ""), (
        "texts are escaped; Markup is made in Python where its source is known"
    )


@pytest.mark.parametrize("path", sorted((ROOT / "survey_app").rglob("*.html")), ids=lambda path: path.name)
def test_a_page_has_a_title_of_its_own(path):
    source = path.read_text("utf-8")
    if '{% extends "office.html"' in source or '{% extends "plain.html"' in source:
        assert "{% block title %}" in source
