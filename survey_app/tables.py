"""Every table of the program, imported in one place: for migrations and for whoever needs the whole metadata."""

from . import attempts, audit, backup_register, data_key
from .access_codes import models as access_codes
from .answers import models as answers
from .db import Base
from .handover import models as handover
from .personal_data import models as personal_data
from .questionnaires import models as questionnaires
from .roster import models as roster
from .rounds import models as rounds
from .sampling import models as sampling
from .scores import models as scores
from .units import models as units
from .users import models as users

__all__ = ["metadata"]

_ALL = (
    attempts,
    audit,
    backup_register,
    data_key,
    access_codes,
    answers,
    handover,
    personal_data,
    questionnaires,
    roster,
    rounds,
    sampling,
    scores,
    units,
    users,
)
metadata = Base.metadata
