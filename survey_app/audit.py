"""The audit log (nhật ký) of staff actions: declared actions with declared fields, chained by hash.

An entry is written in the same transaction as the change it tells of. Respondents leave no entry. No field holds a
name, number or address of a person asked: they are named by keyed hashes, or by unit, group and row.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from .access import Actor
from .db import Base, now
from .text import N_

_CHAIN_LOCK = 20_210_001  # advisory lock of PostgreSQL: entries are chained one after another


@dataclass(frozen=True)
class _Kind:
    code: str
    sentence: str  # Vietnamese, with the fields in braces
    fields: tuple[str, ...]


class Action(Enum):
    """Every action that is logged: code, sentence for the page, names of its fields."""

    USER_CREATED = _Kind("user.created", N_("Tạo tài khoản {login} ({role})"), ("login", "role"))
    USER_RESET = _Kind("user.reset", N_("Cấp lại mã dùng một lần cho {login}"), ("login",))
    USER_ACTIVE = _Kind("user.active", N_("Đổi trạng thái tài khoản {login}: {active}"), ("login", "active"))
    USER_SEES_ETHNICITY = _Kind(
        "user.sees_ethnicity", N_("Quyền xem dân tộc của {login}: {allowed}"), ("login", "allowed")
    )
    USER_PASSWORD = _Kind("user.password", N_("{login} đặt mật khẩu"), ("login",))
    USER_SIGNED_IN = _Kind("user.signed_in", N_("{login} đăng nhập"), ("login",))
    USER_SIGNED_OUT = _Kind("user.signed_out", N_("{login} đăng xuất"), ("login",))
    USER_SESSION_ENDED = _Kind("user.session_ended", N_("Kết thúc phiên làm việc của {login}"), ("login",))
    UNIT_ACCOUNTS = _Kind("user.unit_accounts", N_("Tạo {count} tài khoản đơn vị và in phiếu"), ("count",))
    BACKUP_MADE = _Kind("backup.made", N_("Sao lưu vào {file}, đã phục hồi thử"), ("file", "size", "sha256"))
    BACKUP_RESTORED = _Kind("backup.restored", N_("Phục hồi từ bản sao lưu {file}"), ("file", "sha256"))
    BACKUP_DESTROYED = _Kind("backup.destroyed", N_("Hủy bản sao lưu {file}"), ("file", "sha256"))
    UNITS_SEEDED = _Kind("units.seeded", N_("Nạp danh mục {units} đơn vị, {ban} bản"), ("units", "ban"))
    ROUND_CREATED = _Kind("round.created", N_("Tạo đợt {round}"), ("round",))
    ROUND_COPIED = _Kind(
        "round.copied",
        N_("Tạo đợt {round} từ đợt {source}"),
        ("round", "source", "criteria", "questionnaires"),
    )
    ROUND_CHANGED = _Kind("round.changed", N_("Sửa cài đặt đợt {round}: {part}"), ("round", "part"))
    ROUND_CRITERIA = _Kind(
        "round.criteria",
        N_("Nạp bộ tiêu chí đợt {round}: {leaves} tiêu chí, {points} điểm"),
        ("round", "leaves", "points"),
    )
    ROUND_LISTS_STARTED = _Kind("round.lists_started", N_("Bắt đầu nhận danh sách đợt {round}"), ("round",))
    ROUND_CANCELLED = _Kind("round.cancelled", N_("Hủy đợt {round}: {reason}"), ("round", "reason"))
    ROUND_DELETED = _Kind("round.deleted", N_("Xóa đợt {round} cùng {rows} dòng dữ liệu"), ("round", "rows"))
    ROUND_PURGED = _Kind("round.purged", N_("Đợt tập huấn {round} tự xóa cùng {rows} dòng dữ liệu"), ("round", "rows"))
    ROUND_OPENED = _Kind("round.opened", N_("Mở đợt {round} để thu phiếu"), ("round",))
    ROUND_CLOSED = _Kind("round.closed", N_("Đóng thu phiếu đợt {round}"), ("round",))
    LIST_UPLOADED = _Kind(
        "round.list_uploaded", N_("{unit} tải tệp {file} lên ({rows} dòng)"), ("round", "unit", "file", "rows")
    )
    COLUMNS_CHOSEN = _Kind("round.columns_chosen", N_("{unit} chọn cột của tệp: {columns}"), ("unit", "columns"))
    LIST_SUBMITTED = _Kind(
        "round.list_submitted",
        N_("{unit} nộp danh sách nhóm {group}: {persons} người"),
        ("round", "unit", "group", "persons"),
    )
    LIST_TO_HEAD = _Kind(
        "round.list_to_head",
        N_("{unit} gửi thủ trưởng danh sách nhóm {group}: {persons} người"),
        ("round", "unit", "group", "persons"),
    )
    LIST_FROM_HEAD = _Kind(
        "round.list_from_head",
        N_("{unit} đưa danh sách nhóm {group} về cán bộ lập"),
        ("round", "unit", "group"),
    )
    LIST_DEADLINE = _Kind(
        "round.list_deadline",
        N_("Gia hạn nộp danh sách cho {unit} đến {day}: {reason}"),
        ("round", "unit", "day", "reason"),
    )
    LIST_RETURNED = _Kind(
        "round.list_returned",
        N_("Trả lại danh sách nhóm {group} của {unit}; lý do ghi ở danh sách"),
        ("round", "unit", "group"),
    )
    LIST_APPROVED = _Kind(
        "round.list_approved", N_("Duyệt danh sách nhóm {group} của {unit}"), ("round", "unit", "group")
    )
    PAIR_DECIDED = _Kind(
        "round.pair_decided",
        N_("Quyết định cặp có thể trùng đợt {round}: {first} và {second}: {verdict}"),
        ("round", "first", "second", "verdict"),
    )
    FRAME_MADE = _Kind(
        "round.frame_made",
        N_("Lập khung mẫu nhóm {group} của {unit}: {persons} người"),
        ("round", "unit", "group", "persons", "sha256"),
    )
    FRAME_DISCARDED = _Kind(
        "round.frame_discarded",
        N_("Bỏ khung mẫu nhóm {group} của {unit}: {persons} người"),
        ("round", "unit", "group", "persons"),
    )
    FRAME_VIEWED = _Kind(
        "round.frame_viewed",
        N_("Xem dòng có lỗi của khung mẫu nhóm {group} của {unit}"),
        ("round", "unit", "group", "frame"),
    )
    SAMPLE_DRAWN = _Kind(
        "round.sample_drawn",
        N_("Chọn mẫu nhóm {group} của {unit}, lần {number}: {size} người, hạt giống {seed}"),
        ("round", "unit", "group", "number", "size", "seed", "sha256"),
    )
    SAMPLE_VIEWED = _Kind(
        "round.sample_viewed",
        N_("Xem mẫu nhóm {group} của {unit}, lần {number}"),
        ("round", "unit", "group", "number"),
    )
    SAMPLE_EXPORTED = _Kind(
        "round.sample_exported",
        N_("Tải tệp mẫu nhóm {group} của {unit}, lần {number}: {document}"),
        ("round", "unit", "group", "number", "document"),
    )
    SAMPLE_REPLACED = _Kind(
        "round.sample_replaced",
        N_("Thay người trong mẫu nhóm {group} của {unit}: dòng {old} bằng dự bị dòng {new}, lý do: {outcome}"),
        ("round", "unit", "group", "old", "new", "outcome"),
    )
    SAMPLE_RESTORED = _Kind(
        "round.sample_restored",
        N_("Hoàn lại người trong mẫu nhóm {group} của {unit}: dòng {old}, dự bị dòng {new} chờ lại"),
        ("round", "unit", "group", "old", "new"),
    )
    ROSTER_LOCKED = _Kind(
        "round.roster_locked",
        N_("Khóa danh sách đợt {round}, bản {number}: {persons} người"),
        ("round", "number", "persons", "sha256"),
    )
    ROSTER_EXPORTED = _Kind(
        "round.roster_exported",
        N_("Xuất danh sách đợt {round}, bản {number}"),
        ("round", "number", "ethnicity", "sha256"),
    )
    HANDOVER_GIVEN_AGAIN = _Kind(
        "round.handover_given_again",
        N_("Tải lại bộ bàn giao đợt {round}, bản {number}"),
        ("round", "number", "sha256"),
    )
    HANDOVER_RECEIVED = _Kind(
        "round.handover_received", N_("Xác nhận đã nhận bộ bàn giao đợt {round}, bản {number}"), ("round", "number")
    )
    COLUMN_TEMPLATE_SAVED = _Kind("handover.columns_saved", N_("Lưu mẫu cột «{name}»"), ("name",))
    COLUMN_TEMPLATE_DELETED = _Kind("handover.columns_deleted", N_("Xóa mẫu cột «{name}»"), ("name",))
    WORD_TEMPLATE_CHANGED = _Kind("handover.word_changed", N_("Đổi mẫu Word {kind}: {file}"), ("kind", "file"))
    PAYMENTS_EXPORTED = _Kind(
        "round.payments_exported",
        N_("Tải danh sách chi trả đợt {round}: {persons} người, {amount} đồng"),
        ("round", "persons", "amount"),
    )
    CHANGE_PROPOSED = _Kind(
        "round.change_proposed",
        N_("Đề nghị {kind} một người sau khi khóa, đợt {round}: {unit}, nhóm {group}"),
        ("round", "unit", "group", "kind"),
    )
    CHANGE_DECIDED = _Kind(
        "round.change_decided",
        N_("Đề nghị {kind} một người, đợt {round}: {unit}, nhóm {group}: {decision}"),
        ("round", "unit", "group", "kind", "decision"),
    )
    CHANGE_WITHDRAWN = _Kind(
        "round.change_withdrawn",
        N_("Rút đề nghị thay đổi, đợt {round}: {unit}, nhóm {group}"),
        ("round", "unit", "group"),
    )
    ROSTER_CHANGED = _Kind(
        "round.roster_changed",
        N_("Danh sách đợt {round} có bản {number}: {changes} thay đổi, {persons} người"),
        ("round", "number", "persons", "changes", "sha256"),
    )
    VERSIONS_COMPARED = _Kind(
        "round.versions_compared",
        N_("Tải so sánh bản {older} và bản {newer} của danh sách đợt {round}"),
        ("round", "older", "newer"),
    )
    QUESTIONNAIRE_LOADED = _Kind(
        "round.questionnaire_loaded", N_("Nạp phiếu nhóm {group} đợt {round}: {file}"), ("round", "group", "file")
    )
    QUESTIONNAIRE_PUBLISHED = _Kind(
        "round.questionnaire_published",
        N_("Công bố phiếu nhóm {group} đợt {round}, bản {number}"),
        ("round", "group", "number", "sha256"),
    )
    QUESTIONNAIRE_CORRECTED = _Kind(
        "round.questionnaire_corrected",
        N_("Sửa lỗi chữ trong phiếu nhóm {group} đợt {round}, bản {number}: {reason}"),
        ("round", "group", "number", "reason", "changes", "sha256"),
    )
    QUESTIONNAIRE_DISCARDED = _Kind(
        "round.questionnaire_discarded",
        N_("Bỏ bản nháp {number} của phiếu nhóm {group} đợt {round}"),
        ("round", "group", "number"),
    )
    SCENARIO_SAVED = _Kind(
        "round.scenario_saved",
        N_("Lưu kịch bản thử «{name}» của phiếu nhóm {group} đợt {round}"),
        ("round", "group", "name"),
    )
    SCENARIO_DELETED = _Kind(
        "round.scenario_deleted",
        N_("Xóa kịch bản thử «{name}» của phiếu nhóm {group} đợt {round}"),
        ("round", "group", "name"),
    )
    CELLS_FIXED = _Kind("round.cells_fixed", N_("Chốt {count} ô công bố đợt {round}"), ("round", "count"))
    CODES_ISSUED = _Kind(
        "round.codes_issued", N_("Cấp {count} mã cá nhân đợt {round}: {scope}"), ("round", "count", "scope")
    )
    CODES_VOIDED = _Kind(
        "round.codes_voided",
        N_("Hủy {count} mã của người có ký hiệu {person}, đợt {round}"),
        ("round", "count", "person"),
    )
    SLIPS_PRINTED = _Kind(
        "round.slips_printed",
        N_("In {count} mã bốc thăm đợt {round}: {unit}, nhóm {group}"),
        ("round", "unit", "group", "count"),
    )
    SLIPS_DRAWN = _Kind(
        "round.slips_drawn",
        N_("Ghi danh sách nhận mã bốc thăm đợt {round}: {unit}, nhóm {group}, {taken} người"),
        ("round", "unit", "group", "taken"),
    )
    PAPER_BATCH_MADE = _Kind(
        "round.paper_batch_made",
        N_("Lô phiếu giấy {number} đợt {round}: {unit}, nhóm {group}, phát {count} phiếu"),
        ("round", "unit", "group", "number", "count"),
    )
    PAPER_RETURNED = _Kind(
        "round.paper_returned",
        N_("Ghi phiếu giấy nộp lại của lô {number} đợt {round}: {unit}, nhóm {group}, {returned} người"),
        ("round", "unit", "group", "number", "returned"),
    )
    PAPER_KEYED = _Kind(
        "round.paper_keyed",
        N_("Bắt đầu nhập lô phiếu giấy {number} đợt {round}: {unit}, nhóm {group}"),
        ("round", "unit", "group", "number"),
    )
    PAPER_DESTROYED = _Kind(
        "round.paper_destroyed",
        N_("Đã hủy phiếu gốc của lô {number} đợt {round}: {unit}, nhóm {group}"),
        ("round", "unit", "group", "number"),
    )
    DESK_SET_UP = _Kind(
        "round.desk_set_up",
        N_("Mở máy «{device}» để nhiều người trả lời, đợt {round}"),
        ("round", "device"),
    )
    SLIPS_WITHDRAWN = _Kind(
        "round.slips_withdrawn",
        N_("Hủy {count} mã bốc thăm đợt {round}: {unit}, nhóm {group}"),
        ("round", "unit", "group", "count"),
    )
    KEY_INVITED = _Kind(
        "round.key_invited", N_("Mời {holder} ({body}) giữ khóa đợt {round}"), ("round", "holder", "body")
    )
    KEY_MADE = _Kind(
        "round.key_made", N_("Nhận khóa công khai của {holder} đợt {round}"), ("round", "holder", "fingerprint")
    )
    KEY_DESTROYED = _Kind("round.key_destroyed", N_("{holder} xác nhận đã hủy khóa đợt {round}"), ("round", "holder"))
    KEY_TESTED = _Kind("round.key_tested", N_("{holder} mở thử phong bì mẫu đợt {round}"), ("round", "holder"))
    OPENING_AGREED = _Kind("round.opening_agreed", N_("Đồng ý mở niêm phong đợt {round}"), ("round",))
    DISCARD_ASKED = _Kind(
        "round.discard_asked",
        N_("Đề nghị bỏ phong bì của người có ký hiệu {person}, đợt {round}"),
        ("round", "person"),
    )
    ENVELOPE_DISCARDED = _Kind(
        "round.envelope_discarded",
        N_("Đồng ý bỏ phong bì của người có ký hiệu {person}, đợt {round}"),
        ("round", "person"),
    )
    ENVELOPES_OPENED = _Kind(
        "round.envelopes_opened",
        N_("Mở niêm phong đợt {round}: {envelopes} phong bì, {ballots} lá phiếu"),
        ("round", "envelopes", "ballots", "faulty", "digest"),
    )
    IDENTIFIED_COUNTED = _Kind(
        "round.identified_counted",
        N_("Tách tên {count} phiếu có danh tính đợt {round} để tính điểm"),
        ("round", "count"),
    )
    ENVELOPES_CLEANED = _Kind("round.envelopes_cleaned", N_("Dọn sạch kho phong bì đợt {round}"), ("round",))
    OPINIONS_REVIEWED = _Kind(
        "round.opinions_reviewed",
        N_("Đọc soát {read} ý kiến viết tay nhóm {group} đợt {round}, giấu {hidden}"),
        ("round", "group", "read", "hidden"),
    )
    SCORES_COMPUTED = _Kind(
        "round.scores_computed",
        N_("Tính điểm đợt {round}, lần {number}: {total}"),
        ("round", "number", "total", "sha256"),
    )
    SCORES_EXPORTED = _Kind("round.scores_exported", N_("Tải bảng điểm đợt {round}, lần {number}"), ("round", "number"))
    LIST_VIEWED = _Kind(
        "personal.list_viewed",
        N_("Xem danh sách nhóm {group} của {unit}, đợt {round}: {persons} người"),
        ("round", "unit", "group", "persons"),
    )
    DRAFT_VIEWED = _Kind(
        "personal.draft_viewed",
        N_("Xem bản nháp số {draft} của {unit}, đợt {round}: {persons} người"),
        ("round", "unit", "draft", "persons"),
    )
    DRAFT_EXPORTED = _Kind(
        "personal.draft_exported",
        N_("Tải tệp của bản nháp số {draft} của {unit}, đợt {round}: {persons} người"),
        ("round", "unit", "draft", "persons"),
    )
    PAIR_VIEWED = _Kind(
        "personal.pair_viewed",
        N_("Xem cặp có thể trùng đợt {round}: {first} và {second}"),
        ("round", "first", "second"),
    )
    CHANGES_VIEWED = _Kind(
        "personal.changes_viewed",
        N_("Xem các thay đổi sau khi khóa, đợt {round}: {persons} người"),
        ("round", "persons"),
    )
    PERSON_VIEWED = _Kind(
        "personal.person_viewed", N_("Xem thông tin người có ký hiệu {person}, đợt {round}"), ("round", "person")
    )
    IDENTIFIED_LISTED = _Kind(
        "personal.identified_listed",
        N_("Xem danh sách người đã gửi phiếu có danh tính, đợt {round}: {persons} người"),
        ("round", "persons"),
    )
    IDENTIFIED_READ = _Kind(
        "personal.identified_read",
        N_("Đọc phiếu có danh tính của người có ký hiệu {person}, đợt {round}"),
        ("round", "person"),
    )
    IDENTIFIED_DELETED = _Kind(
        "personal.identified_deleted",
        N_("Xóa phiếu có danh tính theo yêu cầu của người có ký hiệu {person}, đợt {round}"),
        ("round", "person"),
    )
    PERSONAL_DATA_ERASED = _Kind(
        "round.personal_data_erased",
        N_(
            "Xóa dữ liệu cá nhân đợt {round}: {persons} người, {uploads} tệp, {versions} bản danh sách. Lý do: {reason}"
        ),
        ("round", "persons", "uploads", "versions", "reason"),
    )
    PRIVACY_REQUESTED = _Kind(
        "personal.requested",
        N_("Ghi nhận yêu cầu số {number} ({kind}) của người có ký hiệu {person}, đợt {round}"),
        ("round", "number", "kind", "person"),
    )
    REQUESTS_VIEWED = _Kind(
        "personal.requests_viewed", N_("Xem sổ yêu cầu về dữ liệu cá nhân: {requests} yêu cầu"), ("requests",)
    )
    PRIVACY_ANSWERED = _Kind(
        "personal.answered",
        N_("Trả lời yêu cầu số {number} ({kind}), đợt {round}: {outcome}"),
        ("round", "number", "kind", "outcome"),
    )
    PERSONS_SEARCHED = _Kind(
        "personal.searched",
        N_("Tìm người theo tên hoặc số điện thoại (ký hiệu {wanted}): {persons} người khớp"),
        ("wanted", "persons"),
    )


_BY_CODE = {action.value.code: action for action in Action}


class AuditEntry(Base):
    """One entry; `hash` covers the entry and the hash before it."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None]
    by_name: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    fields: Mapped[dict[str, Any]]
    previous_hash: Mapped[str]
    hash: Mapped[str]

    @property
    def sentence(self) -> str:
        """The entry in a Vietnamese sentence."""
        return self.sentence_in(str)

    def sentence_in(self, translate: Callable[[str], str]) -> str:
        """The entry in the language of `translate`, which is given the sentence with its fields still in braces."""
        return translate(_BY_CODE[self.action].value.sentence).format(**self.fields)


def record(session: Session, action: Action, by: Actor | None, **fields: Any) -> AuditEntry:
    """Append an entry to the log, in the caller's transaction. `by` None is the program itself (a command).

    Raises ValueError when the fields are not the declared ones.
    """
    if set(fields) != set(action.value.fields):
        raise ValueError(f"{action.name} takes the fields {action.value.fields}, not {tuple(fields)}")
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    session.flush()
    last = session.scalar(select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)) or ""
    entry = AuditEntry(
        at=now().replace(microsecond=0),
        by_id=by.id if by else None,
        by_name=by.full_name if by else "Chương trình",
        action=action.value.code,
        fields=as_stored(fields),
        previous_hash=last,
    )
    entry.hash = _hash_of(entry)
    session.add(entry)
    session.flush()
    return entry


def as_stored(fields: dict[str, Any]) -> dict[str, str]:
    """The fields of an entry as they are kept: all of them text."""
    return {name: str(value) for name, value in fields.items()}


def _hash_of(entry: AuditEntry) -> str:
    content = [entry.previous_hash, entry.at.isoformat(), entry.by_id, entry.by_name, entry.action, entry.fields]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def first_broken_entry(entries: Iterable[AuditEntry]) -> AuditEntry | None:
    """The first of `entries` (whole log, in order) that was altered, or after which one was removed; None if sound."""
    previous = ""
    for entry in entries:
        if entry.previous_hash != previous or entry.hash != _hash_of(entry):
            return entry
        previous = entry.hash
    return None
