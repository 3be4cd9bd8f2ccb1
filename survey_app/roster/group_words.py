"""Which of the groups A-G a heading, a sheet name, a cell or a job title speaks of."""

import re
from collections.abc import Sequence

from ..text import search_key

OFFICIALS = frozenset("ABCDG")
_LETTER = re.compile(r"^(?:nhom|doi tuong|nhom doi tuong)?\s*[:.\-]?\s*\(?([a-g])\)?(?:\b|$)")
_NUMBERING = re.compile(r"^\s*(?:[ivxIVX]+|\d+|[a-zA-Z])\s*[.):\-]\s*")
# The more telling words stand first: «lãnh đạo UBND xã» must not be taken for a commune's «người dân».
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("D", ("dai bieu", "hdnd huyen", "hoi dong nhan dan")),
    ("F", ("doanh nghiep", "hop tac xa", "htx", "ho kinh doanh", "nha dau tu")),
    ("E", ("nguoi dan", "cong dan", "ho dan", "nhan dan, to chuc", "ho gia dinh", "khung mau")),
    ("C", ("lanh dao ubnd xa", "lanh dao xa", "lanh dao ubnd thi tran", "lanh dao thi tran", "lanh dao uy ban nhan dan",
           "lanh dao ubnd", "lanh dao cap xa", "lanh dao phuong", "lanh dao cac xa", "chu tich, pho chu tich")),
    ("G", ("su nghiep", "dvsn", "lanh dao truong", "ban giam hieu", "hieu truong", "lanh dao don vi su nghiep")),
    ("A", ("lanh dao phong", "lanh dao cac phong", "lanh dao co quan", "truong phong", "lanh dao van phong",
           "lanh dao thanh tra", "lanh dao chuyen mon", "truong, pho")),
    ("B", ("cong chuc", "chuyen vien", "can bo chuyen mon", "nhan vien")),
)  # fmt: skip
_LEADER = ("truong", "pho", "chanh", "chu tich", "giam doc", "hieu truong", "bi thu")


def groups_named(text: str) -> list[str]:
    """All groups the text names, in the order of `_WORDS`; a letter («Nhóm C», «C») is enough."""
    key = _key(text)
    if (len(key) <= 24 or key.startswith("nhom ")) and (letter := _LETTER.match(key)):
        return [letter.group(1).upper()]
    return [group for group, words in _WORDS if any(word in key for word in words)]


def group_named(text: str, allowed: Sequence[str]) -> str | None:
    """The one group of `allowed` that the text names, None when it names none or several."""
    named = [group for group in groups_named(text) if not allowed or group in allowed]
    if len(named) == 1:
        return named[0]
    if named:
        return None
    key = _key(text)
    if "lanh dao" in key:
        leaders = [group for group in allowed if group in ("A", "C", "G")]
        return leaders[0] if len(leaders) == 1 else None
    return None


def group_guessed(job_title: str, has_procedure: bool, has_business: bool, allowed: Sequence[str]) -> str:
    """The likeliest group of a row that nothing names: by what is filled in and by the job title."""
    if has_business and "F" in allowed:
        return "F"
    if has_procedure and "E" in allowed:
        return "E"
    key = search_key(job_title)
    if key.startswith(_LEADER):
        preferred: tuple[str, ...] = ("A", "C", "G", "D")
    else:  # who has a job title and no dossier is an official, however the title is written
        preferred = ("B", "D", "C", "A", "G") if key else ("B", "E", "D")
    return next((group for group in preferred if group in allowed), allowed[0] if allowed else "E")


def _key(text: str) -> str:
    return _NUMBERING.sub("", search_key(text)).strip()


def list_kind(group: str) -> str:
    """Which columns the list of a group shows: «officials», «business» or «citizens»."""
    return "officials" if group in OFFICIALS else "business" if group == "F" else "citizens"
