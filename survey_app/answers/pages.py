"""All pages of this subject: respondents, key holders, collection and opening."""

from ..questionnaires.rules import register_answer_counter
from ..rounds.home_parts import register_key_holders
from ..steps import register_step
from . import (
    api_pages,
    carried_pages,
    collection_pages,
    desk_pages,
    discard_pages,
    endings,
    identified_pages,
    key_pages,
    keying_pages,
    opinion_pages,
    phone_pages,
    public_pages,
    respondent_pages,
    resume_pages,
)
from .blueprint import bp
from .queries import answers_of_group
from .step import key_holder_lines, step_state

register_step(4, step_state)
register_answer_counter(answers_of_group)
register_key_holders(key_holder_lines)

__all__ = [
    "api_pages",
    "bp",
    "carried_pages",
    "collection_pages",
    "desk_pages",
    "discard_pages",
    "endings",
    "identified_pages",
    "key_pages",
    "keying_pages",
    "opinion_pages",
    "phone_pages",
    "public_pages",
    "respondent_pages",
    "resume_pages",
]
