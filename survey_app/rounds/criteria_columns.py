"""Which column of a criterion workbook is which, and what its words mean (*phương pháp đánh giá*, *nhóm đối tượng*)."""

import re

from ..text import search_key
from .models import ScoredBy

AREA_CODE, AREA_NAME, CODE, TITLE, POINTS, SCORED_BY, GROUPS = (
    "area_code",
    "area_name",
    "code",
    "title",
    "max_points",
    "scored_by",
    "groups",
)
FIELD_NAMES = {
    CODE: "Mã tiêu chí",
    TITLE: "Nội dung",
    POINTS: "Điểm tối đa",
    SCORED_BY: "Phương pháp đánh giá",
    GROUPS: "Nhóm đối tượng điều tra",
}

# Folded words of an office's headings -> the field they name and how surely. Patterns are searched, not matched whole.
_HEADINGS: tuple[tuple[str, str, int], ...] = (
    (AREA_CODE, r"area code|ma linh vuc|linh vuc / (ma|stt|so)\b", 9),
    (AREA_NAME, r"area name|ten linh vuc|linh vuc / (ten|noi dung)", 9),
    (AREA_NAME, r"^(cac )?linh vuc( danh gia)?$|^area$", 6),
    (CODE, r"^(criterion )?code$|ma (so )?(tieu chi|tc|tctp)|tieu chi.* / (ma|so)\b|ky hieu", 9),
    (CODE, r"^(ma|ma so|so hieu)$", 7),
    (CODE, r"^(stt|tt|so tt|so thu tu)$", 4),
    (TITLE, r"^title$|ten tieu chi|noi dung|tieu chi.* / (noi dung|ten)", 8),
    (TITLE, r"^(linh vuc[ ,/;-]+)?(va )?(cac )?tieu chi\b|tieu chi thanh phan$|ten chi tieu|dien giai|^criterion$", 6),
    (POINTS, r"max points|diem (so )?toi da|diem chuan|thang diem|diem cao nhat|khung diem", 9),
    (POINTS, r"^(so )?diem$|^max(imum)?$|^points$", 5),
    (POINTS, r"\bdiem\b", 3),
    (SCORED_BY, r"scored by|phuong (phap|thuc)|(hinh|cach) thuc|cach (danh gia|cham|tinh)|nguon diem|^method$", 9),
    (SCORED_BY, r"\bdanh gia (qua|bang)\b|^nguon$", 6),
    (GROUPS, r"\bgroups?$|nhom doi tuong|doi tuong (duoc )?(dieu tra|khao sat|hoi)|nhom (dieu tra|khao sat)", 9),
    (GROUPS, r"\bnhom\b|doi tuong|nguoi (duoc hoi|tra loi)", 4),
)
# «Điểm tự đánh giá», «Điểm thẩm định», «Kết quả»: columns of a scoring sheet that stand empty beside the maximum.
_RESULTS = re.compile(r"tu danh gia|tu cham|tham dinh|dat duoc|ket qua|\bdat$")
_NO_RESULTS = re.compile(r"phuong|thuc|cach|toi da")

METHOD_NAMES = {ScoredBy.SELF_ASSESSMENT: "TĐG", ScoredBy.SURVEY: "ĐTXHH", ScoredBy.SIPAS: "SIPAS"}
_METHODS = (
    (ScoredBy.SIPAS, re.compile(r"sipas|hai long")),
    (ScoredBy.SURVEY, re.compile(r"\bdtxhh\b|\bxhh\b|dieu tra|khao sat|survey")),
    (ScoredBy.SELF_ASSESSMENT, re.compile(r"\btdg\b|tu danh gia|tu cham|tham dinh|self")),
)
_SHARE = re.compile(r"(tdg|dtxhh|sipas)\s*:?\s*(\d+(?:[.,]\d+)?)")
_NO_GROUP = {"", "-", "–", "—", "x", "0", "khong", "none"}
_GROUP = re.compile(r"[A-Z]\d{0,2}")
_LETTERS_TOGETHER = re.compile(r"[A-Z]{2,}")


def recognise(heading: str) -> dict[str, int]:
    """The fields that a folded heading text may name, with how surely."""
    heading = heading.replace("_", " ")
    if _RESULTS.search(heading) and not _NO_RESULTS.search(heading):
        return {}
    found: dict[str, int] = {}
    for field, pattern, strength in _HEADINGS:
        if re.search(pattern, heading):
            found[field] = max(strength, found.get(field, 0))
    return found


def method_of(text: str) -> ScoredBy | None:
    """TĐG, ĐTXHH or SIPAS for the words of the method column; None when they name none or two of them."""
    folded = search_key(text)
    found = [method for method, pattern in _METHODS if pattern.search(folded)]
    if ScoredBy.SIPAS in found:  # «SIPAS (điều tra)», «Chỉ số hài lòng qua khảo sát»
        return ScoredBy.SIPAS
    return found[0] if len(found) == 1 else None


def shares_of(text: str) -> dict[ScoredBy, str]:
    """The points per method printed in an area row, «TĐG 8.00 / ĐTXHH 1.50», as written."""
    names = {search_key(name): method for method, name in METHOD_NAMES.items()}
    return {names[name]: figure for name, figure in _SHARE.findall(search_key(text))}


def groups_of(text: str) -> list[str] | None:
    """Group letters of «A,C,D», «A; C và D», «Nhóm A, C», «ACD»; [] for none, None when something else stands there."""
    if search_key(text) in _NO_GROUP:
        return []
    words = re.sub(r"\b(nhóm|các|và)\b|&", " ", text, flags=re.IGNORECASE)
    letters = [word.upper() for word in re.split(r"[\s,;/+.]+", words) if word]
    if len(letters) == 1 and _LETTERS_TOGETHER.fullmatch(letters[0]) and list(letters[0]) == sorted(set(letters[0])):
        letters = list(letters[0])  # «ACD»
    if not letters or not all(_GROUP.fullmatch(letter) for letter in letters):
        return None
    return sorted(set(letters))
