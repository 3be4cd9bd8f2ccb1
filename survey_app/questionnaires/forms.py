"""Forms of the questionnaire pages."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired


class UploadForm(FlaskForm):
    """One XLSForm file."""

    file = FileField(
        _l("Tệp XLSForm (.xlsx hoặc .md, tối đa 2 MB)"),
        validators=[FileRequired(_l("Chọn một tệp."))],
        render_kw={"accept": ".xlsx,.md"},
    )
