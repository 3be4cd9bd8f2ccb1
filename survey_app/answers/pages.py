"""All pages of this subject: respondents, key holders, collection and opening."""

from ..steps import register_step
from . import api_pages, collection_pages, endings, key_pages, public_pages, respondent_pages
from .blueprint import bp
from .step import step_state

register_step(4, step_state)

__all__ = ["api_pages", "bp", "collection_pages", "endings", "key_pages", "public_pages", "respondent_pages"]
