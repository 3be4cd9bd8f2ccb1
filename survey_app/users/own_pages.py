"""Pages of one's own account: password, look, signed-in browsers; and the help page."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid
from ..web import me, reading, settings, writing
from . import entry, queries, rules
from .blueprint import bp
from .forms import LookForm, OwnPasswordForm, place_faults
from .models import User
from .sessions import end_sessions


@bp.get("/account")
@requires("account.own")
def account() -> Any:
    return _account_page(OwnPasswordForm(formdata=None))


def _account_page(password_form: OwnPasswordForm, status: int = 200, wait: int = 0) -> Any:
    user = me()
    return (
        render_template(
            "users/account.html",
            password_form=password_form,
            look_form=LookForm(formdata=None, language=user.language, theme=user.theme, dense_tables=user.dense_tables),
            sessions=queries.living_sessions(reading(), user.id),
            own_session_id=user.session_id,
            wait=wait,
            faults=status != 200,
        ),
        status,
    )


@bp.post("/account/password")
@requires("account.own")
def change_password() -> Any:
    form = OwnPasswordForm()
    if not form.validate_on_submit():
        return _account_page(form, 422)
    user, pepper = me(), settings().keys.pepper
    tries = entry.tries_of(user.login, request.remote_addr or "", pepper)
    with writing() as session:
        wait = entry.admit(session, tries)
    if wait:
        return _account_page(form, 429, wait)
    if not entry.password_opens(user.user, form.old.data or ""):
        place_faults(form, {"old": _("Mật khẩu hiện nay chưa đúng.")})
        return _account_page(form, 422)
    try:
        with writing() as session:
            kept = user.session_id
            entry.choose_password(
                session, session.get_one(User, user.id), form.password.data or "", form.again.data or "", kept
            )
            entry.forget(session, tries)
    except Invalid as invalid:
        place_faults(form, invalid.faults)
        return _account_page(form, 422)
    flash(_("Đã đổi mật khẩu. Các máy khác đã đăng xuất."), "ok")
    return redirect(url_for(".account"))


@bp.post("/account/look")
@requires("account.own")
def change_look() -> Any:
    form = LookForm()
    if form.validate_on_submit():
        with writing() as session:
            user = session.get_one(User, me().id)
            user.language, user.theme = form.language.data, form.theme.data
            user.dense_tables = form.dense_tables.data
        flash(_("Đã lưu."), "ok")
    return redirect(url_for(".account"))


@bp.post("/account/sessions/<int:session_id>/end")
@requires("account.own")
def end_one_session(session_id: int) -> Any:
    with writing() as session:
        rules.end_session(session, session_id, me())
    flash(_("Đã kết thúc phiên làm việc đó."), "ok")
    return redirect(url_for(".account"))


@bp.post("/account/sessions/end")
@requires("account.own")
def end_other_sessions() -> Any:
    with writing() as session:
        end_sessions(session, me().id, except_id=me().session_id)
    flash(_("Đã kết thúc các phiên làm việc khác."), "ok")
    return redirect(url_for(".account"))


@bp.get("/help")
@requires("help.read")
def help_page() -> Any:
    return render_template("users/help.html")
