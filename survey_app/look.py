"""What templates may use: words and tones of states, printed figures, icons, static addresses."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import get_locale, get_translations, gettext
from flask_login import current_user
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException

from . import text
from .access import ROLE_NAMES, Role, can
from .audit import AuditEntry
from .text import N_
from .web import settings

STATIC = Path(__file__).parent / "static"
LANGUAGES = ("vi", "en")  # the first where nothing is chosen

# kind -> state -> (word, tone, icon); ui: one word everywhere for one state
BADGES: dict[str, dict[str, tuple[str, str, str]]] = {
    "list": {
        "none": (N_("Chưa nộp"), "idle", "circle"),
        "draft": (N_("Nháp"), "idle", "pencil"),
        "awaiting_head": (N_("Chờ thủ trưởng"), "info", "person-check"),
        "submitted": (N_("Đã trình"), "info", "send"),
        "returned": (N_("Trả lại"), "warn", "arrow-return-left"),
        "approved": (N_("Đã duyệt"), "ok", "check2-circle"),
        "locked": (N_("Đã khóa"), "lock", "lock-fill"),
        "asked": (N_("Hỏi lại"), "warn", "question-circle"),
        "row_removed": (N_("Bỏ dòng"), "idle", "trash"),
        "head_returned": (N_("Về cán bộ lập"), "warn", "arrow-return-left"),
    },
    "pair": {
        "open": (N_("Cần xem"), "info", "arrow-right-circle"),
        "asked": (N_("Đang hỏi đơn vị"), "warn", "question-circle"),
        "decided": (N_("Đã quyết định"), "plain-ok", ""),
        "earlier": (N_("Đã hỏi năm trước"), "idle", "clock-history"),
    },
    "change": {
        "pending": (N_("Chờ duyệt"), "info", "hourglass-split"),
        "approved": (N_("Đã duyệt"), "ok", "check2-circle"),
        "refused": (N_("Không duyệt"), "warn", "x-circle"),
        "withdrawn": (N_("Đã rút"), "idle", "arrow-counterclockwise"),
        "add": (N_("Bổ sung"), "plain", "person-plus"),
        "add_list": (N_("Bổ sung cả danh sách"), "plain", "people"),
        "replace": (N_("Thay thế"), "plain", "arrow-left-right"),
        "remove": (N_("Đưa ra"), "plain", "person-dash"),
        "correct": (N_("Đính chính"), "plain", "pencil"),
    },
    "round": {
        "preparing": (N_("Đang chuẩn bị"), "idle", "gear"),
        "collecting_lists": (N_("Đang lập danh sách"), "info", "list-check"),
        "not_open": (N_("Chưa mở"), "idle", "circle"),
        "open": (N_("Đang thu"), "info", "inbox"),
        "closed": (N_("Đã đóng"), "lock", "door-closed"),
        "opened": (N_("Đã mở niêm phong"), "seal", "envelope-open"),
        "published": (N_("Đã công bố"), "ok", "megaphone"),
        "cancelled": (N_("Đã hủy"), "idle", "slash-circle"),
        "demo": (N_("Đợt mẫu"), "warn", "easel"),
        "training": (N_("Tập huấn"), "warn", "mortarboard"),
    },
    "step": {
        "blocked": (N_("Chưa làm được"), "plain", ""),
        "todo": (N_("Cần làm"), "info", "arrow-right-circle"),
        "doing": (N_("Đang làm"), "info", "hourglass-split"),
        "done": (N_("Đã xong"), "plain-ok", ""),
        "trouble": (N_("Có vướng mắc"), "err", "exclamation-octagon"),
        "overdue": (N_("Quá hạn"), "warn", "clock-history"),
    },
    "person": {
        "unused": (N_("Chưa trả lời"), "idle", "circle"),
        "received": (N_("Đã trả lời"), "ok", "check-circle-fill"),
        "refused": (N_("Từ chối"), "idle", "slash-circle"),
        "unreachable": (N_("Không liên lạc được"), "warn", "telephone-x"),
        "replaced": (N_("Đã thay thế"), "idle", "arrow-left-right"),
        "drew_slip": (N_("Đã bốc thăm mã"), "info", "shuffle"),
        "returned_paper": (N_("Đã nộp phiếu giấy"), "info", "file-earmark-check"),
    },
    "row": {
        "ok": (N_("Đạt"), "plain-ok", "check2"),
        "warning": (N_("Cảnh báo"), "warn", "exclamation-triangle-fill"),
        "error": (N_("Lỗi"), "err", "x-octagon-fill"),
        "fixed": (N_("Đã sửa"), "info", "pencil-square"),
    },
    "standing": {
        "open": (N_("Chưa xác nhận"), "warn", "question-circle"),
        "still": (N_("Vẫn còn"), "plain-ok", "check2"),
        "changed": (N_("Đã đổi"), "info", "pencil-square"),
        "gone": (N_("Không còn"), "idle", "person-dash"),
    },
    "danger": {
        "typing": (N_("Sửa lỗi chữ"), "plain-ok", "check2"),
        "safe": (N_("An toàn"), "plain-ok", "check2"),
        "risky": (N_("Có rủi ro"), "warn", "exclamation-triangle-fill"),
        "destructive": (N_("Làm hỏng câu trả lời"), "err", "x-octagon-fill"),
    },
    "scenario": {
        "passes": (N_("Đạt"), "plain-ok", "check2"),
        "stuck": (N_("Không đến hết phiếu"), "err", "x-octagon-fill"),
        "other_path": (N_("Đi đường khác"), "warn", "exclamation-triangle-fill"),
        "other_levels": (N_("Mức chấm khác"), "warn", "exclamation-triangle-fill"),
    },
    "questionnaire": {
        "none": (N_("Chưa có phiếu"), "idle", "circle"),
        "draft": (N_("Nháp"), "idle", "pencil"),
        "published": (N_("Đã công bố"), "ok", "patch-check"),
    },
    "key": {
        "none": (N_("Chưa tạo khóa"), "idle", "key"),
        "untested": (N_("Chưa mở thử"), "warn", "exclamation-triangle-fill"),
        "tested": (N_("Đã mở thử"), "ok", "check-circle"),
        "destroyed": (N_("Đã hủy khóa"), "lock", "key-fill"),
        "sealed": (N_("Phiếu niêm phong"), "seal", "envelope-paper"),
        "confidential": (N_("Phiếu bảo mật, có danh tính"), "idle", "person-lock"),
    },
    "backup": {
        "tried": (N_("Phục hồi thử được"), "ok", "check-circle"),
        "to_destroy": (N_("Cần hủy"), "warn", "exclamation-triangle-fill"),
        "destroyed": (N_("Đã hủy"), "idle", "trash"),
    },
    "score": {
        "enough": (N_("Đủ mẫu"), "plain-ok", ""),
        "few": (N_("Không đủ mẫu"), "warn", "people"),
        "suppressed": (N_("Đã giữ kín"), "idle", "eye-slash"),
    },
    "request": {
        "open": (N_("Chưa trả lời"), "info", "arrow-right-circle"),
        "late": (N_("Quá hạn"), "warn", "clock-history"),
        "waiting": (N_("Chờ duyệt thay đổi"), "warn", "hourglass-split"),
        "done": (N_("Đã trả lời"), "ok", "check-circle"),
        "refused": (N_("Từ chối"), "idle", "slash-circle"),
    },
    "account": {
        "active": (N_("Đang dùng"), "plain-ok", ""),
        "waiting": (N_("Chưa đặt mật khẩu"), "idle", "key"),
        "inactive": (N_("Đã khóa"), "lock", "lock-fill"),
    },
}


def page_language() -> str:
    """Language of the program's own words: the account's; without account the one that the page was asked for in."""
    chosen = getattr(current_user, "language", None) or _wished_language()
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def _wished_language() -> str | None:
    """What a respondent chose: kept with the answers, in the address, or in the form."""
    try:
        return g.get("language") or request.args.get("lang") or request.form.get("language")
    except HTTPException:  # a form too large to read; its error page is on the way
        return None


@lru_cache(maxsize=64)
def asset_version(name: str) -> str:
    """Changes with the content of a static file of ours."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Address of a static file of ours, with its content hash."""
    return url_for("static", filename=name, v=asset_version(name))


@lru_cache(maxsize=1)
def _symbols() -> dict[str, tuple[str, str]]:
    """Name -> (viewBox, drawing) of every bootstrap icon, from the sprite that Bootstrap-Flask carries."""
    import flask_bootstrap

    sprite = Path(flask_bootstrap.__file__).parent / "static/bootstrap5/icons/bootstrap-icons.svg"
    found = re.finditer(
        r'<symbol[^>]* viewBox="([^"]+)" id="([^"]+)">(.*?)</symbol>', sprite.read_text("utf-8"), re.DOTALL
    )
    return {match[2]: (match[1], match[3]) for match in found}


def icon(name: str) -> Markup:
    """A bootstrap icon, inline; decoration only: the word stands beside it. Raises KeyError for an unknown name."""
    if not name:
        return Markup("")
    view_box, drawing = _symbols()[name]
    return Markup(  # noqa: S704 - both parts come from the installed package
        '<svg class="icon" aria-hidden="true" focusable="false" width="1em" height="1em" '
        f'fill="currentColor" viewBox="{view_box}">{drawing}</svg>'
    )


def badge(kind: str, state: str, extra: str = "") -> Markup:
    """The word of a state in its tone; `extra` follows in the same badge («bản 2»)."""
    word, tone, symbol = BADGES[kind][str(state)]
    return Markup('<span class="tag tag-{}">{}{}{}</span>').format(
        tone, icon(symbol), escape(gettext(word)), f" {extra}" if extra else ""
    )


def bar(done: int, of: int, label: str = "") -> Markup:
    """A progress bar without inline style; the figures stand beside it as text."""
    share = 0 if of == 0 else max(0, min(100, round(100 * done / of)))
    return Markup(
        '<svg class="bar" role="img" aria-label="{}" viewBox="0 0 100 4" preserveAspectRatio="none">'
        '<rect class="bar-ground" width="100" height="4"/>'
        '<rect class="bar-fill" width="{}" height="4"/></svg>'
    ).format(label or f"{done} / {of}", share)


def audit_sentence(entry: AuditEntry) -> str:
    """An entry of the audit log in the language of the page; names, reasons and files in it stay as written."""
    return entry.sentence_in(gettext)


def _speak(app: Flask) -> None:
    """Let templates look the translations up once for each language: flask-babel does it for each sentence."""
    kept: dict[str, Any] = {}

    def words() -> Any:
        locale = get_locale()
        language = locale.language if locale else ""
        if language not in kept:
            kept[language] = get_translations()
        return kept[language]

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: words().ugettext(text),
        ngettext=lambda one, many, number: words().ungettext(one, many, number),
        pgettext=lambda context, text: words().upgettext(context, text),
        npgettext=lambda context, one, many, number: words().unpgettext(context, one, many, number),
        newstyle=True,
    )


def register(app: Flask) -> None:
    """Hand these to all templates."""
    _speak(app)
    app.jinja_env.filters.update(
        day=text.date_text,
        moment=text.moment_text,
        number=text.number_text,
        phone=text.phone_text,
        audit_sentence=audit_sentence,
    )
    app.jinja_env.globals.update(
        asset=asset, icon=icon, badge=badge, bar=bar, role_names=ROLE_NAMES, Role=Role, today=text.today
    )

    @app.context_processor
    def page_facts() -> dict[str, Any]:
        def may(right: str) -> bool:
            return current_user.is_authenticated and can(current_user, right)

        return {
            "may": may,
            "site": settings(),
            "page_language": str(get_locale() or "vi"),
            "here": request.endpoint or "",
        }
