"""The list of payments (*danh sách chi trả*): who is paid for a form, how much, and a place to sign.

Paid are persons of whom the office knows that they answered; of those who drew a slip it knows only that they came, and
so they are paid for coming.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import paper
from ..access import Actor
from ..audit import Action, record
from ..errors import Invalid, Refused
from ..handover.money import dong_in_words
from ..rounds.models import RespondentGroup, Round
from ..sheets import SheetColumn, SheetPlan, Value, workbook_bytes
from ..units.official_names import issuer_of
from .letter_words import address_of
from .models import Invitation, InvitationState
from .queries import invitations

LARGEST_PAYMENT = 10_000_000
_PAID = (InvitationState.RECEIVED, InvitationState.DREW_SLIP, InvitationState.RETURNED_PAPER)


@dataclass(frozen=True)
class Payment:
    """One line: the person, where and as what, and the sum in đồng."""

    unit_name: str
    group: str
    name: str
    detail: str
    amount: int


def save_rates(session: Session, survey_round: Round, typed: Mapping[str, str], by: Actor) -> None:
    """Keep what a form of each group is paid; `typed` by letter. Raises Invalid with faults by letter."""
    faults, rates = {}, {}
    for group in survey_round.groups:
        text = typed.get(group.code, "").strip().replace(".", "").replace(" ", "").replace("\u00a0", "")
        if not text:
            rates[group.code] = 0
        elif not text.isascii() or not text.isdigit() or int(text[:12]) > LARGEST_PAYMENT:
            faults[group.code] = f"Nhóm {group.code}: ghi số tiền bằng chữ số, từ 0 đến 10.000.000 đồng."
        else:
            rates[group.code] = int(text)
    if faults:
        raise Invalid(faults)
    for group in session.scalars(select(RespondentGroup).where(RespondentGroup.round_id == survey_round.id)):
        group.payment = rates[group.code]
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="mức chi trả")


def payments_of(session: Session, survey_round: Round) -> list[Payment]:
    """Everybody who is paid, units in Vietnamese order, groups by letter. Empty before anybody answered.

    Raises Refused once personal data are erased: a list without names can be signed by nobody.
    """
    if survey_round.personal_data_erased_at is not None:
        raise Refused("Dữ liệu cá nhân của đợt này đã xóa theo thời hạn nên không lập được danh sách chi trả nữa.")
    rates = {group.id: group.payment for group in survey_round.groups}
    found = session.scalars(invitations(survey_round).where(Invitation.state.in_(_PAID)))
    return [
        Payment(
            one.person.unit_list.unit.name, one.person.unit_list.group.code, one.person.name, address_of(one.person),
            rates[one.person.unit_list.group_id],
        )
        for one in found
        if rates[one.person.unit_list.group_id]
    ]  # fmt: skip


def total_of(payments: Sequence[Payment]) -> int:
    """The sum of all lines in đồng."""
    return sum(one.amount for one in payments)


def log_export(session: Session, survey_round: Round, payments: Sequence[Payment], by: Actor) -> None:
    """Write down that the list was taken home. Raises Refused when nobody is to be paid."""
    if not payments:
        raise Refused("Chưa có ai trả lời, hoặc chưa đặt mức chi trả cho nhóm nào.")
    record(
        session, Action.PAYMENTS_EXPORTED, by, round=survey_round.code, persons=len(payments), amount=total_of(payments)
    )


_TITLE = ("DANH SÁCH CHI TRẢ", "NGƯỜI TRẢ LỜI PHIẾU ĐIỀU TRA XÃ HỘI HỌC")  # two lines on paper


def payments_workbook(survey_round: Round, payments: Sequence[Payment]) -> bytes:
    """The list as .xlsx with the total in words and a column to sign."""
    columns = (
        SheetColumn("TT", 6, "number"), SheetColumn("Đơn vị", 28), SheetColumn("Nhóm", 7),
        SheetColumn("Họ và tên", 26), SheetColumn("Chức vụ, nơi ở", 34), SheetColumn("Số phiếu", 9, "number"),
        SheetColumn("Số tiền (đồng)", 14, "number"), SheetColumn("Ký nhận", 18),
    )  # fmt: skip
    rows: list[list[Value]] = [
        [number, one.unit_name, one.group, one.name, one.detail, 1, one.amount, None]
        for number, one in enumerate(payments, 1)
    ]
    total = total_of(payments)
    tail = (f"Tổng cộng: {_grouped(total)} đồng", f"Bằng chữ: {dong_in_words(total)}./.")
    plan = SheetPlan("Chi trả", columns, rows, titles=(" ".join(_TITLE), survey_round.title), tail=tail)
    return workbook_bytes([plan], " ".join(_TITLE), survey_round.mark)


def _grouped(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")


_CSS = """
@page { size: A4 portrait; margin: 20mm 15mm 20mm 30mm; }
h1 { font-size: 14pt; text-align: center; margin: 10pt 0 2pt; }
.about { text-align: center; margin: 0 0 8pt; }
table.pay { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: 11pt; line-height: 1.2;
  text-align: left; }
table.pay th, table.pay td { border: 0.5pt solid #000; padding: 1.2mm; vertical-align: top; }
table.pay td { height: 9mm; } table.pay .n { text-align: right; white-space: nowrap; }
.ends { width: 100%; table-layout: fixed; text-align: center; margin-top: 12pt; break-inside: avoid; }
.ends td { padding-bottom: 50pt; }
"""


def payments_pdf(session: Session, survey_round: Round, payments: Sequence[Payment]) -> bytes:
    """The list on paper, heading and signatures as usual. Raises Refused when Pango is missing."""
    unit = survey_round.operator_unit
    issuer = issuer_of(session, unit)
    heading = paper.Heading(issuer.agency, issuer.superior, "", unit.address_place or unit.name)
    rows = Markup("").join(
        Markup("<tr><td>{}</td><td>{}<br>{}, nhóm {}</td><td>{}</td><td class='n'>{}</td><td></td></tr>").format(
            number, one.name, one.unit_name, one.group, one.detail, _grouped(one.amount)
        )
        for number, one in enumerate(payments, 1)
    )
    total = total_of(payments)
    body = Markup(
        "<body>{heading}<h1>{first}<br>{second}</h1><p class='about'>{about}</p><table class='pay'><colgroup>"
        '<col style="width:8%"><col style="width:34%"><col style="width:28%"><col style="width:14%">'
        '<col style="width:16%"></colgroup><thead><tr><th>TT</th><th>Họ và tên, đơn vị</th><th>Chức vụ, nơi ở</th>'
        "<th>Số tiền (đồng)</th><th>Ký nhận</th></tr></thead><tbody>{rows}<tr><td></td><td><b>Tổng cộng</b></td>"
        "<td></td><td class='n'><b>{total}</b></td><td></td></tr></tbody></table><p><i>Bằng chữ: {words}./.</i></p>"
        "<table class='ends' role='presentation'><tr><td><b>Người lập</b></td><td><b>Kế toán</b></td>"
        "<td><b>Thủ trưởng đơn vị</b></td></tr></table></body>"
    ).format(
        heading=paper.heading_html(heading), first=_TITLE[0], second=_TITLE[1], about=survey_round.title, rows=rows,
        total=_grouped(total), words=dong_in_words(total),
    )  # fmt: skip
    return paper.html_to_pdf(body, title=" ".join(_TITLE), css=_CSS, mark=survey_round.mark)
