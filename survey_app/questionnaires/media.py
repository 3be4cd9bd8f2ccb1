"""Pictures and recordings beside questions: which files are taken, and how a questionnaire names them.

A file comes in a .zip together with the XLSForm. In the questionnaire it stands as a reference «digest/bytes/name», so
that another picture is another address, and an older version keeps its own.
"""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePosixPath
from typing import Final

from .definition import Choice, Definition, Group, Item, Texts
from .message import Message, Severity
from .xlsform import XlsformError

MAX_BYTES: Final = {"image": 400 * 1024, "audio": 1536 * 1024}
SMALL_BYTES: Final = 150 * 1024  # fetched before it is wanted, so that it is there without network
_MAX_FILES: Final = 200
_MAX_UNPACKED: Final = 30 * 1024 * 1024
_BESIDE: Final = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")  # what other programs put into a .zip
_NOT_ZIP: Final = "Tệp .zip bị hỏng hoặc có mật khẩu. Nén lại rồi tải lên."
_ENDINGS: Final = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a",),
    "audio/ogg": (".ogg", ".opus"),
}


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or recording: its name in the XLSForm, its kind by content, and its bytes."""

    name: str
    kind: str
    content: bytes

    @property
    def digest(self) -> str:
        """128 bits of SHA-256 in hex."""
        return hashlib.sha256(self.content).hexdigest()[:32]

    @property
    def reference(self) -> str:
        """How a questionnaire names the file once it is stored."""
        return f"{self.digest}/{len(self.content)}/{self.name}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A stored file as a questionnaire names it."""

    digest: str
    size: int
    name: str

    @classmethod
    def of(cls, text: str) -> "Reference | None":
        """The parts of a reference; none for the bare name that an XLSForm gives."""
        digest, _, rest = text.partition("/")
        size, slash, name = rest.partition("/")
        return cls(digest, int(size), name) if slash and size.isdecimal() else None

    @property
    def is_small(self) -> bool:
        return self.size <= SMALL_BYTES


def name_of(text: str) -> str:
    """The file name in a reference or in the cell of an XLSForm."""
    return text.rsplit("/", 1)[-1]


def kind_of(content: bytes) -> str:
    """The media type by the first bytes, empty for what is not taken (SVG among it: it may hold a script)."""
    head = content[:12]
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] in b"\xfb\xf3\xf2\xfa"):
        return "audio/mpeg"
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    return "audio/ogg" if head.startswith(b"OggS") else ""


def unpacked(data: bytes, file_name: str) -> tuple[bytes, str, list[Medium]]:
    """The XLSForm, its name, and the files beside it; any other file than a .zip is the XLSForm itself.

    Raises XlsformError with a message for every file that is not taken.
    """
    if not file_name.lower().endswith(".zip"):
        return data, file_name, []
    try:
        files = dict(_files(data))
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as fault:
        raise XlsformError([_message("not_a_zip", _NOT_ZIP)]) from fault
    books = [name for name in files if name.lower().endswith((".xlsx", ".md"))]
    if len(books) != 1:
        text = "Trong .zip phải có đúng một tệp XLSForm (.xlsx hoặc .md), các tệp khác là ảnh và âm thanh."
        raise XlsformError([_message("no_single_form", text)])
    media = {name: content for name, content in files.items() if name not in books}
    faults = [_message("bad_media", text) for name, content in media.items() if (text := _why_refused(name, content))]
    if faults:
        raise XlsformError(faults)
    found = [Medium(name, kind_of(content), content) for name, content in media.items()]
    return files[books[0]], books[0], found


def _files(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name without folder, and content, of every file in the .zip."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        infos = [
            info
            for info in archive.infolist()
            if not info.is_dir() and not any(part in info.filename for part in _BESIDE)
        ]
        if len(infos) > _MAX_FILES or sum(info.file_size for info in infos) > _MAX_UNPACKED:
            text = f"Tệp .zip có hơn {_MAX_FILES} tệp hoặc hơn {_MAX_UNPACKED >> 20} MB sau khi mở ra. Bỏ bớt tệp."
            raise XlsformError([_message("too_large", text)])
        for info in infos:
            yield PurePosixPath(info.filename.replace("\\", "/")).name, archive.read(info)


def _why_refused(name: str, content: bytes) -> str:
    kind = kind_of(content)
    if not kind:
        return f"«{name}» không phải ảnh PNG, JPEG, WebP hay âm thanh MP3, M4A, OGG. Chuyển tệp sang một loại ấy."
    if not name.lower().endswith(_ENDINGS[kind]):
        return f"«{name}» thực ra là tệp {_ENDINGS[kind][0]}. Đổi tên tệp, và đổi cả trong phiếu."
    most = MAX_BYTES[kind.split("/")[0]]
    if len(content) > most:
        return (
            f"«{name}» nặng {len(content) // 1024} kB, tối đa {most // 1024} kB. Thu nhỏ ảnh hoặc giảm chất lượng ghi."
        )
    return ""


def with_references(definition: Definition, references: Mapping[str, str], brought: Sequence[Medium]) -> Definition:
    """The questionnaire with references for the names of its files: those `brought`, else those known before.

    Raises XlsformError that names sheet, row and column of every missing file, and every file that no row names.
    """
    kinds = {medium.name: medium.kind for medium in brought}
    known = {**references, **{medium.name: medium.reference for medium in brought}}
    faults: list[Message] = []

    def stored(texts: Texts, kind: str, sheet: str, row: int) -> Texts:
        for language, text in texts.items():
            name, column = name_of(text), f"media::{kind} ({language})"
            if name not in known:
                words = f"chưa có tệp «{name}». Nén tệp này cùng phiếu vào một tệp .zip rồi tải lên."
                faults.append(Message(Severity.ERROR, "missing_media", words, sheet, row, column))
            elif kinds.get(name, kind).partition("/")[0] != kind:
                words = f"tệp «{name}» không phải {'ảnh' if kind == 'image' else 'âm thanh'}. Ghi ở cột kia."
                faults.append(Message(Severity.ERROR, "wrong_media", words, sheet, row, column))
        return {language: known.get(name_of(text), text) for language, text in texts.items()}

    def choice(one: Choice) -> Choice:
        return replace(one, image=stored(one.image, "image", "choices", one.row)) if one.image else one

    def items(inside: Sequence[Item]) -> tuple[Item, ...]:
        return tuple(
            replace(one, items=items(one.items))
            if isinstance(one, Group)
            else replace(
                one,
                image=stored(one.image, "image", "survey", one.row),
                audio=stored(one.audio, "audio", "survey", one.row),
                choices=tuple(choice(each) for each in one.choices),
            )
            for one in inside
        )

    found = replace(definition, items=items(definition.items))
    used = references_in(found)
    for name in kinds:
        if name not in used:
            words = f"Không dòng nào của phiếu dùng tệp «{name}». Bỏ tệp, hoặc ghi tên ấy vào cột media."
            faults.append(_message("unused_media", words))
    if faults:
        raise XlsformError(list(dict.fromkeys(faults)))
    return found


def references_in(definition: Definition) -> dict[str, str]:
    """File name -> reference, of every stored file that the questionnaire shows."""
    texts: list[Texts] = []
    for question in definition.questions():
        texts += [question.image, question.audio, *(choice.image for choice in question.choices)]
    return {name_of(text): text for one in texts for text in one.values() if Reference.of(text)}


def _message(kind: str, text: str) -> Message:
    return Message(Severity.ERROR, kind, text)
