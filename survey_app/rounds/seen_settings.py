"""Did somebody else save a settings page while it was open here? Told by the values, cell by cell, not by a clock."""

import hashlib
from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from ..text import date_text
from .levels import LIST_TYPE_NAMES, level_name
from .models import ListType, Round
from .personal_data import legal_basis_of, purpose_of
from .queries import groups_of, rated_units
from .scoring_rules import chosen_labels

_MOST_TOLD = 8
_EMPTY = "(để trống)"


def _basics(session: Session, survey_round: Round) -> dict[str, str]:
    rated = sorted(unit.name for unit in rated_units(session, survey_round))
    return {
        "Tên đợt": survey_round.title,
        "Năm đánh giá": str(survey_round.year),
        "Cơ quan tổ chức": survey_round.operator_unit.name,
        "Cấp được đánh giá": level_name(survey_round.level),
        "Danh mục đơn vị vào ngày": date_text(survey_round.as_of),
        "Đơn vị được đánh giá": ", ".join(rated),
    }


def _groups(session: Session, survey_round: Round) -> dict[str, str]:
    return {
        f"Nhóm {group.code}": f"{group.name}, {LIST_TYPE_NAMES[ListType(group.list_type)]}"
        + (", tự đánh giá" if group.self_rating else "")
        for group in groups_of(session, survey_round)
    }


def _quotas(session: Session, survey_round: Round) -> dict[str, str]:
    return {
        f"{quota.unit.name}, nhóm {group.code}": f"{quota.least}–{quota.target}–{quota.most}"
        for group in groups_of(session, survey_round)
        for quota in group.quotas
    }


def _dates(_session: Session, survey_round: Round) -> dict[str, str]:
    return {
        "Bắt đầu nhận danh sách": date_text(survey_round.lists_open_on),
        "Hạn nộp danh sách": date_text(survey_round.lists_due_on),
        "Bàn giao cho Sở Nội vụ": date_text(survey_round.handover_due_on),
        "Bắt đầu thu phiếu": date_text(survey_round.opens_on),
        "Ngày cuối thu phiếu": date_text(survey_round.closes_on),
        "Số giờ nhận phiếu muộn": str(survey_round.grace_hours),
        "Hồ sơ trả kết quả từ ngày": date_text(survey_round.period_from),
        "Hồ sơ trả kết quả đến hết ngày": date_text(survey_round.period_to),
        "Tính đủ 18 tuổi vào ngày": date_text(survey_round.age_on),
        "Xóa tên và số điện thoại trước ngày": date_text(survey_round.erase_personal_data_on),
    }


def _personal_data(_session: Session, survey_round: Round) -> dict[str, str]:
    return {
        "Mục đích": purpose_of(survey_round),
        "Căn cứ pháp lý": legal_basis_of(survey_round),
        "Hỏi dân tộc": "có" if survey_round.collects_ethnicity else "không",
    }


def _scoring(_session: Session, survey_round: Round) -> dict[str, str]:
    return dict(chosen_labels(survey_round.rules))


def _modes(session: Session, survey_round: Round) -> dict[str, str]:
    return {
        "Ngưỡng giữ kín": str(survey_round.k_min),
        "Cách giữ khóa": "chặt" if survey_round.key_mode == "strict" else "sẵn sàng",
        "Điện thoại trợ giúp": survey_round.help_phone,
        "Giờ trợ giúp": survey_round.help_hours,
        "Đọc phiếu có danh tính để": survey_round.reading_purpose,
    } | {f"Chế độ phiếu nhóm {group.code}": group.mode for group in groups_of(session, survey_round)}


def _ratings(session: Session, survey_round: Round) -> dict[str, str]:
    return {
        f"Nhóm {group.code} đánh giá": ", ".join(sorted(one.rated_unit.unit.name for one in group.ratings))
        for group in groups_of(session, survey_round)
    }


_STORED: Mapping[str, Callable[[Session, Round], dict[str, str]]] = {
    "basics": _basics,
    "groups": _groups,
    "quotas": _quotas,
    "ratings": _ratings,
    "dates": _dates,
    "personal_data": _personal_data,
    "scoring": _scoring,
    "modes": _modes,
}
GUARDED = frozenset(_STORED)  # pages with a form that writes over what is stored


def seen_mark(session: Session, survey_round: Round, page: str) -> str:
    """What goes with the form of a `page` to say which values it was filled from: a short digest of each."""
    return " ".join(f"{_digest(name)}:{_digest(words)}" for name, words in _STORED[page](session, survey_round).items())


def changed_since(session: Session, survey_round: Round, page: str, seen: str) -> str:
    """A sentence that names what is stored now where it is not what the form was filled from; empty when nothing is.

    The form then comes back as it was typed, with the new mark: saved once more it is meant to overwrite. A form
    without a mark (of a program) is taken as it is.
    """
    if not seen:
        return ""
    known = dict(part.split(":", 1) for part in seen.split() if ":" in part)
    stored = _STORED[page](session, survey_round)
    changed = [(name, words) for name, words in stored.items() if known.get(_digest(name)) != _digest(words)]
    gone = len(known.keys() - {_digest(name) for name in stored})
    if not changed and not gone:
        return ""
    told = [f"{name}: «{words or _EMPTY}»" for name, words in changed[:_MOST_TOLD]]
    if len(changed) > _MOST_TOLD:
        told.append(f"và {len(changed) - _MOST_TOLD} mục khác")
    if gone:
        told.append(f"{gone} mục đã bỏ")
    return (
        f"Có người khác vừa lưu trang này. Chưa ghi đè gì. Đang lưu: {'; '.join(told)}. "
        "Bên dưới là những gì anh/chị điền: sửa cho khớp rồi lưu lần nữa, hoặc mở lại trang để giữ giá trị đang lưu."
    )


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:10]
