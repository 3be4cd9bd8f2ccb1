"""English is complete: every sentence of the interface has its translation, and the compiled file is the newest."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
ENGLISH = ROOT / "survey_app/translations/en/LC_MESSAGES/messages.po"
# As in [tool.babel] of pyproject.toml and tests/translate.sh.
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "_l": None}

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")
VIETNAMESE = re.compile(r"[À-ÖØ-öø-ỹĂăĐđƠơƯư]")
# Words that stay in an English sentence: names, and words that stand so in a file or on a button of another page.
KEPT = ("Tuần Giáo", "TRƯỞNG PHÒNG", "Số: 05/GM-UBND", "“Nhóm”", "“Khóa công khai”", "TĐG", "ĐTXHH")

Key = tuple[str | None, str]


def key_of(message: Message) -> Key:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def forms(text: str | list[str] | tuple[str, ...]) -> list[str]:
    """One form, or singular and plural."""
    return [text] if isinstance(text, str) else list(text)


def entries(catalogue: Catalog) -> dict[Key, Message]:
    return {key_of(message): message for message in catalogue if message.id}


@pytest.fixture(scope="module")
def translated() -> dict[Key, Message]:
    with ENGLISH.open("rb") as file:
        return entries(read_po(file, locale="en"))


@pytest.fixture(scope="module")
def in_program() -> set[Key]:
    """Every sentence that the program passes through gettext."""
    found = extract_from_dir(ROOT / "survey_app", METHODS, keywords=KEYWORDS)
    return {(context, text if isinstance(text, str) else text[0]) for _file, _line, text, _comments, context in found}


def lines(keys: Iterator[Key] | set[Key]) -> str:
    return "\n".join(sorted(f"{context or ''} {text}" for context, text in keys))


def test_the_program_has_sentences_of_both_kinds(in_program: set[Key]) -> None:
    assert (None, "Đợt điều tra") in in_program  # of a template
    assert (None, "Chưa nộp") in in_program  # of a constant, marked by N_
    assert (None, "Tên đăng nhập") in in_program  # of a form, lazy


def test_every_sentence_is_in_the_english_file(in_program: set[Key], translated: dict[Key, Message]) -> None:
    missing = in_program - set(translated)
    assert not missing, f"run sh tests/translate.sh, then translate:\n{lines(missing)}"


def test_no_sentence_is_left_over_in_the_english_file(in_program: set[Key], translated: dict[Key, Message]) -> None:
    left_over = set(translated) - in_program
    assert not left_over, f"run sh tests/translate.sh; no longer in the program:\n{lines(left_over)}"


def test_every_sentence_is_translated(translated: dict[Key, Message]) -> None:
    empty = {key for key, message in translated.items() if message.fuzzy or not all(forms(message.string))}
    assert not empty, f"translate in {ENGLISH.relative_to(ROOT)}:\n{lines(empty)}"


def test_translations_keep_the_placeholders(translated: dict[Key, Message]) -> None:
    for message in translated.values():
        wanted = sorted(PLACEHOLDER.findall(forms(message.id)[0]))
        for form in forms(message.string):
            assert sorted(PLACEHOLDER.findall(form)) == wanted, form


def test_translations_with_placeholders_can_be_filled(translated: dict[Key, Message]) -> None:
    for message in translated.values():
        for form in forms(message.string):
            names = {placeholder[2:-2] for placeholder in PLACEHOLDER.findall(form) if placeholder.startswith("%(")}
            if names:
                assert form % dict.fromkeys(names, 1)


def test_no_translation_has_vietnamese_words(translated: dict[Key, Message]) -> None:
    for message in translated.values():
        for form in forms(message.string):
            rest = form
            for kept in KEPT:
                rest = rest.replace(kept, "")
            assert not VIETNAMESE.search(rest), form


def test_the_compiled_file_is_the_newest(translated: dict[Key, Message]) -> None:
    with ENGLISH.open("rb") as file:
        fresh = BytesIO()
        write_mo(fresh, read_po(file, locale="en"))
    fresh.seek(0)
    with ENGLISH.with_suffix(".mo").open("rb") as file:
        compiled = {key: message.string for key, message in entries(read_mo(file)).items()}
    assert compiled == {key: message.string for key, message in entries(read_mo(fresh)).items()}, (
        "run sh tests/translate.sh"
    )
    assert len(compiled) == len(translated)
