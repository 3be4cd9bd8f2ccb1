"""Does the key file belong to this database, and how is the data key changed?"""

from collections.abc import Iterator

from sqlalchemy import Column, Integer, LargeBinary, Table, column, select, table, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from .db import Base
from .sealed_columns import SealedText, WrongKey, keys_of

_WORDS = "survey"
_BATCH = 500


class DataKeyCheck(Base):
    """One sealed word: whoever opens it has the key file of this database."""

    __tablename__ = "data_key_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(SealedText("data_key_check.word"))
    answer_key_id: Mapped[str | None]  # of the key of identified answers


def check_data_key(session: Session) -> None:
    """Raises WrongKey when what is stored was sealed with another key file. The first start seals the word."""
    stored = session.scalar(select(DataKeyCheck))
    if stored is None:
        stored = DataKeyCheck(word=_WORDS)
        session.add(stored)
    elif stored.word != _WORDS:
        raise WrongKey("Dữ liệu niêm phong đã bị thay đổi. Phục hồi cơ sở dữ liệu từ bản sao lưu.")
    own = keys_of(session.get_bind().dialect).answer_key_id
    if stored.answer_key_id is None:
        stored.answer_key_id = own
    elif stored.answer_key_id != own:
        raise WrongKey(
            "Tệp khóa (SURVEY_KEYS) thiếu hoặc sai khóa đọc phiếu có danh tính (answer_key) của cơ sở dữ liệu này. "
            "Chép lại tệp keys.json từ bản sao lưu mới nhất rồi chạy lại."
        )


def sealed_columns() -> Iterator[tuple[Table, Column[bytes]]]:
    """Every sealed column of the program."""
    for one in Base.metadata.sorted_tables:
        for found in one.columns:
            if isinstance(found.type, TypeDecorator) and hasattr(found.type, "place"):
                yield one, found


def seal_anew(session: Session) -> int:
    """Seal with the newest data key what an older one sealed; returns how many values. May be broken off and repeated.

    Goes past the models: what a row says does not change, so its version does not count on.
    """
    keys = keys_of(session.get_bind().dialect)
    changed = 0
    for sealed_table, sealed_column in sealed_columns():
        place = f"{sealed_table.name}.{sealed_column.name}"
        number, stored = column("id", Integer), column(sealed_column.name, LargeBinary)
        raw = table(sealed_table.name, number, stored)
        batch = select(number, stored).select_from(raw).where(stored.is_not(None)).order_by(number).limit(_BATCH)
        last = 0
        while rows := session.execute(batch.where(number > last)).all():
            last = rows[-1][0]
            old = [(row_id, bytes(value)) for row_id, value in rows if not keys.is_current(bytes(value))]
            for row_id, value in old:
                fresh = keys.seal(place, keys.open(place, value))
                session.execute(update(raw).where(number == row_id).values({sealed_column.name: fresh}))
            changed += len(old)
    return changed
