"""Pages before sign-in: /sign-in, /first-use, /setup, and the way out."""

from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from ..access import open_to_all, requires
from ..audit import Action, record
from ..errors import Invalid
from ..sign_in import SignedIn
from ..web import me, reading, settings, writing
from . import entry
from .blueprint import bp
from .forms import FirstUseForm, SetupForm, SignInForm, place_faults
from .models import StaffSession, User
from .sessions import find_session


@bp.route("/sign-in", methods=["GET", "POST"])
@open_to_all("whoever works here comes in through this door")
def sign_in() -> Any:
    if current_user.is_authenticated:
        return redirect(url_for("rounds.home"))
    form = SignInForm()
    wait = 0
    if form.validate_on_submit():
        tries = entry.tries_of(form.login.data or "", request.remote_addr or "", settings().keys.pepper)
        with writing() as database_session:
            wait = entry.admit(database_session, tries)
        if not wait:
            user = entry.find_by_login(reading(), form.login.data or "")
            # Checking a password takes a tenth of a second: not while the one write lock is held.
            if entry.password_opens(user, form.password.data or "") and user is not None:
                _let_in(user, tries, form.password.data or "")
                return redirect(_way_on())
            with writing() as database_session:
                entry.count_failure(database_session, tries)
            place_faults(form, {"": _(entry.WRONG)})
    status = 429 if wait else 422 if form.errors or form.form_errors else 200
    page = render_template("users/sign_in.html", form=form, wait=wait, faults=status != 200)
    return page, status, {"Retry-After": str(wait * 60)} if wait else {}


def _let_in(user: User, tries: entry.Tries, password: str) -> None:
    """Start a session of `user` under a fresh cookie."""
    pepper = settings().keys.pepper
    with writing() as database_session:
        token = entry.let_in(database_session, user.id, _browser(request.user_agent.string), pepper, tries, password)
    session.clear()
    found = find_session(reading(), token, pepper)
    if found is not None:
        login_user(SignedIn(found.user, found.id, token))


def _browser(agent: str) -> str:
    """The browser in words that its owner recognises: «Chrome, Windows»."""
    names = (("Edg", "Edge"), ("OPR", "Opera"), ("coc_coc", "Cốc Cốc"), ("Firefox", "Firefox"), ("Chrome", "Chrome"))
    systems = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"))
    more = (("Mac OS", "macOS"), ("Linux", "Linux"))
    name = next((word for mark, word in (*names, ("Safari", "Safari")) if mark in agent), "Trình duyệt khác")
    system = next((word for mark, word in (*systems, *more) if mark in agent), "")
    return f"{name}, {system}" if system else name


def _way_on() -> str:
    """Where the person wanted to go; only to a page of ours."""
    wish = request.args.get("next", "")
    is_ours = wish.startswith("/") and not wish.startswith("//") and "\\" not in wish and wish.isprintable()
    return wish if is_ours else url_for("rounds.home")


@bp.post("/sign-out")
@requires("account.own")
def sign_out() -> Any:
    by = me()
    with writing() as database_session:
        found = database_session.get(StaffSession, by.session_id)
        if found is not None:
            entry.end(found)
        record(database_session, Action.USER_SIGNED_OUT, by, login=by.login)
    logout_user()
    session.clear()
    flash(_("Đã đăng xuất."), "ok")
    return redirect(url_for(".sign_in"))


@bp.route("/first-use", methods=["GET", "POST"])
@open_to_all("a holder of a one-time code chooses a password here")
def first_use() -> Any:
    form = FirstUseForm()
    wait = 0
    if form.validate_on_submit():
        pepper = settings().keys.pepper
        login, password = form.login.data or "", form.password.data or ""
        tries = entry.tries_of(login, request.remote_addr or "", pepper)
        with writing() as database_session:
            wait = entry.admit(database_session, tries)
        user = None if wait else entry.find_by_login(reading(), login)
        if not wait and not entry.code_opens(reading(), user, form.code.data or "", pepper):
            with writing() as database_session:
                entry.count_failure(database_session, tries)
            place_faults(form, {"code": _(entry.WRONG_CODE)})
        elif user is not None:
            try:
                with writing() as database_session:
                    entry.use_code(
                        database_session, user.id, form.code.data or "", password, form.again.data or "", pepper
                    )
                _let_in(user, tries, password)
                flash(_("Đã đặt mật khẩu. Lần sau đăng nhập bằng mật khẩu này."), "ok")
                return redirect(url_for("rounds.home"))
            except Invalid as invalid:
                place_faults(form, invalid.faults)
                if "code" not in invalid.faults:  # the code was right: looking for a password is no guessing
                    with writing() as database_session:
                        entry.forget(database_session, tries)
    status = 429 if wait else 422 if form.errors else 200
    page = render_template("users/first_use.html", form=form, wait=wait, faults=status != 200)
    return page, status, {"Retry-After": str(wait * 60)} if wait else {}


@bp.route("/setup", methods=["GET", "POST"])
@open_to_all("the first administrator comes in by the code that the program printed; gone afterwards")
def set_up() -> Any:
    entry.require_setup(reading())
    form = SetupForm()
    wait = 0
    if form.validate_on_submit():
        tries = entry.tries_of(entry.SETUP_LOGIN, request.remote_addr or "", settings().keys.pepper)
        with writing() as database_session:
            wait = entry.admit(database_session, tries)
        if not wait:
            try:
                with writing() as database_session:
                    account = entry.set_up_administrator(
                        database_session,
                        code=form.code.data or "",
                        login=form.login.data or "",
                        full_name=form.full_name.data or "",
                        password=form.password.data or "",
                        again=form.again.data or "",
                        pepper=settings().keys.pepper,
                    )
                (settings().data_folder / entry.SETUP_FILE).unlink(missing_ok=True)
                _let_in(account, tries, form.password.data or "")
                flash(_("Đã tạo người quản trị đầu tiên. Tiếp theo, tạo tài khoản cho cán bộ phụ trách đợt."), "ok")
                return redirect(url_for(".accounts"))
            except Invalid as invalid:
                place_faults(form, invalid.faults)
    status = 429 if wait else 422 if form.errors else 200
    page = render_template("users/setup.html", form=form, wait=wait, faults=status != 200)
    return page, status, {"Retry-After": str(wait * 60)} if wait else {}
