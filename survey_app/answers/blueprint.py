"""The routes of this subject hang on one blueprint; those of respondents and key holders need no form token, since what
they send with it (a code, the link) is the authority and no cookie is."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from ..access import open_to_all

bp = Blueprint("answers", __name__, template_folder="templates")

View = TypeVar("View", bound=Callable[..., Any])
_without_token: list[Callable[..., Any]] = []


def for_respondents(view: View) -> View:
    """A page of the respondents: open to all, no cookie, no form token; the code in the body is the authority."""
    _without_token.append(view)
    return open_to_all("Người trả lời không có tài khoản: mã cá nhân trong thân yêu cầu là quyền.")(view)


def for_holders(view: View) -> View:
    """A page of the key holders: open to whoever has the link, which nobody can send without knowing it."""
    _without_token.append(view)
    words = "Người giữ khóa không có tài khoản: lời mời trong đường dẫn là quyền, và trang không cho xem phiếu nào."
    return open_to_all(words)(view)


@bp.record_once
def _exempt_from_form_tokens(setup: BlueprintSetupState) -> None:
    for view in _without_token:
        setup.app.extensions["csrf"].exempt(view)
