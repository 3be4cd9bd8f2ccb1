"""What an operator may choose when codes are issued and letters printed."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, ValidationError

from ..units.forms import read_day
from ..users.forms import known_choice
from .letter_words import LetterWishes

_short = Length(max=120, message=_l("Dài quá 120 ký tự. Viết ngắn lại."))
OUTPUTS = (
    SelectChoice("letters", _l("Giấy mời (PDF), mỗi người một trang")),
    SelectChoice("both", _l("Giấy mời và tệp mã (ZIP)")),
    SelectChoice("csv", _l("Chỉ tệp mã (CSV), để gửi tin nhắn")),
)


class IssueForm(FlaskForm):
    unit = SelectField(_l("Đơn vị"), [known_choice], validate_choice=False)
    group = SelectField(_l("Nhóm"), [known_choice], validate_choice=False)
    output = SelectField(_l("Nhận về"), [known_choice], validate_choice=False, choices=OUTPUTS)
    number = StringField(
        _l("Số, ký hiệu giấy mời"), [_short], description=_l("Để trống thì ghi tay, ví dụ Số: 05/GM-UBND.")
    )
    day = StringField(_l("Ngày ghi trên giấy mời"), description=_l("Ngày/tháng/năm; để trống thì ghi tay."))
    signer_title = StringField(_l("Chức vụ người ký"), [_short], description=_l("Ví dụ TRƯỞNG PHÒNG."))
    signer_name = StringField(_l("Họ tên người ký"), [_short])
    help_place = StringField(_l("Bộ phận Một cửa ở đâu"), [_short], description=_l("Nơi người được mời đến nhờ giúp."))

    def validate_day(self, field):
        if field.data and read_day(field.data) is None:
            raise ValidationError(_l("Không đọc được ngày đã gõ. Ghi dạng ngày/tháng/năm, ví dụ 14/12/2021."))

    def wishes(self) -> LetterWishes:
        return LetterWishes(
            number=(self.number.data or "").strip(),
            day=read_day(self.day.data),
            signer_title=(self.signer_title.data or "").strip(),
            signer_name=(self.signer_name.data or "").strip(),
            help_place=(self.help_place.data or "").strip() or "gần nhất",
        )
