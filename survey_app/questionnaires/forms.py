"""Forms of the questionnaire pages."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import InputRequired, Length


class UploadForm(FlaskForm):
    """One XLSForm file."""

    file = FileField(
        _l("Tệp XLSForm (.xlsx hoặc .md, tối đa 2 MB)"),
        description=_l("Có ảnh, âm thanh thì nén phiếu và các tệp ấy vào một tệp .zip, tối đa 6 MB."),
        validators=[FileRequired(_l("Chọn một tệp."))],
        render_kw={"accept": ".xlsx,.md,.zip"},
    )


class CorrectionForm(FlaskForm):
    """A file that only corrects typing errors, and why."""

    corrected = FileField(
        _l("Tệp XLSForm đã sửa lỗi chữ"),
        validators=[FileRequired(_l("Chọn một tệp."))],
        render_kw={"accept": ".xlsx,.md"},
    )
    reason = StringField(
        _l("Lý do sửa"),
        validators=[InputRequired(_l("Ghi lý do sửa.")), Length(max=200, message=_l("Ghi lý do ngắn hơn 200 ký tự."))],
    )
