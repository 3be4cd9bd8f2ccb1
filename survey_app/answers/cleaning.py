"""How does nothing deleted, and no order of arrival, of the answers stay behind in the files of the database?"""

from .. import rewriting
from ..access_codes.models import AccessCode, Invitation
from ..db import Database
from .models import AnswerCount, Ballot, Envelope, FreeText, IdentifiedAnswer, ResumeDraft


def rewrite(database: Database) -> None:
    """Rewrites every table that held or holds answers, and those of invitations and codes.

    By the order of persons and of random codes, not of answering; then PostgreSQL gives up the log in which the
    envelopes came one after another. Raises Refused when somebody reads for so long that SQLite's cannot be cut.
    """
    models = (Envelope, ResumeDraft, Ballot, FreeText, AnswerCount, IdentifiedAnswer)
    tables = [model.__tablename__ for model in models]
    in_order = [model.__tablename__ for model in (Invitation, AccessCode)]
    rewriting.rewrite(database, tables, in_order=in_order)
    rewriting.let_log_go(database)
