"""Which of our fields a column heading means: synonyms on text without marks, and near misses."""

import re
from functools import lru_cache

from ..text import N_, clean, search_key

USUAL_LABELS = {
    "name": N_("Họ và tên"),
    "birth": N_("Năm sinh"),
    "gender": N_("Giới tính"),
    "position": N_("Chức vụ"),
    "phone": N_("Số điện thoại"),
    "ban": N_("Bản/khối"),
    "procedure": N_("Thủ tục hành chính"),
    "receipt": N_("Ngày tiếp nhận"),
    "return": N_("Ngày trả kết quả"),
    "business": N_("Tên doanh nghiệp/HTX"),
    "representative": N_("Họ tên người đại diện"),
    "unit": N_("Đơn vị công tác"),
    "ethnic": N_("Dân tộc"),
    "email": N_("Thư điện tử"),
    "tax_code": N_("Mã số thuế"),
    "commune": N_("Xã/thị trấn"),
    "dossier": N_("Mã hồ sơ"),
    "address": N_("Địa chỉ"),
    "note": N_("Ghi chú"),
    "language": N_("Ngôn ngữ thuận tiện"),
    "frame_key": N_("Mã khung mẫu"),
    "group": N_("Nhóm đối tượng"),
    "order": N_("Số thứ tự"),
    "family": N_("Họ và chữ đệm"),
    "given": N_("Tên"),
    "birth_male": N_("Năm sinh (nam)"),
    "birth_female": N_("Năm sinh (nữ)"),
    "male": "Nam",
    "female": N_("Nữ"),
}

_SYNONYMS: dict[str, str] = {
    "order": "tt|stt|so tt|so thu tu|thu tu|no",
    "name": "ho va ten|ho ten|ho chu dem ten|ho dem ten|ho va ten nguoi duoc hoi|ho ten nguoi dan|ho ten cong dan"
    "|ten nguoi dan|ten nguoi nop ho so|ho ten nguoi nop"
    "|ho ten nguoi duoc hoi|ho va ten khai sinh|ho ten day du|ho va ten cong dan"
    "|ho ten chu ho|ho va ten can bo|ho ten can bo|nguoi duoc hoi|ho chu dem va ten|ho va ten nguoi nop ho so",
    "family": "ho dem|ho va chu dem|ho chu dem|ho va dem|ho va ten dem|ho ten dem|ho",
    "given": "ten",
    "birth": "nam sinh|ngay sinh|ngay thang nam sinh|sinh nam|ntns|ngay thang sinh|nam sinh duong lich|sinh ngay"
    "|ngay thang nam sinh nam sinh",
    "birth_month": "thang sinh",
    "gender": "gioi tinh|gt|nam nu|phai|gioi|gioi tinh nam nu",
    "male": "nam",
    "female": "nu",
    "ethnic": "dan toc",
    "position": "chuc vu|chuc danh|chuc vu chuc danh|chuc danh chuc vu|chuc vu hien nay|chuc vu cong tac"
    "|vi tri viec lam|nghe nghiep|chuc vu nghe nghiep|chuc vu dam nhiem|chuc vu chuc danh hien nay",
    "unit": "don vi cong tac|noi cong tac|co quan don vi|co quan|don vi|co quan cong tac|co quan don vi cong tac"
    "|noi lam viec|ten don vi|ten co quan don vi|don vi noi cong tac",
    "group": "nhom|nhom doi tuong|doi tuong|nhom dieu tra|doi tuong dieu tra|loai doi tuong|doi tuong khao sat",
    "phone": "so dien thoai|sdt|so dt|dien thoai|dtdd|dt|dien thoai lien he|so dien thoai lien he|dien thoai di dong"
    "|mobile"
    "|so dien thoai di dong|di dong|so dt lien he|sdt lien he|so di dong|so may|so dt di dong|dt lien he|tel|phone",
    "office_phone": "dien thoai co quan|so dien thoai co quan|dt co quan|dien thoai ban|so dien thoai ban|may ban"
    "|dien thoai co dinh|so may ban",
    "email": "email|thu dien tu|hop thu cong vu|dia chi email|e mail|hop thu dien tu|mail|dia chi thu dien tu|hop thu",
    "ban": "ban khoi pho|ban khoi|thon ban|noi cu tru ban khoi|ban|thon|khoi|khoi pho|to dan pho|thon ban khoi pho"
    "|ban khoi to dan pho|noi cu tru|ban to dan pho|thon ban to dan pho|noi o|thon ban khoi|ten ban|noi thuong tru"
    "|dia chi thuong tru|cho o hien nay|thon to dan pho|ban thon|khoi ban|ban khu pho|dia chi ban khoi",
    "commune": "xa thi tran|xa tt|xa phuong|xa phuong thi tran|xa|xa tt noi cu tru|thuoc xa thi tran",
    "procedure": "thu tuc hanh chinh|tthc|noi dung tthc|ten tthc da giai quyet|ten tthc|ten thu tuc|thu tuc"
    "|noi dung giai quyet|tthc da giai quyet|ten thu tuc hanh chinh|thu tuc hanh chinh da giai quyet"
    "|noi dung thu tuc hanh chinh|tthc da thuc hien|thu tuc da giai quyet|noi dung ho so",
    "dossier": "ma ho so|so ho so|so bien nhan|ma so ho so|ma bien nhan|so hs|ma hs",
    "place": "noi giai quyet|noi tiep nhan|co quan giai quyet|noi nop ho so",
    "receipt": "ngay tiep nhan|ngay nhan ho so|ngay nop ho so|ngay nhan|ngay nop|ngay tiep nhan ho so|ngay nhan hs"
    "|ngay nop hs|thoi gian tiep nhan|thoi gian nop|tiep nhan",
    "return": "ngay tra ket qua|ngay tra|ngay tra kq|ngay nhan ket qua|ngay co ket qua|ngay tra ho so"
    "|tra ket qua|tra kq"
    "|ngay tra ket qua giai quyet|ngay nhan kq|thoi gian tra ket qua|ngay giai quyet xong|ngay tra kq giai quyet",
    "channel": "hinh thuc nop|hinh thuc nop ho so|cach nop|hinh thuc",
    "language": "ngon ngu thuan tien|ngon ngu|ngon ngu su dung|tieng noi",
    "business": "ten doanh nghiep htx|ten doanh nghiep|doanh nghiep|ten htx|ten doanh nghiep hop tac xa|ten to chuc"
    "|ten ho kinh doanh|doanh nghiep htx|ten cong ty|ten doanh nghiep to chuc|ten dn|ten dn htx"
    "|doanh nghiep hop tac xa|ten to chuc doanh nghiep|ten co so",
    "tax_code": "mst|ma so thue|ma so doanh nghiep|ma dn|ma so thue doanh nghiep|ma so dn",
    "address": "tru so|dia chi|dia chi tru so|tru so chinh|dia chi tru so chinh",
    "representative": "ho ten nguoi dai dien|nguoi dai dien|dai dien|nguoi dai dien phap luat|ho va ten nguoi dai dien"
    "|ho ten chu doanh nghiep|chu doanh nghiep|dai dien phap luat|ho ten dai dien|nguoi dai dien theo phap luat",
    "note": "ghi chu",
    "frame_key": "ma khung mau",
    "sign": "ky nhan|chu ky|ky ten|ky",
    "zalo": "zalo|co zalo|dung zalo|so zalo",
    "idno": "so cccd|cccd|cmnd|so cmnd|cccd cmnd|cmnd cccd|so cccd cmnd|so dinh danh|so dinh danh ca nhan",
    "degree": "trinh do|trinh do chuyen mon|trinh do dao tao",
}
_FIELD_OF = {synonym: field for field, synonyms in _SYNONYMS.items() for synonym in synonyms.split("|")}
_LONGEST = 80
_CLOSE_ENOUGH = 90
# «Số hồ sơ trong năm» counts dossiers; it is not the number of one.
_COUNTED = re.compile(
    r"(?:tong )?so (?:luong |luot )?(?:ho so|hs|thu tuc|giao dich) "
    r"(?:trong|da|ca|nam|thang|quy|moi|giai|nop|tiep|phat|cua|thuc|hoan|duoc|\d)|(?:tong so|so luong|so luot) "
)
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def heading_key(text: str) -> str:
    """Text of a heading without marks, punctuation and line ends."""
    return _NOT_WORD.sub(" ", search_key(text)).strip()


def field_of(text: str) -> str | None:
    """The field a heading text means, None when it means none of ours. «Năm» (year) is not «Nam» (male)."""
    return None if len(text) > _LONGEST or not text.strip() else _known_field(text)


@lru_cache(maxsize=10_000)
def _known_field(text: str) -> str | None:
    key = heading_key(text)
    if key == "nam" and clean(text).casefold() == "năm":
        return "year"
    if key in ("ngay", "thang"):
        return {"ngay": "day", "thang": "month"}[key]
    if _COUNTED.match(key):
        return None
    bare = heading_key(re.sub(r"\([^)]*\)", " ", text))
    for candidate in (key, bare):
        if candidate in _FIELD_OF:
            return _FIELD_OF[candidate]
    return _near_miss(bare or key)


def is_exact_heading(text: str) -> bool:
    """Whether the text is one of the known headings, letter by letter (marks and punctuation apart)."""
    return len(text) <= _LONGEST and heading_key(text) in _FIELD_OF


def _near_miss(key: str) -> str | None:
    """A heading with a typing fault, or one that begins with a name of ours and goes on."""
    from rapidfuzz import fuzz, process

    starts = [synonym for synonym in _FIELD_OF if synonym.count(" ") >= 1 and key.startswith(synonym + " ")]
    if starts and len(key) <= 45:
        return _FIELD_OF[max(starts, key=len)]
    if len(key) < 6:
        return None
    found = process.extractOne(
        key, [s for s in _FIELD_OF if len(s) >= 6], scorer=fuzz.ratio, score_cutoff=_CLOSE_ENOUGH
    )
    return _FIELD_OF[found[0]] if found else None


def joined_field(parent: str, child: str) -> str | None:
    """The field of a heading in several rows: «Năm sinh / Nam» is the birth of a man, «Giới tính / Nữ» a mark,
    «Ngày / Trả» a day of return.
    """
    above, below = field_of(parent), field_of(child)
    if above == "birth" and below in ("male", "female", "day", "month", "year"):
        return f"birth_{below}"
    nearest = parent.rsplit(" / ", 1)[-1]
    return below or field_of(f"{nearest} {child}") or above
