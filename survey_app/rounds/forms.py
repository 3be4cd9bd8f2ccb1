"""Forms of the settings pages: shape only; meaning is checked by the rules."""

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from ..text import date_text

_FILL_IN = _l("Điền mục này.")


class DayField(StringField):
    """A day typed as dd/mm/yyyy; `data` is a date or None."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return date_text(self.data)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        self.data = None
        if not text:
            return
        try:
            self.data = datetime.strptime(text.replace("-", "/").replace(".", "/"), "%d/%m/%Y").date()  # noqa: DTZ007
        except ValueError as fault:
            words = _l("Không đọc được ngày «%(text)s». Điền theo mẫu ngày/tháng/năm, ví dụ 14/12/2021.", text=text)
            raise ValueError(words) from fault
        if not 1900 <= self.data.year <= 2200:
            raise ValueError(_l("Năm phải có 4 chữ số, ví dụ 14/12/2021."))


class WholeNumberField(StringField):
    """A whole number; `data` is an int, or None for an empty field."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        self.data = None
        if not text:
            return
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise ValueError(_l("Điền một số nguyên, ví dụ 2021."))
        self.data = int(text)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)


class BasicsForm(FlaskForm):
    """Năm và cấp."""

    title = StringField(_l("Tên đợt"), [InputRequired(_FILL_IN), Length(max=400)])
    year = WholeNumberField(_l("Năm đánh giá"), [InputRequired(_FILL_IN)], render_kw={"inputmode": "numeric"})
    operator_unit_id = SelectField(_l("Cơ quan tổ chức"), coerce=int, validate_choice=False)
    level = SelectField(_l("Cấp được đánh giá"), validate_choice=False)
    as_of = DayField(
        _l("Danh mục đơn vị vào ngày"),
        [InputRequired(_FILL_IN)],
        description=_l("Đơn vị có hiệu lực vào ngày này thì tham gia đợt. Điền ngày/tháng/năm."),
        render_kw={"inputmode": "numeric"},
    )
    rated = SelectMultipleField(_l("Đơn vị được đánh giá"), coerce=int, validate_choice=False)


class NewRoundForm(BasicsForm):
    """The first page of a new round: the same, and the code that stays."""

    code = StringField(
        _l("Mã đợt"),
        [Length(max=30, message=_l("Mã đợt dài nhất 30 ký tự."))],
        description=_l("Chữ thường không dấu và số, dùng trong địa chỉ trang. Để trống thì hệ thống tự đặt."),
    )
    training = BooleanField(_l("Đợt tập huấn, để làm thử"))


class DatesForm(FlaskForm):
    """Ngày."""

    lists_open_on = DayField(_l("Bắt đầu nhận danh sách"))
    lists_due_on = DayField(_l("Hạn nộp danh sách"))
    handover_due_on = DayField(_l("Bàn giao cho Sở Nội vụ"))
    opens_on = DayField(_l("Bắt đầu thu phiếu"))
    closes_on = DayField(_l("Ngày cuối thu phiếu"))
    grace_hours = WholeNumberField(_l("Số giờ nhận phiếu muộn"), render_kw={"inputmode": "numeric"})
    period_from = DayField(_l("Hồ sơ trả kết quả từ ngày"))
    period_to = DayField(_l("đến hết ngày"))
    age_on = DayField(_l("Tính đủ 18 tuổi vào ngày"))
    erase_personal_data_on = DayField(_l("Xóa tên và số điện thoại trước ngày"))


def day_after(day: date | None) -> date | None:
    """The next day, for the usual age reference date; None for none."""
    return date.fromordinal(day.toordinal() + 1) if day else None


def put_faults(form: FlaskForm, faults: dict[str, str]) -> None:
    """Places the sentences of a rule beside the fields they name; others stand above the form."""
    for name, sentence in faults.items():
        if name in form:
            field = form[name]
            field.errors = [*field.errors, sentence]
        else:
            form.form_errors.append(sentence)
