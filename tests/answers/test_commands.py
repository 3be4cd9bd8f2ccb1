"""Commands: make a key, test it, open the envelopes, with output and exit statuses that scripts can use."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from survey_app.access_codes.codes import hash_of
from survey_app.answers.holders import sample_envelope
from survey_app.answers.keys import fingerprint, from_text, read_key_file, to_text
from survey_app.answers.models import RoundKey
from survey_app.answers.payload import Rating, digest_of
from survey_app.answers.queries import sealing_keys
from survey_app.answers.rules import Sending, receive, seal_answers
from survey_app.db import Database, now
from survey_app.rounds.models import Round
from tests.answers.make import ANSWERS, OpenRound, make_definition, make_open_round

PASSPHRASE = "suối cá nương lúa sương"


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase.txt"
    path.write_text(PASSPHRASE + "\n", "utf-8")
    return path


@pytest.fixture
def key_file(app: Flask, tmp_path: Path, passphrase_file: Path) -> Path:
    path = tmp_path / "khoa.json"
    assert run(app, "keys", "make", path, "--passphrase-file", passphrase_file).exit_code == 0
    return path


def run(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def make_closed_round(app: Flask, database: Database, key_file: Path) -> OpenRound:
    """A closed round with four answers, sealed to the key of the file among others."""
    pepper = app.extensions["survey_settings"].keys.pepper
    public = key_file.with_name("khoa.json.pub.txt").read_text("utf-8").strip()
    with database.writing() as session:
        made = make_open_round(session, pepper, persons=(6,), code="tg-2021")
        key = sealing_keys(session, made.round.id)[0]
        key.public_key, key.fingerprint = public, fingerprint(public)
        session.flush()
        keys = sealing_keys(session, made.round.id)
        for code in made.codes[:4]:
            rating = Rating(made.round_unit(session), dict(ANSWERS))
            sealed = seal_answers(made.round, keys, made.version.id, make_definition(), [rating])
            receive(session, Sending(hash_of(code, pepper), digest_of("s" * 32, ANSWERS), sealed))
        made.round.closed_at = now()
    return made


def test_a_made_key_lies_in_a_private_file_and_its_public_half_beside(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o077 == 0
    private = read_key_file(key_file.read_bytes(), PASSPHRASE)
    assert private.curve.name == "secp256r1"
    public = key_file.with_name("khoa.json.pub.txt").read_text("utf-8").strip()
    assert json.loads(key_file.read_text("utf-8"))["public_key"] == public


def test_a_key_made_by_command_can_be_printed(app: Flask, tmp_path: Path, passphrase_file: Path) -> None:
    paper = tmp_path / "khoa.pdf"
    words = ("keys", "make", tmp_path / "k.json", "--passphrase-file", passphrase_file, "--paper", paper)
    assert run(app, *words, "--round", "tg-2021", "--holder", "Lò Văn Khóa").exit_code == 0
    assert paper.read_bytes().startswith(b"%PDF")
    assert paper.stat().st_mode & 0o077 == 0
    assert run(app, "keys", "make", tmp_path / "other.json", "--paper", paper).exit_code == 2  # never written over


def test_an_existing_key_is_never_overwritten(app: Flask, key_file: Path, passphrase_file: Path) -> None:
    before = key_file.read_bytes()
    again = run(app, "keys", "make", key_file, "--passphrase-file", passphrase_file)
    assert again.exit_code == 2
    assert key_file.read_bytes() == before


def test_a_weak_passphrase_makes_no_file(app: Flask, tmp_path: Path) -> None:
    weak = tmp_path / "weak.txt"
    weak.write_text("ngắn", "utf-8")
    result = run(app, "keys", "make", tmp_path / "k.json", "--passphrase-file", weak)
    assert result.exit_code == 1
    assert "ít nhất 5 từ" in result.stderr
    assert not (tmp_path / "k.json").exists()


def test_the_sample_envelope_is_opened_by_command(
    app: Flask, key_file: Path, passphrase_file: Path, tmp_path: Path
) -> None:
    public = key_file.with_name("khoa.json.pub.txt").read_text("utf-8").strip()
    key = RoundKey(id=1, public_key=public, tested_before_start=False, round=Round(code="tg-2021"))
    sample = tmp_path / "mau.txt"
    sample.write_text(to_text(sample_envelope(key, b"k" * 32)), "utf-8")
    words = ("keys", "test", sample, "--key", key_file, "--passphrase-file", passphrase_file, "--round")
    assert len(bytes.fromhex(run(app, *words, "tg-2021").stdout.strip())) == 32
    assert run(app, *words, "tg-2022").exit_code == 1
    assert from_text(sample.read_text("utf-8"))


def test_envelopes_open_reports_one_json_document(
    app: Flask, database: Database, key_file: Path, passphrase_file: Path
) -> None:
    make_closed_round(app, database, key_file)
    words = ("envelopes", "open", "tg-2021", "--key", key_file, "--passphrase-file", passphrase_file, "--json")
    result = run(app, *words)
    report = json.loads(result.stdout)
    assert (result.exit_code, report["envelopes"], report["ballots"], report["stage"]) == (0, 4, 4, "cleaned")
    again = run(app, *words)
    assert json.loads(again.stdout)["digest"] == report["digest"]


def test_opening_before_closing_or_with_a_wrong_passphrase_changes_nothing(
    app: Flask, database: Database, key_file: Path, passphrase_file: Path, tmp_path: Path
) -> None:
    made = make_closed_round(app, database, key_file)
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("không phải mật khẩu này", "utf-8")
    result = run(app, "envelopes", "open", "tg-2021", "--key", key_file, "--passphrase-file", wrong)
    assert (result.exit_code, "chưa đúng" in result.stderr) == (1, True)
    with database.writing() as session:
        session.merge(made.round).closed_at = None
    result = run(app, "envelopes", "open", "tg-2021", "--key", key_file, "--passphrase-file", passphrase_file)
    assert (result.exit_code, "sau khi đóng thu phiếu" in result.stderr) == (1, True)


def test_an_unknown_round_is_wrong_use(app: Flask, key_file: Path, passphrase_file: Path) -> None:
    result = run(app, "envelopes", "open", "khong-co", "--key", key_file, "--passphrase-file", passphrase_file)
    assert result.exit_code == 2
