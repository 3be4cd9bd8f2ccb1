"""Pages of staff accounts: list, new, one account, accounts for all units. Sign-in and log stand in modules beside."""

from datetime import timedelta

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from ..access import RIGHTS, ROLE_NAMES, Role, requires
from ..errors import Invalid
from ..paper import require_pango
from ..text import today
from ..units.forms import read_day
from ..units.queries import day_to_look_at, labelled, submitting_units, unit_named, units_of_all_times
from ..web import me, reading, settings, writing
from . import audit_pages, entry_pages, one_time, own_pages, queries, rules  # noqa: F401 - add their routes to `bp`
from .blueprint import bp
from .forms import NewUserForm, place_faults
from .slips import slips_pdf


@bp.get("/users")
@requires("users.manage")
def accounts():
    by = me()
    text, role = request.args.get("q", ""), request.args.get("role", "")
    page = max(1, request.args.get("page", 1, type=int))
    found, total = queries.accounts(reading(), by, text=text, role=role, page=page)
    return render_template(
        "users/accounts.html",
        accounts=found,
        state_of=queries.account_state,
        total=total,
        page=page,
        pages=-(-total // queries.PER_PAGE),
        per_page=queries.PER_PAGE,
        page_url=lambda number: url_for(".accounts", q=text, role=role, page=number),
        text=text,
        role=role,
        roles=rules.roles_to_give(by),
        is_operator=by.role == Role.OPERATOR,
    )


@bp.route("/users/new", methods=["GET", "POST"])
@requires("users.manage")
def new_account():
    by = me()
    form = NewUserForm()
    form.role.choices = [SelectChoice(role.value, _(ROLE_NAMES[role])) for role in rules.roles_to_give(by)]
    choices = {labelled(unit): unit for unit in units_of_all_times(reading(), by.scope_path or "nowhere")}
    if form.validate_on_submit():
        typed = (form.unit.data or "").strip()
        unit = choices.get(typed) or unit_named(typed, list(choices.values()))
        if typed and unit is None:
            place_faults(
                form, {"unit": _("Không tìm thấy đơn vị «%(unit)s». Chọn một đơn vị trong danh mục.", unit=typed)}
            )
        else:
            try:
                return _create_account(form, unit)
            except Invalid as invalid:
                place_faults(form, invalid.faults)
    status = 422 if form.errors else 200
    return render_template("users/new.html", form=form, choices=choices, faults=form.errors), status


def _create_account(form, unit):
    by = me()
    with writing() as session:
        user = rules.create_user(
            session,
            login=form.login.data,
            full_name=form.full_name.data,
            position=form.position.data or "",
            role=form.role.data,
            unit=unit,
            by=by,
        )
        code = one_time.issue_code(session, user, one_time.SLIP_LIFETIME, settings().keys.pepper)
        user_id = user.id
    return _show_account(user_id, code, one_time.SLIP_LIFETIME)


@bp.get("/users/<int:user_id>")
@requires("users.manage")
def show_account(user_id: int):
    return _show_account(user_id)


def _show_account(user_id: int, code: str = "", lifetime: timedelta = one_time.RESET_LIFETIME):
    """The page of one account; a fresh one-time code stands on it once, in the answer to the post that made it."""
    by = me()
    user = rules.find_user(reading(), user_id, by)
    return render_template(
        "users/show.html",
        user=user,
        state=queries.account_state(user),
        last_seen=queries.last_seen(reading(), user.id),
        has_code=one_time.has_living_code(reading(), user),
        code=code,
        expires=today() + lifetime,
        is_self=user.id == by.id,
        may_see_ethnicity=user.role in RIGHTS["roster.ethnicity"],
    )


@bp.post("/users/<int:user_id>/reset")
@requires("users.manage")
def reset(user_id: int):
    with writing() as session:
        user = rules.find_user(session, user_id, me())
        code = rules.reset_user(session, user, me(), settings().keys.pepper)
    return _show_account(user_id, code)


@bp.post("/users/<int:user_id>/close")
@requires("users.manage")
def close(user_id: int):
    with writing() as session:
        rules.set_active(session, rules.find_user(session, user_id, me()), False, me())
    flash(_("Đã khóa tài khoản và kết thúc mọi phiên làm việc."), "ok")
    return redirect(url_for(".show_account", user_id=user_id))


@bp.post("/users/<int:user_id>/open")
@requires("users.manage")
def reopen(user_id: int):
    with writing() as session:
        rules.set_active(session, rules.find_user(session, user_id, me()), True, me())
    flash(_("Đã mở khóa tài khoản."), "ok")
    return redirect(url_for(".show_account", user_id=user_id))


@bp.post("/users/<int:user_id>/ethnicity")
@requires("users.manage")
def grant_ethnicity(user_id: int):
    allowed = request.form.get("allowed") == "yes"
    with writing() as session:
        rules.set_sees_ethnicity(session, rules.find_user(session, user_id, me()), allowed, me())
    flash(_("Đã cấp quyền xem dân tộc.") if allowed else _("Đã thu quyền xem dân tộc."), "ok")
    return redirect(url_for(".show_account", user_id=user_id))


@bp.get("/users/units")
@requires("users.manage")
def unit_accounts():
    by = me()
    day = read_day(request.args.get("day")) or day_to_look_at(by.unit)
    return render_template(
        "users/units.html",
        day=day,
        bad_day=bool(request.args.get("day")) and read_day(request.args.get("day")) is None,
        missing=rules.units_without_account(reading(), day, by) if by.scope_path else [],
        waiting=rules.accounts_waiting(reading(), day, by) if by.scope_path else [],
        total=len(submitting_units(reading(), day, by.scope_path)) if by.scope_path else 0,
    )


@bp.post("/users/units")
@requires("users.manage")
def make_unit_accounts():
    """Makes accounts (or new codes) and answers with the slips at once: the codes are kept nowhere in clear."""
    by = me()
    day = read_day(request.form.get("day")) or day_to_look_at(by.unit)
    make = rules.renew_slips if request.form.get("what") == "renew" else rules.create_unit_accounts
    require_pango()  # before accounts exist with codes that nobody could print
    with writing() as session:
        slips = make(session, day, by, settings().keys.pepper)
    pdf = slips_pdf(
        slips,
        address=f"{settings().public_url}/first-use",
        expires=today() + one_time.SLIP_LIFETIME,
        help_line=f"Cần giúp: {by.full_name}.",
    )
    name = f"phieu-tai-khoan-{today():%Y%m%d}.pdf"
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})
