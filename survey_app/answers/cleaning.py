"""How does nothing deleted, and no order of arrival, of the answers stay behind in the files of the database?"""

from .. import rewriting
from ..access_codes.models import Invitation
from ..db import Database
from .models import AnswerCount, Ballot, Envelope, FreeText


def rewrite(database: Database) -> None:
    """Rewrites every table that held or holds answers, and that of the invitations in the order of persons.

    By the order of persons, not of answering. Raises Refused when somebody reads for so long that the write-ahead log
    cannot be cut.
    """
    tables = [model.__tablename__ for model in (Envelope, Ballot, FreeText, AnswerCount)]
    rewriting.rewrite(database, tables, in_order=[Invitation.__tablename__])
