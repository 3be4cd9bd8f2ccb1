"""All envelopes are opened at once, shuffled, and nothing leads back; a crash leaves all or nothing."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, insert, select, update
from sqlalchemy.orm import Session

from survey_app.access_codes.codes import hash_of
from survey_app.access_codes.models import Batch, Invitation, InvitationState
from survey_app.answers import opening as stages
from survey_app.answers.models import AnswerCount, Ballot, Envelope, FreeText, Opening
from survey_app.answers.opening import clean_up, open_envelopes
from survey_app.answers.payload import Rating, digest_of
from survey_app.answers.queries import sealing_keys
from survey_app.answers.rules import Sending, receive, seal_answers
from survey_app.audit import AuditEntry
from survey_app.db import Database, now
from survey_app.errors import Refused
from survey_app.roster.models import Person
from survey_app.rounds.models import Cell, Round
from tests.answers.make import ANSWERS, OpenRound, make_definition, make_key, make_open_round, make_version
from tests.make import make_unit


def make_answered(
    app: Flask, database: Database, answers: list[dict[str, Any]], persons: tuple[int, ...], **facts: Any
) -> OpenRound:
    """A closed round in which the first persons have answered."""
    pepper = app.extensions["survey_settings"].keys.pepper
    with database.writing() as session:
        made = make_open_round(session, pepper, persons, **facts)
        keys = sealing_keys(session, made.round.id)
        unit = made.round_unit(session)
        for code, one in zip(made.codes, answers, strict=False):
            sealed = seal_answers(made.round, keys, made.version.id, make_definition(), [Rating(unit, one)])
            receive(session, Sending(hash_of(code, pepper), digest_of("s" * 32, one), sealed))
        made.round.closed_at = now()
    return made


def open_all(database: Database, made: OpenRound, keys: slice = slice(0, 1)) -> Opening:
    with database.writing() as session:
        return open_envelopes(session, session.get_one(Round, made.round.id), made.private_keys[keys], None)


def test_ballots_counts_and_record_agree_with_what_was_sent(app: Flask, database: Database) -> None:
    sent = [ANSWERS | {"q_5_6_3": str(1 + n % 5), "y_kien": f"Ý kiến {n}"} for n in range(12)]
    made = make_answered(app, database, sent, persons=(20,))
    with database.reading() as session:
        sealed = session.scalars(select(Envelope.sealed)).all()
    record = open_all(database, made)
    hashes = sorted(hashlib.sha256(one).digest() for one in sealed)
    assert record.digest == hashlib.sha256(b"".join(hashes)).hexdigest()
    assert (record.envelopes, record.ballots, record.faulty, record.stage) == (12, 12, 0, "opened")
    with database.reading() as session:
        ballots = session.scalars(select(Ballot)).all()
        words = session.scalars(select(FreeText.text)).all()
        counted = {(c.item, c.level): c.answers for c in session.scalars(select(AnswerCount))}
        weight = session.scalars(select(AnswerCount).where(AnswerCount.item == "b_lam_tt")).one().weight_sum
        assert session.scalar(select(func.count()).select_from(Envelope)) == 0
        assert set(session.scalars(select(Invitation.replay_digest))) == {None}
        assert session.scalars(select(AuditEntry.action)).all()[-1] == "round.envelopes_opened"
    assert Counter(b.answers["q_5_6_3"] for b in ballots) == Counter(one["q_5_6_3"] for one in sent)
    assert all("y_kien" not in ballot.answers for ballot in ballots)
    assert sorted(words) == sorted(one["y_kien"] for one in sent)
    assert counted["q_5_6_3", "1"] == 3
    assert weight == pytest.approx(20)


def test_the_order_of_ballots_is_not_the_order_of_sending(app: Flask, database: Database) -> None:
    sent = [ANSWERS | {"q_5_6_3": "1" if number < 100 else "5"} for number in range(200)]
    made = make_answered(app, database, sent, persons=(200,))
    open_all(database, made)
    clean_up(database, made.round.id, None)
    with database.reading() as session:
        order = [ballot.answers["q_5_6_3"] for ballot in session.scalars(select(Ballot))]
    pairs = [order[i] < order[j] for i in range(200) for j in range(i + 1, 200) if order[i] != order[j]]
    assert 0.25 < sum(pairs) / len(pairs) < 0.75  # six standard errors around chance


def test_a_ballot_does_not_tell_whether_a_wording_was_corrected_before_or_after_it(
    app: Flask, database: Database
) -> None:
    made = make_answered(app, database, [ANSWERS] * 12, persons=(20,))
    with database.writing() as session:
        corrected = make_version(session, session.merge(made.group), make_definition(), number=2)
        rating = Rating(made.round_unit(session), ANSWERS)
        keys = sealing_keys(session, made.round.id)
        sealed = seal_answers(made.round, keys, corrected.id, make_definition(), [rating])
        session.scalars(select(Envelope)).first().sealed = sealed
    assert open_all(database, made).ballots == 12
    with database.reading() as session:
        ballots = session.execute(select(Ballot.__table__)).mappings().all()
    assert len({tuple((name, str(value)) for name, value in one.items() if name != "id") for one in ballots}) == 1


def test_an_exception_in_mid_opening_leaves_all_envelopes(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_answered(app, database, [ANSWERS] * 6, persons=(6,))
    for step in ("_read_all", "_merge_cells", "_store_ballots", "_store_counts", "record"):

        def fail(*_arguments: Any, **_more: Any) -> None:
            raise RuntimeError("power cut")

        with monkeypatch.context() as patch:
            patch.setattr(stages, step, fail)
            with pytest.raises(RuntimeError, match="power cut"):
                open_all(database, made)
        with database.reading() as session:
            left = [
                session.scalar(select(func.count()).select_from(t)) for t in (Envelope, Ballot, AnswerCount, Opening)
            ]
            assert left == [6, 0, 0, 0]
            assert session.get_one(Round, made.round.id).envelopes_opened_on is None
    assert open_all(database, made).ballots == 6


def test_faulty_envelopes_are_counted_and_the_others_opened(app: Flask, database: Database) -> None:
    made = make_answered(app, database, [ANSWERS] * 8, persons=(8,))
    with database.writing() as session:
        envelopes = session.scalars(select(Envelope).order_by(Envelope.id)).all()
        keys = sealing_keys(session, made.round.id)
        unit = made.round_unit(session)
        envelopes[0].sealed = b"\0" * 8192
        for envelope, version, rated, answers in (
            (envelopes[1], made.version.id, unit, ANSWERS | {"q_5_6_3": "9"}),
            (envelopes[2], made.version.id + 99, unit, ANSWERS),
            (envelopes[3], made.version.id, unit + 99, ANSWERS),
        ):
            envelope.sealed = seal_answers(made.round, keys, version, make_definition(), [Rating(rated, dict(answers))])
    record = open_all(database, made)
    assert (record.envelopes, record.ballots, record.faulty) == (8, 4, 4)


def test_a_blank_on_a_paper_form_is_counted_as_not_known_so_that_its_ballot_looks_like_any_other(
    app: Flask, database: Database
) -> None:
    made = make_answered(app, database, [ANSWERS] * 5, persons=(6,))
    blank = {key: value for key, value in ANSWERS.items() if key != "q_5_6_3"}
    with database.writing() as session:
        batch = Batch(round_id=made.round.id, cell_id=made.cells[1].id, kind="paper", ticked=1, keyed=1)
        session.add(batch)
        session.flush()
        keys = sealing_keys(session, made.round.id)
        rating = Rating(made.round_unit(session), blank)
        sealed = seal_answers(made.round, keys, made.version.id, make_definition(), [rating])
        session.add(Envelope(id="paper", round_id=made.round.id, batch_id=batch.id, sealed=sealed))
    record = open_all(database, made)
    assert (record.ballots, record.faulty) == (6, 0)
    with database.reading() as session:
        counted = {(c.item, c.level): c.answers for c in session.scalars(select(AnswerCount))}
        ballots = session.scalars(select(Ballot.answers)).all()
    assert (counted["q_5_6_3", "4"], counted["q_5_6_3", "KB"]) == (5, 1)
    assert {frozenset(answers) for answers in ballots} == {frozenset({"q_5_6_3", "q_5_6_2"})}


def test_cells_with_too_few_answers_merge_and_the_record_says_so(app: Flask, database: Database) -> None:
    # Two communes: the first sends 3, the second 7; with k = 5 the first may not stand alone, nor may the group's
    # cell with only those three.
    made = make_answered(app, database, [ANSWERS] * 10, persons=(3, 20))
    record = open_all(database, made)
    assert record.merged_cells == [
        {"cell": "Xã thử 1", "into": "Nhóm E"},
        {"cell": "Xã thử 2", "into": "Nhóm E"},
    ]
    with database.reading() as session:
        assert {ballot.cell_id for ballot in session.scalars(select(Ballot))} == {made.cells[0].id}
        assert session.get_one(Cell, made.cells[1].id).merged_into_id == made.cells[0].id
        row = session.scalars(select(AnswerCount).where(AnswerCount.item == "b_lam_tt")).one()
    assert (row.answers, row.weight_sum) == (10, pytest.approx(23))


def test_a_key_of_another_round_is_refused_and_nothing_is_opened(app: Flask, database: Database) -> None:
    made = make_answered(app, database, [ANSWERS], persons=(3,))
    with database.writing() as session:
        other = make_open_round(session, b"p" * 32, operator_unit=make_unit(session, "Huyện khác"))
    with pytest.raises(Refused, match="không thuộc đợt này"), database.writing() as session:
        open_envelopes(session, session.get_one(Round, made.round.id), other.private_keys, None)


def test_a_holder_who_came_after_all_answers_cannot_open_them_and_nothing_is_lost(
    app: Flask, database: Database
) -> None:
    made = make_answered(app, database, [ANSWERS] * 3, persons=(3,))
    with database.writing() as session:
        _key, private = make_key(session, made.round, "Sở Nội vụ")
    with pytest.raises(Refused, match="Không đọc được phong bì nào"), database.writing() as session:
        open_envelopes(session, session.get_one(Round, made.round.id), [private], None)
    assert open_all(database, made).ballots == 3


def test_a_holder_who_came_in_mid_round_opens_nothing_while_earlier_envelopes_would_be_lost(
    app: Flask, database: Database
) -> None:
    made = make_answered(app, database, [ANSWERS] * 6, persons=(6,))
    with database.writing() as session:
        _key, late = make_key(session, made.round, "Sở Nội vụ")
        keys = sealing_keys(session, made.round.id)
        rating = [Rating(made.round_unit(session), ANSWERS)]
        for envelope in session.scalars(select(Envelope).limit(4)):
            envelope.sealed = seal_answers(made.round, keys, made.version.id, make_definition(), rating)
    with pytest.raises(Refused, match="2 phong bì gửi trước"), database.writing() as session:
        open_envelopes(session, session.get_one(Round, made.round.id), [late], None)
    with database.writing() as session:
        both = [late, made.private_keys[1]]
        record = open_envelopes(session, session.get_one(Round, made.round.id), both, None)
    assert (record.ballots, record.faulty) == (6, 0)


def test_strict_mode_needs_two_keys(app: Flask, database: Database) -> None:
    made = make_answered(app, database, [ANSWERS] * 5, persons=(5,), key_mode="strict")
    with pytest.raises(Refused, match="khóa của hai người"):
        open_all(database, made)
    assert open_all(database, made, slice(0, 2)).ballots == 5


def test_opening_before_closing_and_opening_twice_are_refused(app: Flask, database: Database) -> None:
    made = make_answered(app, database, [ANSWERS], persons=(3,))
    with database.writing() as session:
        session.get_one(Round, made.round.id).closed_at = None
    with pytest.raises(Refused, match="sau khi đóng thu phiếu"):
        open_all(database, made)
    with database.writing() as session:
        session.get_one(Round, made.round.id).closed_at = now()
    open_all(database, made)
    with pytest.raises(Refused, match="đã mở niêm phong"):
        open_all(database, made)


def test_a_round_without_any_answer_opens_empty(app: Flask, database: Database) -> None:
    record = open_all(database, make_answered(app, database, [], persons=(3,)))
    assert (record.envelopes, record.ballots) == (0, 0)


def test_cleaning_can_be_repeated_and_is_logged_once(app: Flask, database: Database) -> None:
    made = make_answered(app, database, [ANSWERS] * 5, persons=(5,))
    open_all(database, made)
    for _ in range(2):
        clean_up(database, made.round.id, None)
    with database.reading() as session:
        assert session.scalars(select(Opening.stage)).one() == "cleaned"
        assert session.scalars(select(AuditEntry.action)).all().count("round.envelopes_cleaned") == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_reader_who_keeps_the_log_from_being_cut_is_said_and_the_stage_stays(app: Flask, database: Database) -> None:
    made = make_answered(app, database, [ANSWERS] * 5, persons=(5,))
    open_all(database, made)
    event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 200"))
    database.engine.dispose()
    with database.reading() as session:
        session.scalars(select(Opening.stage)).one()
        with pytest.raises(Refused, match="có người đọc"):
            clean_up(database, made.round.id, None)
    clean_up(database, made.round.id, None)
    with database.reading() as session:
        assert session.scalars(select(Opening.stage)).one() == "cleaned"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_cleaning_no_envelope_is_left_in_the_file(app: Flask, database: Database, tmp_path: Path) -> None:
    made = make_answered(app, database, [ANSWERS] * 20, persons=(20,))
    with database.reading() as session:
        pieces = [one[200:232] for one in session.scalars(select(Envelope.sealed))]
    files = [tmp_path / "survey.sqlite", tmp_path / "survey.sqlite-wal"]

    def found() -> int:
        content = b"".join(file.read_bytes() for file in files if file.exists())
        return sum(piece in content for piece in pieces)

    assert found() == 20
    open_all(database, made)
    clean_up(database, made.round.id, None)
    assert found() == 0


def test_a_round_of_two_thousand_opens_whole(app: Flask, database: Database) -> None:
    made = make_answered(app, database, [ANSWERS], persons=(20,))
    with database.writing() as session:
        multiply_persons(session, made, 2_000)
    record = open_all(database, made)
    clean_up(database, made.round.id, None)
    assert (record.envelopes, record.ballots, record.faulty) == (2_000, 2_000, 0)


def multiply_persons(session: Session, made: OpenRound, count: int) -> None:
    """So many answered invitations; all envelopes hold one sealed answer, which costs the same to open as any other."""
    sealed = session.scalars(select(Envelope.sealed)).one()
    template = session.scalars(select(Person)).first()
    assert template is not None
    last = session.scalar(select(func.max(Person.id))) or 0
    more = range(last + 1, last + count)
    session.execute(
        insert(Person),
        [
            {"id": n, "list_id": template.list_id, "position": n, "name": "Lò", "search_key": "lo", "order_key": "lo"}
            for n in more
        ],
    )
    session.execute(
        insert(Invitation),
        [
            {"id": n, "round_id": made.round.id, "person_id": n, "cell_id": made.cells[1].id, "state": "received"}
            for n in more
        ],
    )
    session.execute(
        insert(Envelope),
        [{"id": f"{n:032}", "round_id": made.round.id, "invitation_id": n, "sealed": sealed} for n in more],
    )
    session.execute(update(Invitation).values(state=InvitationState.RECEIVED))
