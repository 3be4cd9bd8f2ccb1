"""Does a text read well on a phone? Length, double negation, marks that show as they are."""

import re
from collections.abc import Iterator
from typing import Final

MAX_LABEL: Final = 120  # characters that a phone shows without scrolling
MAX_CHOICE: Final = 60
_QUOTED = re.compile(r"«[^»]*»|\"[^\"]*\"|“[^”]*”")
_NEGATIONS: Final = {
    "vi": re.compile(r"\b(không|chưa|chẳng|chả|đừng)\b", re.IGNORECASE),
    "en": re.compile(r"\b(not|no|never|none|cannot|without)\b|n['’]t\b", re.IGNORECASE),
}
_MARKS = re.compile(r"\*\*|__|</?[a-zA-Z][^>]*>|^#+ ", re.MULTILINE)


def too_long(text: str, most: int) -> str:
    """What to say of a text that a phone does not show at once, empty for a short one."""
    return f"câu dài {len(text)} ký tự; nên ≤ {most} cho điện thoại." if len(text) > most else ""


def wording_faults(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Pairs (kind, sentence) about the wording of a question."""
    if has_double_negation(text, language):
        yield "double_negation", "câu có hai lần phủ định, người nghe dễ hiểu ngược. Nói lại theo lối khẳng định."
    if _MARKS.search(text):
        yield "marks_in_text", "dấu **, __, # và thẻ <…> hiện nguyên như chữ, không làm đậm được. Bỏ dấu."


def has_double_negation(text: str, language: str) -> bool:
    """Whether a question denies twice; «có … không?» asks and does not deny, quoted words do not count."""
    negation = _NEGATIONS.get(language)
    if negation is None:
        return False
    plain = _QUOTED.sub("", text)
    if language == "vi":
        plain = re.sub(r"\b(không|chưa)\s*\?", "?", plain, flags=re.IGNORECASE)
        plain = re.sub(r"\bhay (không|chưa)\b", "", plain, flags=re.IGNORECASE)
    return any(len(negation.findall(sentence)) >= 2 for sentence in re.split(r"[.?!;]", plain))
