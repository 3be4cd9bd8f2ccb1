"""What a file of saved answers holds, and that anything else is told apart in words."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from survey_app.answers.carried import Damaged, NotCarried, OfAnotherSystem, forms_in, submission_in
from survey_app.answers.envelope import CARRIED_SIZES, SIZES, public_bytes, seal
from survey_app.answers.keys import to_text
from survey_app.db import Database
from tests.answers.make import carried_file, carried_form

HEAD = {"code": "ABCD", "submission": "s" * 32, "questionnaire": 7}


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_comes_out_as_the_phone_would_have_sent_it(database: Database, size: int) -> None:
    envelope = bytes(range(256)) * (size // 256)
    with database.reading() as session:
        form = carried_form(session, HEAD, envelope)
        assert submission_in(session, form) == HEAD | {"envelope": to_text(envelope)}
    assert len(form) == -(-(size + 1024) * 4 // 3)  # of one length, whatever goes with the envelope


def test_every_changed_letter_is_noticed_and_another_system_is_told(database: Database) -> None:
    with database.reading() as session:
        form = carried_form(session, HEAD, bytes(SIZES[0]))
        for place in (0, 150, len(form) // 2, len(form) - 2):
            changed = form[:place] + ("A" if form[place] != "A" else "B") + form[place + 1 :]
            with pytest.raises(Damaged):
                submission_in(session, changed)
        for broken in ("", "§", form[:-4], form[4:]):
            with pytest.raises(Damaged):
                submission_in(session, broken)
        stranger = public_bytes(ec.generate_private_key(ec.SECP256R1()).public_key())
        foreign = seal(b"{}\n", [stranger], "survey carried 1", size=CARRIED_SIZES[0])
        with pytest.raises(OfAnotherSystem):
            submission_in(session, to_text(foreign))
        for content in (b"no json\n", b"[]\n"):
            with pytest.raises(Damaged):
                submission_in(session, carried_form(session, content, b""))


def test_a_file_names_each_answer_once() -> None:
    assert forms_in(carried_file("a", "b", "a")) == ["a", "b"]
    assert forms_in("\ufeff".encode() + carried_file("a")) == ["a"]  # an editor puts this mark in front


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"hello",
        b"[]",
        b"{}",
        carried_file(),
        carried_file(*["a"] * 501),
        b"[" * 100_000,
        json.dumps({"format": "survey-key-1"}).encode(),
    ],
)
def test_other_files_are_none(content: bytes) -> None:
    with pytest.raises(NotCarried):
        forms_in(content)


def test_the_half_of_a_file_is_damaged() -> None:
    with pytest.raises(Damaged):
        forms_in(carried_file("a" * 100)[:80])
