"""One page for each kind of error; no traceback reaches a user."""

import logging
import secrets
from typing import Any

from flask import Flask, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from .errors import Conflict, Invalid, Missing, NoRight, Refused
from .text import N_

log = logging.getLogger("survey_app")

_TITLES = {
    400: N_("Trang gửi lên chưa đúng."),
    403: N_("Tài khoản này không làm được việc đó."),
    404: N_("Không tìm thấy trang này."),
    405: N_("Trang này không nhận cách gửi đó."),
    409: N_("Người khác vừa sửa trước."),
    413: N_("Tệp lớn quá."),
    421: N_("Địa chỉ máy chủ chưa đúng."),
    422: N_("Có chỗ cần sửa."),
    429: N_("Thao tác quá nhanh."),
    500: N_("Hệ thống gặp sự cố."),
    503: N_("Hệ thống đang tạm dừng."),
}
_NOT_NOW = N_("Lúc này chưa làm được việc đó.")
_DETAILS = {
    400: N_("Tải lại trang rồi làm lại."),
    404: N_("Địa chỉ có thể gõ sai, hoặc nội dung không thuộc phạm vi được xem."),
    405: N_("Quay lại trang trước và dùng các nút trên trang."),
    413: N_("Tệp lớn hơn 5 MB. Chép riêng danh sách sang tệp mới."),
    421: N_("Mở trang bằng đúng địa chỉ ghi trong giấy mời hoặc phiếu tài khoản."),
    429: N_("Thử lại sau ít phút."),
    503: N_("Thử lại sau ít phút. Phiếu đang trả lời vẫn còn trên máy."),
}


def error_page(status: int, detail: str = "", number: str = "", title: str = "") -> tuple[str, int]:
    """The page of an error, with a way back to the page it came from. Respondents see it in their own look."""
    base = "respondent/error.html" if _is_respondent_page() else "error.html"
    return (
        render_template(
            base,
            status=status,
            title=_(title or _TITLES.get(status, _TITLES[400])),
            back=page_above(),
            detail=detail or _detail(status),
            number=number,
        ),
        status,
    )


def _detail(status: int) -> str:
    # gettext of "" would be the head of the catalogue
    return _(_DETAILS[status]) if status in _DETAILS else ""


def _is_respondent_page() -> bool:
    return request.path in ("/", "/p", "/gui-tep") or request.path.startswith(
        ("/p/", "/phieu", "/cam-ket", "/bien-ban-mo")
    )


def page_above() -> str:
    """The nearest page above the refused address that can simply be opened; empty when only the first page is."""
    adapter = current_app.create_url_adapter(request)
    parts = request.path.rstrip("/").split("/")
    for length in range(len(parts), 1, -1):
        path = "/".join(parts[:length])
        if path == request.path and request.method == "GET":
            continue
        if adapter is not None and adapter.test(path, "GET"):
            return path
    return ""


def register(app: Flask) -> None:
    """One handler for each kind of error."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Any:
        return error_page(403, error.message, title=_NOT_NOW if not isinstance(error, NoRight) else "")

    @app.errorhandler(Missing)
    def missing(_error: Missing) -> Any:
        return error_page(404)

    @app.errorhandler(Conflict)
    def conflict(error: Conflict) -> Any:
        return error_page(409, error.message)

    @app.errorhandler(StaleDataError)
    def stale(_error: StaleDataError) -> Any:
        return error_page(409, _("Chưa ghi đè gì. Tải lại trang để xem nội dung mới nhất, rồi làm lại."))

    @app.errorhandler(Invalid)
    def invalid(error: Invalid) -> Any:
        return error_page(422, error.message)

    @app.errorhandler(CSRFError)
    def csrf(_error: CSRFError) -> Any:
        if not _is_respondent_page() and not current_user.is_authenticated:
            flash(_("Phiên làm việc đã hết. Đăng nhập lại; bản nháp còn nguyên."), "warn")
            return redirect(url_for("users.sign_in", next=page_above()))
        return error_page(400, _("Trang đã mở quá lâu nên chưa ghi gì. Quay lại trang trước, tải lại rồi làm lại."))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        page = error_page(error.code)
        headers = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After")}
        return (*page, headers)

    @app.errorhandler(OperationalError)
    def database_away(error: OperationalError) -> Any:
        log.error("database error %s", type(error.orig).__name__)
        return (*error_page(503), {"Retry-After": "10"})

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Any:
        number = secrets.token_hex(4)
        log.error("fault %s", number, exc_info=error)
        return error_page(
            500, _("Việc vừa làm chưa được ghi. Thử lại; nếu còn lỗi, báo số sự cố cho quản trị."), number
        )
