"""The commands that others script against."""

import csv
import json
from pathlib import Path

from flask import Flask


def write_manifest(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "manifest.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["file", "unit_code", "list_type", "groups"], *rows])
    return path


def run_check(app: Flask, manifest: Path, samples: Path, *more: str):
    arguments = ["roster", "check", "--manifest", str(manifest), "--catalogue", str(samples)]
    return app.test_cli_runner().invoke(args=[*arguments, "--period", "2021-01-01..2021-11-30", *more])


def test_check_reports_files_persons_problems_and_pairs(app_sqlite, samples, tmp_path):
    truth = json.loads((samples / "truth.json").read_text("utf-8"))
    wanted = {one["file"]: one for one in truth["files"] if one["unit_code"] in ("TG-TTR", "TG-DT", "TG-NV")}
    rows = [
        [str(samples / name), one["unit_code"], one["list_type"], " ".join(one["groups"])]
        for name, one in wanted.items()
    ]
    manifest = write_manifest(tmp_path, rows)
    result = run_check(app_sqlite, manifest, samples, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert [one["file"] for one in answer["files"]] == [row[0] for row in rows]
    for one, name in zip(answer["files"], wanted, strict=True):
        assert one["persons"] == wanted[name]["persons"]
        assert one["data_rows"] == wanted[name]["data_rows"]
    assert {pair["kind"] for pair in answer["cross_file_duplicates"]} == {"duplicate_across_files"}
    told = {problem["other_file"] for one in answer["files"] for problem in one["problems"] if "other_file" in problem}
    assert told == {row[0] for row in rows if "phong-noi-vu" not in row[0]}


def test_check_tells_what_cannot_be_read_and_goes_on(app_sqlite, samples, tmp_path):
    bad = samples / "bad" / "co mat khau.xlsx"
    good = samples / "lists" / "02_danh_sach_phong_tu_phap_sua_lan_2.csv"
    rows = [[str(bad), "03265", "citizens", "E"], ["khong-co.xlsx", "03265", "citizens", "E"],
            [str(good), "TG-TP", "officials", "A B"]]  # fmt: skip
    result = run_check(app_sqlite, write_manifest(tmp_path, rows), samples, "--age-on", "2021-12-01", "--json")
    files = json.loads(result.stdout)["files"]
    assert files[0]["rejected"]["kind"] == "password_protected"
    assert "mật khẩu" in files[0]["rejected"]["message"]
    assert files[1]["rejected"]["kind"] == "not_found"
    assert len(files[2]["persons"]) == 5
    assert {person["sheet"] for person in files[2]["persons"]} == {None}


def test_check_speaks_plainly_without_json(app_sqlite, samples, tmp_path):
    path = samples / "lists" / "37 DS dieu tra XHH Phong Kinh te va Ha tang.xlsx"
    manifest = write_manifest(tmp_path, [[str(path), "TG-KTHT", "officials", "A B"]])
    result = run_check(app_sqlite, manifest, samples)
    assert "5 dòng" in result.stdout
    assert "Thiếu cột «Năm sinh»" in result.stdout


def test_wrong_use_ends_with_two(app_sqlite, samples, tmp_path):
    manifest = write_manifest(tmp_path, [])
    wrong_period = app_sqlite.test_cli_runner().invoke(
        args=["roster", "check", "--manifest", str(manifest), "--catalogue", str(samples), "--period", "2021"]
    )
    empty_catalogue = run_check(app_sqlite, manifest, tmp_path)
    assert (wrong_period.exit_code, empty_catalogue.exit_code) == (2, 2)
    assert "units-" in empty_catalogue.stderr
