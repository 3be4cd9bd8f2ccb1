"""Forms of the office pages of this step: shape only; meaning is checked by the rules."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from ..rounds.models import RespondentGroup


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


class DeskForm(FlaskForm):
    """A device for many persons: its name, what it is, whose questionnaire it keeps."""

    device = StringField(
        _l("Tên máy"),
        description=_l("Tên để nhận ra máy, ví dụ «Quầy 1, xã Quài Tở». Không ghi tên người."),
        validators=[DataRequired(_l("Điền tên máy.")), Length(max=40, message=_l("Tên máy dài nhất 40 ký tự."))],
        filters=[lambda text: " ".join(text.split()) if text else text],
        render_kw={"autocomplete": "off"},
    )
    kind = RadioField(
        _l("Dùng để làm gì"),
        choices=[
            SelectChoice("quay", _l("Máy tại quầy: người dân tự trả lời, không thao tác 1 phút thì máy về trang đầu")),
            SelectChoice("phong-van", _l("Máy phỏng vấn: điều tra viên hỏi và bấm hộ từng người")),
        ],
        default="quay",
        validators=[InputRequired(_l("Chọn cách dùng máy."))],
    )
    group = SelectField(
        _l("Giữ sẵn phiếu của nhóm"),
        description=_l(
            "Để mở được phiếu cả khi mất mạng, máy giữ sẵn phiếu của một nhóm. "
            "Người của nhóm khác vẫn trả lời được khi có mạng."
        ),
    )
    here = SubmitField(_l("Mở trên máy này"))
    elsewhere = SubmitField(_l("Lấy đường dẫn cho máy khác"))

    def __init__(self, groups: Sequence[RespondentGroup], **options: Any) -> None:
        super().__init__(**options)
        named = [SelectChoice(group.code, f"{group.code} – {group.name}") for group in groups]
        self.group.choices = [SelectChoice("", _l("Không giữ sẵn (luôn cần mạng để mở phiếu)")), *named]
