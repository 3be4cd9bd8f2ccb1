"""Forms of the office pages of this step: shape only; meaning is checked by the rules."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length


class HolderForm(FlaskForm):
    """Whom to invite to hold a key."""

    name = StringField(
        _l("Họ và tên"),
        validators=[InputRequired(_l("Điền họ và tên người giữ khóa.")), Length(max=100)],
        render_kw={"autocomplete": "off"},
    )
    body = StringField(
        _l("Cơ quan"),
        description=_l("Mỗi cơ quan một người, ví dụ Phòng Nội vụ, Ủy ban MTTQ huyện, Sở Nội vụ (khóa giấy)."),
        validators=[InputRequired(_l("Điền cơ quan của người giữ khóa.")), Length(max=100)],
        render_kw={"autocomplete": "off"},
    )
