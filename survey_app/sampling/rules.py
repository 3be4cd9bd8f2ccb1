"""What may be done with frames and samples: freeze a frame, draw from it, draw again, hand the sample to the unit."""

import hashlib
import json
import secrets
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.allocation import AllocationError
from analysis.selection import ALGORITHM, Selection, SelectionError

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Invalid, Missing, Refused
from ..roster.checks import SAMPLING_FRAME, Sender
from ..roster.column_choices import recall_columns
from ..roster.drafts import check_draft, draft_from_workbook
from ..roster.models import Upload
from ..roster.queries import catalogue_of, sender_of, terms_of
from ..roster.rules import DraftCheck, check_upload, discard_upload, receive_upload, refuse_if_not_collecting
from ..roster.unasked_columns import leave_out_unasked
from ..rounds.models import Quota, RespondentGroup, Round
from ..text import clean
from ..units.models import Unit
from ..workbook import read_workbook
from .designs import Design, design_from_json, draw, kept_reserves, size_of
from .documents import sample_workbook
from .frames import FrameRow, frame_content
from .models import Sample, SampleMember, SamplingFrame, Standing
from .queries import commune_names, quota_of, rows_of

LONGEST_REASON = 300
LONGEST_SEED = 40


def receive_frame(
    session: Session, survey_round: Round, unit: Unit, group: RespondentGroup, content: bytes, file_name: str,
    by: Actor,
) -> SamplingFrame:  # fmt: skip
    """Read a file of a unit into a frame, with the checks of lists but the quota; rows with faults are set aside.

    Raises Refused when lists are closed or the file gives no frame, `workbook.Rejected` when it cannot be read.
    """
    refuse_if_not_collecting(survey_round)
    draft = draft_from_workbook(read_workbook(content, file_name), (group.code,))
    recall_columns(session, unit, draft)
    leave_out_unasked(draft, survey_round.collects_ethnicity)
    sender = Sender(unit.code, (group.code,), SAMPLING_FRAME)
    reading = check_draft(draft, file_name, sender, catalogue_of(session, survey_round), terms_of(survey_round))
    file_sha256 = hashlib.sha256(content).hexdigest()
    return _freeze(session, survey_round, unit, group, DraftCheck(draft, reading), file_name, file_sha256, by)


def frame_from_upload(session: Session, upload: Upload, by: Actor, seen_version: int | None = None) -> SamplingFrame:
    """Make a frame of a draft that holds more persons than asked for; the draft is gone afterwards.

    The frame is of the group most over its quota. Raises Refused when no group is over its quota, Conflict when the
    draft was changed meanwhile.
    """
    refuse_if_not_collecting(upload.round)
    checked = check_upload(session, upload)
    over = [one for one in checked.reading.problems if one.kind == "quota_exceeded"]
    if not over:
        raise Refused("Tệp này không nhiều người hơn chỉ tiêu nên không cần chọn mẫu. Nộp danh sách như thường.")
    code = max(over, key=lambda one: int(one.details["found"])).details["group"]
    if len(sender_of(session, upload.round, upload.unit, upload.group_code).groups) > 1:
        held = {person.group for person in checked.reading.persons}
        if len(held) > 1:
            raise Refused("Tệp có nhiều nhóm. Để khung mẫu trong một tệp riêng, chỉ có một nhóm, rồi tải lại.")
    group = group_by_code(session, upload.round, code)
    frame = _freeze(session, upload.round, upload.unit, group, checked, upload.file_name, upload.sha256, by)
    discard_upload(session, upload, seen_version)
    return frame


def group_by_code(session: Session, survey_round: Round, code: str) -> RespondentGroup:
    """The group of the round; raises Missing."""
    found = session.scalar(
        select(RespondentGroup).where(RespondentGroup.round_id == survey_round.id, RespondentGroup.code == code)
    )
    if found is None:
        raise Missing
    return found


def place_of(session: Session, survey_round: Round, unit_code: str, group_code: str) -> tuple[Unit, RespondentGroup]:
    """Unit and group that the round has a quota for; raises Missing."""
    row = session.execute(
        select(Unit, RespondentGroup)
        .select_from(Quota)
        .join(Unit, Quota.unit_id == Unit.id)
        .join(RespondentGroup, Quota.group_id == RespondentGroup.id)
        .where(RespondentGroup.round_id == survey_round.id, RespondentGroup.code == group_code)
        .where(Unit.code == unit_code, Quota.target > 0)
    ).first()
    if row is None:
        raise Missing("Đợt này không đặt chỉ tiêu cho đơn vị và nhóm đã chọn.")
    return row[0], row[1]


def _freeze(
    session: Session, survey_round: Round, unit: Unit, group: RespondentGroup, checked: DraftCheck, file_name: str,
    file_sha256: str, by: Actor,
) -> SamplingFrame:  # fmt: skip
    made = frame_content(checked, group.code)
    frame = SamplingFrame(
        round_id=survey_round.id, unit_id=unit.id, group_id=group.id, file_name=file_name[:200],
        file_sha256=file_sha256, content=made.content, set_aside=made.set_aside, faults=made.faults,
        rows_set_aside=made.rows_set_aside, sha256=made.sha256, persons=made.persons, made_at=now(), made_by_id=by.id,
        made_by_name=by.full_name,
    )  # fmt: skip
    session.add(frame)
    session.flush()
    record(
        session, Action.FRAME_MADE, by, round=survey_round.code, unit=unit.name, group=group.code,
        persons=frame.persons, sha256=frame.sha256,
    )  # fmt: skip
    return frame


def discard_frame(session: Session, frame: SamplingFrame, by: Actor) -> None:
    """Throw a frame away. Raises Refused when a sample was drawn from it: what was drawn must stay provable."""
    if frame.samples:
        raise Refused("Đã chọn mẫu từ khung này nên không bỏ được: khung mẫu là căn cứ của biên bản.")
    record(
        session, Action.FRAME_DISCARDED, by, round=frame.round.code, unit=frame.unit.name, group=frame.group.code,
        persons=frame.persons,
    )  # fmt: skip
    session.delete(frame)


def draw_sample(
    session: Session, frame: SamplingFrame, design: Design, by: Actor, seed: str = "", reason: str = "",
    seen_samples: int | None = None,
) -> Sample:  # fmt: skip
    """Draw a sample and its reserves; an empty seed is drawn by lot. A further sample of a frame needs a reason.

    Raises Invalid by field, Conflict when somebody drew meanwhile (`seen_samples` is how many the page showed).
    """
    refuse_if_not_collecting(frame.round)
    session.execute(select(SamplingFrame.id).where(SamplingFrame.id == frame.id).with_for_update())
    earlier = session.scalar(select(func.count(Sample.id)).where(Sample.frame_id == frame.id)) or 0
    if seen_samples is not None and earlier != seen_samples:
        raise Conflict("Người khác vừa chọn mẫu từ khung này. Chưa ghi gì. Tải lại trang để xem mẫu đã chọn.")
    seed, reason = clean(seed) or str(secrets.randbelow(10**9)), clean(reason)
    faults = {}
    if len(seed) > LONGEST_SEED:
        faults["seed"] = f"Hạt giống dài quá {LONGEST_SEED} ký tự."
    if earlier and not reason:
        faults["reason"] = "Khung này đã chọn mẫu một lần. Ghi lý do chọn lại; lý do được in trong biên bản."
    if len(reason) > LONGEST_REASON:
        faults["reason"] = f"Lý do dài quá {LONGEST_REASON} ký tự. Viết ngắn lại."
    if faults:
        raise Invalid(faults)
    rows = rows_of(frame)
    size, _formula = size_of(design, len(rows), quota_of(session, frame).target)
    members = _members(rows, design, size, seed, commune_names(session, frame.round))
    sample = Sample(
        frame_id=frame.id, number=earlier + 1, design=design.as_json(), seed=seed, algorithm=ALGORITHM, size=size,
        sha256=_digest(design.as_json(), seed, frame, members), reason=reason, drawn_at=now(), drawn_by_id=by.id,
        drawn_by_name=by.full_name, members=members,
    )  # fmt: skip
    session.add(sample)
    session.flush()
    session.refresh(sample, ["frame"])
    record(
        session, Action.SAMPLE_DRAWN, by, round=frame.round.code, unit=frame.unit.name, group=frame.group.code,
        number=sample.number, size=size, seed=seed, sha256=sample.sha256,
    )  # fmt: skip
    return sample


def _members(
    rows: list[FrameRow], design: Design, size: int, seed: str, names: dict[str, str]
) -> list[SampleMember]:  # fmt: skip
    try:
        selection = draw(rows, design, size, seed, names)
    except (SelectionError, AllocationError) as fault:
        raise Invalid({str(design.method): str(fault)}) from fault
    chosen = [
        _member(rows, selection, at, Standing.SELECTED, position)
        for position, at in enumerate(selection.chosen.tolist(), 1)
    ]
    reserves = [
        _member(rows, selection, at, Standing.RESERVE, position)
        for kept in kept_reserves(selection, design).values()
        for position, at in enumerate(kept, 1)
    ]
    return chosen + reserves


def _member(rows: list[FrameRow], selection: Selection, at: int, standing: Standing, position: int) -> SampleMember:
    return SampleMember(
        frame_row=rows[at].number, standing=standing, stratum=selection.strata[at], position=position,
        probability=float(selection.probabilities[at]),
    )  # fmt: skip


def _digest(design: dict[str, Any], seed: str, frame: SamplingFrame, members: list[SampleMember]) -> str:
    """SHA-256 over all that went in and came out; probabilities in twelve digits, the same on every machine."""
    result = [[one.standing, one.stratum, one.position, one.frame_row, f"{one.probability:.12f}"] for one in members]
    content = [ALGORITHM, frame.sha256, design, seed, sorted(result)]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def is_repeatable(session: Session, sample: Sample) -> bool:
    """Draw again with the stored design and seed: the same persons and the same reserves in the same order?

    Raises Refused after the personal data of the frame were erased, and for an algorithm this program does not have.
    """
    if sample.algorithm != ALGORITHM:
        raise Refused(f"Mẫu này được chọn bằng thuật toán {sample.algorithm}; chương trình này có {ALGORITHM}.")
    design = design_from_json(sample.design)
    names = commune_names(session, sample.frame.round)
    again = _members(rows_of(sample.frame), design, sample.size, sample.seed, names)
    stored = sorted((one.standing, one.stratum, one.position, one.frame_row) for one in sample.members)
    drawn = sorted((one.standing, one.stratum, one.position, one.frame_row) for one in again)
    return stored == drawn and _digest(sample.design, sample.seed, sample.frame, again) == sample.sha256


def hand_to_unit(session: Session, sample: Sample, by: Actor) -> Upload:
    """Put the persons now in the sample into a draft of the unit, which checks and hands it in like any list.

    Raises Refused when the unit's list was handed in already: it is not overwritten; Conflict while a draft is open.
    """
    frame = sample.frame
    if sample.upload_id is not None:
        open_one = session.scalar(
            select(Upload.id).where(Upload.id == sample.upload_id, Upload.confirmed_at.is_(None))
        )  # fmt: skip
        if open_one is not None:
            raise Conflict("Mẫu này đang nằm trong bản nháp của đơn vị. Bỏ bản nháp đó trước.")
    catalogue = catalogue_of(session, frame.round)
    content = sample_workbook(sample, rows_of(frame), catalogue)
    name = f"mau-{frame.unit.code}-{frame.group.code}-lan-{sample.number}.xlsx"
    upload = receive_upload(session, frame.round, frame.unit, content, name, by, frame.group.code)
    sample.upload_id = upload.id
    return upload
