"""Keys of a round: the operator invites holders; a holder makes, stores and tests a key, without an account."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import Actor, requires
from ..errors import Invalid, Refused
from ..rounds.models import Mode, Round
from ..rounds.queries import find_round
from ..web import me, reading, settings, writing
from .blueprint import bp, for_holders
from .forms import HolderForm
from .holders import (
    confirm_destruction,
    confirm_test_opening,
    find_by_token,
    find_key,
    invite_again,
    invite_holder,
    sample_envelope,
    store_public_key,
    withdraw_invitation,
)
from .identified import modes_in_force
from .keys import to_text
from .queries import opening_of, round_keys
from .step import key_state


def _show_keys(survey_round: Round, form: HolderForm, status: int = 200, **values: Any) -> Any:
    keys = round_keys(reading(), survey_round.id)
    page = render_template(
        "answers/keys.html",
        survey_round=survey_round,
        keys=[(key, key_state(key)) for key in keys],
        form=form,
        confidential=modes_in_force(reading(), survey_round.id).get(Mode.CONFIDENTIAL, []),
        **values,
    )
    return page, status


@bp.get("/rounds/<code>/keys")
@requires("keys.manage")
def keys(code: str) -> Any:
    """Who holds a key, and how far each is."""
    return _show_keys(find_round(reading(), code, me()), HolderForm())


@bp.post("/rounds/<code>/keys")
@requires("keys.manage")
def invite(code: str) -> Any:
    """Invites a holder; the link is shown in this answer and never again."""
    form = HolderForm()
    survey_round = find_round(reading(), code, me())
    if not form.validate():
        return _show_keys(survey_round, form, 422)
    try:
        with writing() as session:
            found = find_round(session, code, me())
            token = invite_holder(session, found, form.name.data or "", form.body.data or "", me())
    except Invalid as faults:
        for name, words in faults.faults.items():
            form[name].errors = [words]
        return _show_keys(find_round(reading(), code, me()), form, 422)
    name = form.name.data
    return _show_link(code, token, name or "")


def _show_link(code: str, token: str, name: str) -> Any:
    """The list of holders with the new link on top; made without redirect, for the link is stored nowhere."""
    link = f"{settings().public_url}{url_for('answers.holder', token=token)}"
    return _show_keys(find_round(reading(), code, me()), HolderForm(formdata=None), link=link, invited=name)


@bp.post("/rounds/<code>/keys/<int:key_id>/link")
@requires("keys.manage")
def new_link(code: str, key_id: int) -> Any:
    """A new link for a holder; the old one ends."""
    with writing() as session:
        key = find_key(session, find_round(session, code, me()), key_id)
        token = invite_again(session, key, me())
        name = key.holder_name
    return _show_link(code, token, name)


@bp.post("/rounds/<code>/keys/<int:key_id>/withdraw")
@requires("keys.manage")
def withdraw(code: str, key_id: int) -> Any:
    """Takes back an invitation that nobody has followed."""
    with writing() as session:
        withdraw_invitation(session, find_key(session, find_round(session, code, me()), key_id))
    flash(_("Đã rút lời mời."), "ok")
    return redirect(url_for("answers.keys", code=code))


@bp.post("/rounds/<code>/keys/<int:key_id>/public-key")
@requires("keys.manage")
def bring_public_key(code: str, key_id: int) -> Any:
    """Takes a public key that the holder made by command and brought as a file."""
    file = request.files.get("file")
    text = file.read(20_000).decode("utf-8", "replace") if file else ""
    with writing() as session:
        key = find_key(session, find_round(session, code, me()), key_id)
        store_public_key(session, key, text, me())
    flash(_("Đã nhận khóa công khai. Người giữ khóa mở thử bằng đường dẫn của mình."), "ok")
    return redirect(url_for("answers.keys", code=code))


def _signed_in() -> Actor | None:
    """The account of this browser, none for a holder without one: the log tells when an officer acts in their place."""
    return me() if current_user.is_authenticated else None


@bp.get("/keys/<token>")
@for_holders
def holder(token: str) -> Any:
    """The steps of a holder: read, make, store, test; after the opening, destroy."""
    key = find_by_token(reading(), token)
    survey_round = key.round
    may_test = survey_round.closed_at is None and key.public_key is not None
    again = key.tested_before_start and survey_round.opened_at is not None and not key.tested_before_closing
    # Who has just tested sees that it went well, and tests again on another visit.
    testing = may_test and (not key.tested_before_start or (again and "done" not in request.args))
    others = len(round_keys(reading(), survey_round.id))
    opening = opening_of(reading(), survey_round.id)
    return render_template(
        "answers/holder.html",
        token=token,
        key=key,
        state=key_state(key),
        survey_round=survey_round,
        destroying=opening is not None and opening.stage != "opened" and key.public_key is not None,
        holders=max(others, 2),
        testing=testing,
        again=again,
        making=key.public_key is None and request.args.get("step") == "2",
        sample=to_text(sample_envelope(key, settings().keys.pepper)) if testing else "",
    )


@bp.get("/keys/<token>/sample")
@for_holders
def sample(token: str) -> Any:
    """The sample envelope as a file, for who tests the key by command on another machine."""
    key = find_by_token(reading(), token)
    content = to_text(sample_envelope(key, settings().keys.pepper)) + "\n"
    headers = {"Content-Disposition": "attachment; filename=phong-bi-mau.txt"}
    return content, 200, {"Content-Type": "text/plain; charset=utf-8", **headers}


@bp.post("/keys/<token>/public-key")
@for_holders
def take_public_key(token: str) -> Any:
    """The public half of the key made in the holder's browser."""
    with writing() as session:
        store_public_key(session, find_by_token(session, token), request.form.get("public_key", ""), _signed_in())
    flash(_("Đã nhận khóa công khai. Bây giờ mở thử một phong bì mẫu."), "ok")
    return redirect(url_for("answers.holder", token=token))


@bp.post("/keys/<token>/proof")
@for_holders
def take_proof(token: str) -> Any:
    """What was in the sample envelope: the holder can open."""
    with writing() as session:
        key = find_by_token(session, token)
        confirm_test_opening(session, key, request.form.get("proof", ""), settings().keys.pepper, _signed_in())
    flash(_("Mở được. Cảm ơn."), "ok")
    return redirect(url_for("answers.holder", token=token, done=1))


@bp.post("/keys/<token>/destroyed")
@for_holders
def take_destruction(token: str) -> Any:
    """The holder has destroyed the key; both boxes are ticked, since a copy that is left can still open old backups."""
    if not {"file", "paper"} <= set(request.form.getlist("gone")):
        raise Refused(_("Đánh dấu cả hai ô sau khi đã hủy tệp khóa và bản giấy."))
    with writing() as session:
        confirm_destruction(session, find_by_token(session, token), _signed_in())
    flash(_("Đã ghi: khóa của anh/chị đã hủy. Việc giữ khóa đợt này kết thúc. Cảm ơn anh/chị."), "ok")
    return redirect(url_for("answers.holder", token=token))
