"""What templates may use: words and tones of states, printed figures, icons, static addresses."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for
from flask_babel import get_locale
from flask_login import current_user
from markupsafe import Markup, escape

from . import text
from .access import ROLE_NAMES, Role, can
from .web import settings

STATIC = Path(__file__).parent / "static"

# kind -> state -> (word, tone, icon); ui: one word everywhere for one state
BADGES: dict[str, dict[str, tuple[str, str, str]]] = {
    "list": {
        "none": ("Chưa nộp", "idle", "circle"),
        "draft": ("Nháp", "idle", "pencil"),
        "awaiting_head": ("Chờ thủ trưởng", "info", "person-check"),
        "submitted": ("Đã trình", "info", "send"),
        "returned": ("Trả lại", "warn", "arrow-return-left"),
        "approved": ("Đã duyệt", "ok", "check2-circle"),
        "locked": ("Đã khóa", "lock", "lock-fill"),
    },
    "round": {
        "preparing": ("Đang chuẩn bị", "idle", "gear"),
        "collecting_lists": ("Đang lập danh sách", "info", "list-check"),
        "not_open": ("Chưa mở", "idle", "circle"),
        "open": ("Đang thu", "info", "inbox"),
        "closed": ("Đã đóng", "lock", "door-closed"),
        "opened": ("Đã mở niêm phong", "seal", "envelope-open"),
        "published": ("Đã công bố", "ok", "megaphone"),
        "demo": ("Đợt mẫu", "warn", "easel"),
    },
    "step": {
        "blocked": ("Chưa làm được", "plain", ""),
        "todo": ("Cần làm", "info", "arrow-right-circle"),
        "doing": ("Đang làm", "info", "hourglass-split"),
        "done": ("Đã xong", "plain-ok", ""),
        "trouble": ("Có vướng mắc", "err", "exclamation-octagon"),
        "overdue": ("Quá hạn", "warn", "clock-history"),
    },
    "person": {
        "unused": ("Chưa trả lời", "idle", "circle"),
        "received": ("Đã trả lời", "ok", "check-circle-fill"),
        "refused": ("Từ chối", "idle", "slash-circle"),
        "unreachable": ("Không liên lạc được", "warn", "telephone-x"),
        "replaced": ("Đã thay thế", "idle", "arrow-left-right"),
    },
    "row": {
        "ok": ("Đạt", "plain-ok", "check2"),
        "warning": ("Cảnh báo", "warn", "exclamation-triangle-fill"),
        "error": ("Lỗi", "err", "x-octagon-fill"),
        "fixed": ("Đã sửa", "info", "pencil-square"),
    },
    "questionnaire": {
        "none": ("Chưa có phiếu", "idle", "circle"),
        "draft": ("Nháp", "idle", "pencil"),
        "published": ("Đã công bố", "ok", "patch-check"),
    },
    "key": {
        "none": ("Chưa tạo khóa", "idle", "key"),
        "untested": ("Chưa mở thử", "warn", "exclamation-triangle-fill"),
        "tested": ("Đã mở thử", "ok", "check-circle"),
        "destroyed": ("Đã hủy khóa", "lock", "key-fill"),
        "sealed": ("Phiếu niêm phong", "seal", "envelope-paper"),
        "confidential": ("Phiếu bảo mật, có danh tính", "idle", "person-lock"),
    },
    "score": {
        "enough": ("Đủ mẫu", "plain-ok", ""),
        "few": ("Không đủ mẫu", "warn", "people"),
        "suppressed": ("Đã giữ kín", "idle", "eye-slash"),
    },
    "account": {
        "active": ("Đang dùng", "plain-ok", ""),
        "waiting": ("Chưa đặt mật khẩu", "idle", "key"),
        "inactive": ("Đã khóa", "lock", "lock-fill"),
    },
}


def office_language() -> str:
    """Language of the office pages: the account's own; Vietnamese before sign-in."""
    return getattr(current_user, "language", None) or "vi"


@lru_cache(maxsize=64)
def _content_hash(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Address of a static file of ours, with its content hash."""
    return url_for("static", filename=name, v=_content_hash(name))


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
    from flask_babel import gettext

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


def register(app: Flask) -> None:
    """Hand these to all templates."""
    app.jinja_env.filters.update(
        day=text.date_text, moment=text.moment_text, number=text.number_text, phone=text.phone_text
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
