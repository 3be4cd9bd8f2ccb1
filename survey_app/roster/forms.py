"""Forms of the pages of lists: shape only; meaning is checked by the rules."""

from flask_wtf import FlaskForm
from wtforms import StringField

from ..rounds.forms import DayField


class ExtensionForm(FlaskForm):
    """Gia hạn."""

    due_on = DayField()
    reason = StringField()
