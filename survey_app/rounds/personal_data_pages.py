"""Settings page of a round: what people are told about the data held on them."""

from flask import request
from flask.typing import ResponseReturnValue

from ..access import requires
from ..errors import Invalid
from ..web import me, reading, writing
from .blueprint import bp
from .models import Round
from .personal_data import PersonalDataTerms, erase_day, legal_basis_of, purpose_of, set_personal_data
from .queries import find_round
from .settings_frame import frame, read_only, settings_to_change, to_next


@bp.get("/rounds/<code>/settings/personal-data")
@requires("rounds.read")
def personal_data(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    terms = PersonalDataTerms(purpose_of(survey_round), legal_basis_of(survey_round), survey_round.collects_ethnicity)
    return read_only(survey_round) or _page(survey_round, terms, {})


def _page(survey_round: Round, terms: PersonalDataTerms, faults: dict[str, str]) -> ResponseReturnValue:
    return frame(
        survey_round,
        "personal_data",
        "rounds/personal_data.html",
        422 if faults else 200,
        terms=terms,
        fault_of=faults,
        faults=[(sentence, name) for name, sentence in faults.items()],
        erase_on=erase_day(survey_round),
    )


@bp.post("/rounds/<code>/settings/personal-data")
@requires("rounds.manage")
def save_personal_data(code: str) -> ResponseReturnValue:
    form = request.form
    terms = PersonalDataTerms(
        form.get("purpose", ""), form.get("legal_basis", ""), form.get("collects_ethnicity") == "yes"
    )
    try:
        with writing() as session:
            survey_round = settings_to_change(session, code, "personal_data")
            set_personal_data(session, survey_round, terms, me())
    except Invalid as fault:
        return _page(find_round(reading(), code, me()), terms, fault.faults)
    return to_next(survey_round, "personal_data")
