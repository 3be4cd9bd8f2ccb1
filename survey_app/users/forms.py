"""Forms of sign-in and accounts: they check shape, the rules check meaning."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from .passwords import MINIMUM_LENGTH

_required = InputRequired(_l("Còn trống. Điền mục này."))
_short = Length(max=200, message=_l("Dài quá 200 ký tự. Viết ngắn lại."))
# Longer than any password, so that a fault in length is told in words by the rule.
_secret = Length(max=1000, message=_l("Dài quá 1000 ký tự. Viết ngắn lại."))
_password_hint = _l("Ít nhất %(n)d ký tự, dấu cách và dấu tiếng Việt đều được. Dán vào cũng được.", n=MINIMUM_LENGTH)


def known_choice(_form: FlaskForm, field: SelectField) -> None:
    """The value is one of those offered; the library's own check speaks English."""
    if field.data not in [choice.value for choice in field.choices]:
        raise ValidationError(_l("Chọn một mục trong danh sách."))


class SignInForm(FlaskForm):
    login = StringField(
        _l("Tên đăng nhập"), [_required, _short], render_kw={"autocomplete": "username", "autocapitalize": "none"}
    )
    password = PasswordField(_l("Mật khẩu"), [_required, _secret], render_kw={"autocomplete": "current-password"})


def _new_password() -> PasswordField:
    return PasswordField(
        _l("Mật khẩu mới"), [_required, _secret], description=_password_hint, render_kw={"autocomplete": "new-password"}
    )


def _again() -> PasswordField:
    return PasswordField(_l("Gõ lại mật khẩu mới"), [_required, _secret], render_kw={"autocomplete": "new-password"})


class FirstUseForm(FlaskForm):
    login = StringField(
        _l("Tên đăng nhập"), [_required, _short], render_kw={"autocomplete": "username", "autocapitalize": "none"}
    )
    code = StringField(
        _l("Mã dùng một lần"),
        [_required, _short],
        description=_l("Ghi trên phiếu tài khoản, dạng ABCD-EFGH-JKMN; không phân biệt chữ hoa, chữ thường."),
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"},
    )
    password = _new_password()
    again = _again()


class SetupForm(FlaskForm):
    code = StringField(
        _l("Mã dùng một lần"),
        [_required, _short],
        description=_l(
            "Chương trình in mã này ở cửa sổ lệnh và ghi vào tệp first-administrator.txt trong thư mục dữ liệu."
        ),
        render_kw={"autocomplete": "one-time-code", "spellcheck": "false"},
    )
    full_name = StringField(_l("Họ và tên"), [_required, _short], render_kw={"autocomplete": "name"})
    login = StringField(
        _l("Tên đăng nhập"),
        [_required, _short],
        description=_l("Chữ cái không dấu, chữ số, dấu gạch nối, ví dụ lo-thi-minh."),
        render_kw={"autocomplete": "username", "autocapitalize": "none"},
    )
    password = _new_password()
    again = _again()


class OwnPasswordForm(FlaskForm):
    old = PasswordField(_l("Mật khẩu hiện nay"), [_required, _secret], render_kw={"autocomplete": "current-password"})
    password = _new_password()
    again = _again()


class LookForm(FlaskForm):
    language = RadioField(
        _l("Ngôn ngữ"),
        [known_choice],
        validate_choice=False,
        choices=[SelectChoice("vi", "Tiếng Việt"), SelectChoice("en", "English")],
    )
    theme = RadioField(
        _l("Màu nền"),
        [known_choice],
        validate_choice=False,
        choices=[
            SelectChoice("auto", _l("Theo máy")),
            SelectChoice("light", _l("Sáng")),
            SelectChoice("dark", _l("Tối")),
        ],
    )
    dense_tables = BooleanField(
        _l("Thu gọn các bảng"), description=_l("Dòng thấp hơn, thấy nhiều dòng hơn trên màn hình.")
    )


class NewUserForm(FlaskForm):
    full_name = StringField(_l("Họ và tên"), [_required, _short])
    position = StringField(_l("Chức vụ"), [_short], description=_l("Hiện bên cạnh tên; để trống cũng được."))
    role = SelectField(_l("Vai trò"), [known_choice], validate_choice=False)
    unit = StringField(
        _l("Đơn vị"),
        [_short],
        description=_l("Gõ vài chữ của tên rồi chọn trong danh sách hiện ra, hoặc gõ mã đơn vị."),
        render_kw={"list": "unit-choices", "autocomplete": "off"},
    )
    login = StringField(
        _l("Tên đăng nhập"),
        [_required, _short],
        description=_l("Chữ cái không dấu, chữ số, dấu gạch nối, ví dụ xa-quai-cang."),
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )


def place_faults(form: FlaskForm, faults: dict[str, str]) -> None:
    """Put the faults of a rule beside the fields they name; a fault without field goes to the form."""
    for name, sentence in faults.items():
        if name in form:
            form[name].errors = [*form[name].errors, sentence]
        else:
            form.form_errors.append(sentence)
