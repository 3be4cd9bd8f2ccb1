"""Sets of hand-over files (*bộ bàn giao*): made once, kept as they were given out, checked by who receives them.

A set is a .zip with its files, MANIFEST.json and SHA256SUMS. The archive is kept byte for byte, so that «the same
again» does not hang on the versions of the programs that draw Word and PDF.
"""

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from io import BytesIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer, joinedload

from ..access import Actor
from ..audit import Action, AuditEntry, record
from ..db import now
from ..errors import Conflict, Invalid, Missing, Refused
from ..roster.handover import HandoverOptions, handover_workbook, refuse_ethnicity_without_right
from ..roster.models import RosterVersion
from ..roster.queries import latest_version
from ..rounds.cancelling import refuse_if_cancelled
from ..rounds.models import Round
from ..text import moment_text, today
from ..version import VERSION
from .models import HandoverSet, PaperKind, WordTemplate
from .office_pdf import has_converter, word_to_pdf
from .papers import KIND_WORDS, PaperWishes, annex_context, figures_of, padded_number, paper_context
from .pdf import annex_pdfs, paper_pdf, parts_of
from .resaved import cells_of, compared
from .word import filled
from .word_templates import shipped_template

MANIFEST, SUMS = "MANIFEST.json", "SHA256SUMS"
_LARGEST_RECEIVED = 50_000_000


@dataclass(frozen=True)
class SetWishes:
    """What goes into a set: the workbook's options, and the papers with their words."""

    options: HandoverOptions
    papers: Mapping[PaperKind, PaperWishes]  # without the annex
    annex: bool = True
    pdf: bool = True


_ENDINGS = {PaperKind.LETTER: "/UBND-NV", PaperKind.PROPOSAL: "/TTr-PNV", PaperKind.REPORT: "/BC-PNV"}


def check_wishes(wishes: SetWishes) -> None:
    """Raises Invalid with faults by field: «cong-van-number» and the like."""
    faults = {}
    for kind, paper in wishes.papers.items():
        if not paper.number.strip():
            ending = _ENDINGS[kind]
            faults[f"{kind}-number"] = (
                f"{KIND_WORDS[kind]}: điền số, ký hiệu, ví dụ 05{ending}. Văn thư chưa cấp số thì ghi {ending}."
            )
        if not paper.agency.strip():
            faults[f"{kind}-agency"] = f"{KIND_WORDS[kind]}: điền tên cơ quan ban hành."
        if not paper.recipient.strip():
            faults[f"{kind}-recipient"] = f"{KIND_WORDS[kind]}: điền nơi nhận văn bản ở dòng «Kính gửi»."
    if wishes.annex and PaperKind.LETTER not in wishes.papers:
        faults["annex"] = "Phụ lục đi kèm công văn. Đánh dấu cả công văn, hoặc bỏ phụ lục."
    if faults:
        raise Invalid(faults)


@dataclass(frozen=True)
class ReadySet:
    """A set whose files are made, not yet kept."""

    content: bytes
    files: Mapping[str, str]
    options: Mapping[str, Any]
    version_id: int
    number: str
    dated: date
    ethnicity: bool


def version_for_set(session: Session, survey_round: Round, wishes: SetWishes, by: Actor | None) -> RosterVersion:
    """The version that a set with these wishes is made from: what can be refused before a file is made.

    Raises Refused before locking, after erasure and for dân tộc without the right, Invalid for faults of the wishes.
    """
    refuse_if_cancelled(survey_round)
    check_wishes(wishes)
    refuse_ethnicity_without_right(survey_round, wishes.options, by)
    version = latest_version(session, survey_round)
    if version is None:
        raise Refused("Khóa danh sách trước khi bàn giao.")
    if version.content is None:
        raise Refused("Dữ liệu cá nhân của bản này đã được xóa theo thời hạn.")
    return version


def files_of_set(wishes: SetWishes, persons: int) -> int:
    """How many files a set has, as far as it is known before: an own Word template may give fewer."""
    word = len(wishes.papers) + wishes.annex
    pdf = len(wishes.papers) + (parts_of(persons) if wishes.annex else 0)
    return 1 + word + (pdf if wishes.pdf else 0)


def _nothing() -> None:
    """Nobody waits to hear that a file is made."""


def prepare_set(
    session: Session, survey_round: Round, wishes: SetWishes, by: Actor | None, told: Callable[[], None] = _nothing
) -> ReadySet:
    """Make the files of a set from the latest version; writes nothing, and so keeps nobody from writing.

    `told` is called after each file. Raises as `version_for_set`, and Invalid for faults of an own Word template.
    """
    version = version_for_set(session, survey_round, wishes, by)
    files = _files(session, survey_round, version, wishes, told)
    letter = wishes.papers.get(PaperKind.LETTER)
    first = letter or next(iter(wishes.papers.values()), None)
    dated = first.dated if first else today()
    number = padded_number(first.number) if first else ""
    facts = {
        "round": survey_round.code,
        "title": survey_round.title,
        "version": version.number,
        "persons": version.persons,
        "roster_sha256": version.sha256,
        "number": number,
        "dated": dated.isoformat(),
        "ethnicity": wishes.options.ethnicity,
        "program": VERSION,
    }
    content, sums = packed(files, facts)
    return ReadySet(
        content, sums, _kept_options(wishes), version.id, number, dated, wishes.options.ethnicity
    )  # fmt: skip


def keep_set(session: Session, survey_round: Round, ready: ReadySet, by: Actor | None) -> HandoverSet:
    """Keep a set that was prepared; logged.

    Raises Conflict when the roster has a newer version meanwhile, Refused when the right to dân tộc has gone.
    """
    refuse_ethnicity_without_right(survey_round, HandoverOptions(ethnicity=ready.ethnicity), by)
    version = latest_version(session, survey_round)
    if version is None or version.id != ready.version_id or version.content is None:
        raise Conflict("Danh sách vừa có bản mới trong lúc tạo bộ. Chưa ghi gì. Tạo lại bộ bàn giao.")
    made = HandoverSet(
        round_id=survey_round.id, version_id=version.id, number=ready.number, dated=ready.dated,
        options=dict(ready.options), files=dict(ready.files), content=ready.content,
        sha256=hashlib.sha256(ready.content).hexdigest(), made_by_id=by.id if by else version.locked_by_id,
        made_by_name=by.full_name if by else "Chương trình", made_at=now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    record(
        session, Action.ROSTER_EXPORTED, by, round=survey_round.code, number=version.number,
        ethnicity="có" if ready.ethnicity else "không", sha256=made.sha256,
    )  # fmt: skip
    return made


def _files(
    session: Session, survey_round: Round, version: RosterVersion, wishes: SetWishes, told: Callable[[], None]
) -> dict[str, bytes]:
    """The files of a set by name."""
    stem = f"{survey_round.code}-ban-{version.number}"
    workbook = handover_workbook(version, wishes.options, survey_round.mark)
    files = {f"danh-sach-{stem}.xlsx": workbook}
    told()
    figures = figures_of(session, survey_round, version)
    sha256 = hashlib.sha256(workbook).hexdigest()
    for kind, paper in wishes.papers.items():
        context = paper_context(kind, paper, figures, sha256)
        name = f"{kind}-{stem}"
        word = files[f"{name}.docx"] = _word_file(session, survey_round, kind, context)
        told()
        if wishes.pdf:
            files |= _pdf_files(session, survey_round, kind, name, word, partial(_drawn, kind, paper, context), told)
    if wishes.annex:
        context = annex_context(wishes.papers[PaperKind.LETTER], survey_round, version, wishes.options.ethnicity)
        name = f"phu-luc-{stem}"
        word = files[f"{name}.docx"] = _word_file(session, survey_round, PaperKind.ANNEX, context)
        told()
        if wishes.pdf:
            files |= _pdf_files(session, survey_round, PaperKind.ANNEX, name, word, partial(annex_pdfs, context), told)
    return files


def _drawn(kind: PaperKind, paper: PaperWishes, context: Mapping[str, Any]) -> Iterator[bytes]:
    yield paper_pdf(kind, paper, context)


def _pdf_files(
    session: Session, survey_round: Round, kind: PaperKind, name: str, word: bytes,
    draw: Callable[[], Iterator[bytes]], told: Callable[[], None],
) -> dict[str, bytes]:  # fmt: skip
    """The PDF of a paper: drawn, or with an own template made of its Word file, since we draw the words that ship."""
    own = own_template(session, survey_round, kind) is not None
    if own and not has_converter():
        return {}
    parts = []
    for content in iter([word_to_pdf(word)]) if own else draw():
        parts.append(content)
        told()
    return {
        f"{name}{f'-phan-{number:02d}' if len(parts) > 1 else ''}.pdf": content
        for number, content in enumerate(parts, 1)
    }


def _word_file(session: Session, survey_round: Round, kind: PaperKind, context: Mapping[str, Any]) -> bytes:
    """The paper filled in: a template may pass its trial with a few invented rows and fail on the real ones."""
    try:
        return filled(template_in_use(session, survey_round, kind), context)
    except Invalid as fault:
        words = f"{KIND_WORDS[kind]}: {fault} Hoặc trở về mẫu có sẵn ở trang «Mẫu Word của cơ quan»."
        raise Invalid({"": words}) from fault


def _kept_options(wishes: SetWishes) -> dict[str, Any]:
    """What was chosen, for the next set to begin with."""
    return {
        "one_sheet": wishes.options.one_sheet,
        "ethnicity": wishes.options.ethnicity,
        "annex": wishes.annex,
        "pdf": wishes.pdf,
        "papers": {
            str(kind): {name: value for name, value in asdict(paper).items() if name != "dated"}
            for kind, paper in wishes.papers.items()
        },
    }


def packed(files: Mapping[str, bytes], facts: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """(.zip, SHA-256 of each file): the files, what they are, and their sums as `sha256sum -c` reads them."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = json.dumps({**facts, "files": sums}, ensure_ascii=False, indent=2, sort_keys=True)
    lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    memory = BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*sorted(files.items()), (MANIFEST, manifest.encode()), (SUMS, lines.encode())):
            member = zipfile.ZipInfo(name, (2021, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return memory.getvalue(), sums


def template_in_use(session: Session, survey_round: Round, kind: PaperKind) -> bytes:
    """The office's own Word template of a kind, or the shipped one."""
    own = own_template(session, survey_round, kind)
    return own.content if own is not None else shipped_template(kind)


def own_template(session: Session, survey_round: Round, kind: PaperKind) -> WordTemplate | None:
    """The own template of the round's operator, if there is one."""
    return session.scalar(
        select(WordTemplate).where(
            WordTemplate.operator_unit_id == survey_round.operator_unit_id, WordTemplate.kind == kind
        )
    )


def sets_of(session: Session, survey_round: Round) -> Sequence[HandoverSet]:
    """The sets of a round, the newest first, without their content."""
    return session.scalars(
        select(HandoverSet)
        .where(HandoverSet.round_id == survey_round.id)
        .options(defer(HandoverSet.content), joinedload(HandoverSet.version))
        .order_by(HandoverSet.id.desc())
    ).all()


def find_set(session: Session, survey_round: Round, set_id: int) -> HandoverSet:
    """One set of a round. Raises Missing for one of another."""
    found = session.get(HandoverSet, set_id, options=[joinedload(HandoverSet.version)])
    if found is None or found.round_id != survey_round.id:
        raise Missing
    return found


def given_again(session: Session, made: HandoverSet, by: Actor) -> tuple[str, bytes]:
    """(file name, the same bytes again); logged. Raises Refused after personal data were erased."""
    if made.content is None:
        raise Refused("Dữ liệu cá nhân của bộ này đã được xóa theo thời hạn; chỉ còn mã băm.")
    record(
        session, Action.HANDOVER_GIVEN_AGAIN, by, round=made.round.code, number=made.version.number, sha256=made.sha256
    )
    return f"ban-giao-{made.round.code}-ban-{made.version.number}-bo-{made.id}.zip", made.content


def confirm_receipt(session: Session, made: HandoverSet, by: Actor, note: str) -> None:
    """Sở Nội vụ has received this set. Raises Conflict when that was said before."""
    if made.received_at is not None:
        raise Conflict(f"{made.received_by_name} đã xác nhận bộ này rồi.")
    made.received_at, made.received_by_name, made.received_note = now(), by.full_name, note.strip()[:500]
    record(session, Action.HANDOVER_RECEIVED, by, round=made.round.code, number=made.version.number)


@dataclass(frozen=True)
class Verdict:
    """What a received file is: `true` when it is, byte for byte, one that was given out."""

    true: bool
    sentence: str
    round: str = ""
    version: int | None = None
    made_at: str = ""
    files: tuple[tuple[str, str], ...] = ()  # (name, «đúng» | «đã bị sửa» | «thiếu» | «lạ») of an archive
    outdated: str = ""  # of a true file: a newer version is in force, or the round was cancelled


@dataclass(frozen=True)
class _Received:
    """What an archive that was received says of itself (`listed`: SHA-256 by name) and what really is in it."""

    round: str
    version: int
    listed: Mapping[str, str]
    found: Mapping[str, str]
    repeats: bool  # a name stands in it twice: programs differ in which one they show


def _read_received(content: bytes) -> _Received:
    """Raises Invalid for what is no archive of this program."""
    if len(content) > _LARGEST_RECEIVED:
        raise Invalid({"file": "Tệp lớn quá 50 MB, không phải bộ bàn giao."})
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > 4 * _LARGEST_RECEIVED:
                raise Invalid({"file": "Tệp nén quá nhiều nội dung, không phải bộ bàn giao."})
            names = archive.namelist()
            manifest = json.loads(archive.read(MANIFEST))
            listed: dict[str, str] = dict(manifest["files"])
            found = {
                name: hashlib.sha256(archive.read(name)).hexdigest() for name in names if name not in (MANIFEST, SUMS)
            }
            return _Received(
                str(manifest["round"]), int(manifest["version"]), listed, found, len(names) != len(set(names))
            )
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, RuntimeError, NotImplementedError):
        raise Invalid({"file": "Tệp này không phải bộ bàn giao (.zip có MANIFEST.json), hoặc đã hỏng."}) from None


def verify_archive(content: bytes) -> Verdict:
    """Whether the files of an archive are those its own manifest names. Needs no database.

    Raises Invalid for what is no archive of this program.
    """
    got = _read_received(content)
    told = tuple((name, _told(got.listed.get(name), got.found.get(name))) for name in sorted({*got.listed, *got.found}))
    true = all(words == "đúng" for _name, words in told) and not got.repeats
    sentence = _AGREES if true else "Bộ này đã bị sửa: có tệp không đúng với bảng kê."
    return Verdict(true, sentence, got.round, got.version, files=told)


_AGREES = (
    "Mọi tệp đúng với bảng kê trong bộ. Người sửa tệp cũng sửa được bảng kê: muốn chắc, kiểm tra ở trang «Kiểm tra tệp "
    "đã nhận» của cơ quan đã lập, nơi từng tệp được so với bộ đã bàn giao."
)


def _of_other_archive(session: Session, got: _Received) -> Verdict:
    """An archive that is none of ours as a whole: its own list proves nothing, so each file is looked up."""
    kept = session.scalars(select(HandoverSet.files)).all()
    names, sums = {name for files in kept for name in files}, {one for files in kept for one in files.values()}
    told = tuple(
        (name, "đúng" if sha256 in sums else "đã bị sửa" if name in names else "không phải tệp đã bàn giao")
        for name, sha256 in sorted(got.found.items())
    ) + tuple((name, "thiếu") for name in sorted(set(got.listed) - set(got.found)))
    counts = Counter(words for _name, words in told)
    if counts["đúng"] < len(told) or got.repeats or not told:
        wrong = len(told) - counts["đúng"] - counts["thiếu"]
        sentence = (
            f"Bộ này đã bị sửa: {counts['đúng']} tệp đúng như đã bàn giao, {wrong} tệp không phải tệp đã bàn giao, "
            f"{counts['thiếu']} tệp thiếu. Không dùng bộ này; đề nghị cơ quan gửi lại."
        )
        return Verdict(False, sentence, got.round, got.version, files=told)
    sentence = (
        "Không phải bộ nào đã lập ở đây, có lẽ đã được nén lại, nhưng từng tệp trong bộ đều đúng như đã bàn giao. Kiểm "
        "tra riêng từng tệp để biết thuộc bản nào."
    )
    return Verdict(False, sentence, got.round, got.version, files=told)


def _told(listed: str | None, found: str | None) -> str:
    if listed is None:
        return "lạ"
    if found is None:
        return "thiếu"
    return "đúng" if listed == found else "đã bị sửa"


def verify_file(session: Session, content: bytes) -> Verdict:
    """Which set, version and round a received file (.zip, .xlsx, .docx, .pdf) is of, or that it is none of them."""
    sha256 = hashlib.sha256(content).hexdigest()
    known = select(HandoverSet).options(defer(HandoverSet.content), joinedload(HandoverSet.version))
    for made in session.scalars(known.order_by(HandoverSet.id)):
        by_sum = {one: name for name, one in made.files.items()} | {made.sha256: "bộ bàn giao"}
        if made.content is not None and content[:1] in (b"{", *_HEX):
            by_sum |= _sums_of_lists(made.content)
        if name := by_sum.get(sha256):
            return _given_out(session, name, made.round.code, made.version.number, made.made_by_name, made.made_at)
    exports = select(AuditEntry).where(AuditEntry.action == Action.ROSTER_EXPORTED.value.code)
    for entry in session.scalars(exports):  # a workbook that went out without papers is in the log only
        if entry.fields["sha256"] == sha256:
            number = int(entry.fields["number"])
            return _given_out(session, "danh sách", entry.fields["round"], number, entry.by_name, entry.at)
    if content[:2] == b"PK":
        try:
            return _of_other_archive(session, _read_received(content))
        except Invalid:
            pass
    return Verdict(False, _alike(session, content) or _UNKNOWN)


_HEX = tuple(bytes([one]) for one in b"0123456789abcdef")
_UNKNOWN = (
    "Tệp này không giống từng byte với tệp nào đã bàn giao. Mở ra rồi lưu lại trong Excel, Word cũng làm tệp khác đi: "
    "hãy kiểm tra tệp .zip nhận được, hoặc đề nghị cơ quan gửi lại."
)


def _alike(session: Session, content: bytes) -> str:
    """What to say of a workbook that was saved again: the same cells as one that was given out, or others."""
    received = cells_of(content)
    if not received:
        return ""
    nearest = ""
    for made, name, original in _workbooks(session):
        found = compared(cells_of(original) or {}, received)
        where = f"{name}, đợt {made.round.code}, bản {made.version.number}"
        if found.same:
            words = (
                f"Tệp này không giống từng byte với tệp đã bàn giao, nhưng nội dung giống: mọi ô đúng như {where}. Có "
                "lẽ tệp đã được mở rồi lưu lại trong Excel. Muốn chắc từng byte thì kiểm tra tệp .zip nhận được. "
            )
            return (words + not_in_force(session, made.round.code, made.version.number)).strip()
        if found.alike and not nearest:
            nearest = (
                f"Tệp này không giống từng byte với tệp đã bàn giao, và nội dung khác {where}: {found.words} Không "
                "dùng tệp này; đề nghị cơ quan gửi lại."
            )
    return nearest


_MOST_COMPARED = 20


def _workbooks(session: Session) -> Iterator[tuple[HandoverSet, str, bytes]]:
    """The workbooks of the last sets, each content once."""
    kept = select(HandoverSet).where(HandoverSet.content.is_not(None)).options(joinedload(HandoverSet.version))
    known: set[str] = set()
    for made in session.scalars(kept.order_by(HandoverSet.id.desc()).limit(_MOST_COMPARED)):
        with zipfile.ZipFile(BytesIO(made.content or b"")) as opened:
            for name, sha256 in made.files.items():
                if name.endswith(".xlsx") and sha256 not in known:
                    known.add(sha256)
                    yield made, name, opened.read(name)


def _sums_of_lists(archive: bytes) -> dict[str, str]:
    """SHA-256 of MANIFEST.json and SHA256SUMS of a set, which no list of sums can hold."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return {hashlib.sha256(opened.read(name)).hexdigest(): name for name in (MANIFEST, SUMS)}


def _given_out(session: Session, name: str, code: str, number: int, by_name: str, moment: datetime) -> Verdict:
    sentence = f"Đúng từng byte: {name}, đợt {code}, bản {number}, do {by_name} lập lúc {moment_text(moment)}."
    return Verdict(True, sentence, code, number, moment.isoformat(), outdated=not_in_force(session, code, number))


def not_in_force(session: Session, code: str, number: int) -> str:
    """Why a true file is not to be worked with any more; empty when it is the one in force."""
    survey_round = session.scalar(select(Round).where(Round.code == code))
    if survey_round is None:
        return "Đợt này không còn trên hệ thống."
    words = [f"{survey_round.mark}: bộ để làm thử, không dùng."] if survey_round.mark else []
    latest = latest_version(session, survey_round)
    if latest is not None and latest.number > number:
        words.append(
            f"Đã có bản {latest.number}, lập lúc {moment_text(latest.locked_at)}: đề nghị cơ quan gửi lại bản mới."
        )
    if survey_round.cancelled_at is not None:
        words.append(f"Đợt đã hủy lúc {moment_text(survey_round.cancelled_at)}.")
    return " ".join(words)
