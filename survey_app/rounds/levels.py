"""Rated levels (*cấp được đánh giá*) and what each means for the units of a round; the groups that usually answer."""

from ..text import N_, search_key
from ..units.models import Unit, UnitKind
from .models import ListType

SO_AND_COMMUNES = "so_xa"  # both at once, as a province rates them
# level -> (its word on pages, kinds of the units that are rated)
LEVELS: dict[str, tuple[str, tuple[UnitKind, ...]]] = {
    UnitKind.PROVINCE: (N_("Tỉnh"), (UnitKind.PROVINCE,)),
    UnitKind.PROVINCIAL_OFFICE: (N_("Sở, ngành"), (UnitKind.PROVINCIAL_OFFICE,)),
    SO_AND_COMMUNES: (
        N_("Sở, ngành và xã, phường"),
        (UnitKind.PROVINCIAL_OFFICE, UnitKind.COMMUNE, UnitKind.TOWN, UnitKind.WARD, UnitKind.SPECIAL_ZONE),
    ),
    UnitKind.DISTRICT: (N_("Huyện"), (UnitKind.DISTRICT,)),
    UnitKind.COMMUNE: (
        N_("Xã, phường, thị trấn"),
        (UnitKind.COMMUNE, UnitKind.TOWN, UnitKind.WARD, UnitKind.SPECIAL_ZONE),
    ),
    UnitKind.DISTRICT_OFFICE: (N_("Phòng chuyên môn"), (UnitKind.DISTRICT_OFFICE,)),
    UnitKind.SERVICE_UNIT: (N_("Đơn vị sự nghiệp"), (UnitKind.SERVICE_UNIT,)),
}
# Bodies that may run a round; others work for the one above them.
OPERATING_KINDS = (
    UnitKind.PROVINCE,
    UnitKind.PROVINCIAL_OFFICE,
    UnitKind.DISTRICT,
    UnitKind.DISTRICT_OFFICE,
    UnitKind.COMMUNE,
    UnitKind.TOWN,
    UnitKind.WARD,
    UnitKind.SPECIAL_ZONE,
)
_TERRITORIES = tuple(k for k in OPERATING_KINDS if k not in (UnitKind.PROVINCIAL_OFFICE, UnitKind.DISTRICT_OFFICE))

USUAL_GROUPS: dict[str, tuple[str, ListType]] = {
    "A": ("Lãnh đạo phòng chuyên môn", ListType.OFFICIALS),
    "B": ("Công chức phòng chuyên môn", ListType.OFFICIALS),
    "C": ("Lãnh đạo UBND xã, thị trấn", ListType.OFFICIALS),
    "D": ("Đại biểu Hội đồng nhân dân huyện", ListType.OFFICIALS),
    "E": ("Người dân đã giải quyết thủ tục hành chính", ListType.CITIZENS),
    "F": ("Doanh nghiệp, hợp tác xã", ListType.BUSINESS),
    "G": ("Lãnh đạo đơn vị sự nghiệp", ListType.OFFICIALS),
}
_GROUPS_OF_PROVINCE: dict[str, tuple[str, ListType]] = {
    "A": ("Lãnh đạo sở, ngành và phòng thuộc sở", ListType.OFFICIALS),
    "B": ("Công chức tự đánh giá cơ quan mình", ListType.OFFICIALS),
    "C": ("Lãnh đạo UBND và phòng thuộc xã, phường", ListType.OFFICIALS),
    "D": ("Đại biểu Hội đồng nhân dân tỉnh", ListType.OFFICIALS),
    "E": ("Người dân đã giải quyết thủ tục hành chính", ListType.CITIZENS),
}
LIST_TYPE_NAMES = {
    ListType.OFFICIALS: N_("Cán bộ, công chức, đại biểu"),
    ListType.CITIZENS: N_("Người dân"),
    ListType.BUSINESS: N_("Doanh nghiệp, hợp tác xã"),
}


def level_name(level: str) -> str:
    """The word of a level, as it stands on pages."""
    return LEVELS[level][0]


def usual_group(code: str, level: str = UnitKind.DISTRICT) -> tuple[str, ListType]:
    """Name and kind of list that a group with this letter usually has in a round of this level."""
    usual = _GROUPS_OF_PROVINCE if level == SO_AND_COMMUNES else USUAL_GROUPS
    return usual.get(code, (f"Nhóm {code}", ListType.OFFICIALS))


def is_territory(unit: Unit) -> bool:
    """The unit governs an area: a phòng or sở works in the area of the unit above it."""
    return unit.kind in _TERRITORIES


def suggested_code(unit_name: str, year: int) -> str:
    """A short code from the initials of the unit's own name: «Huyện Tuần Giáo», 2021 -> «tg-2021»."""
    words = search_key(unit_name).split(" ")
    for kind in ("thi tran", "tinh", "huyen", "xa", "phuong", "so", "phong"):
        parts = kind.split(" ")
        if words[: len(parts)] == parts and len(words) > len(parts):
            words = words[len(parts) :]
            break
    initials = "".join(word[0] for word in words if word[:1].isalnum())[:6]
    return f"{initials or 'dot'}-{year}"
