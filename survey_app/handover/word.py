"""Filling a Word template, shipped or the office's own, without letting it do anything else.

The filling itself runs in `word_child.py`, a process of its own with limits of memory and time: a template that would
run for ever or eat the memory exhausts only that process.
"""

import base64
import json
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from ..errors import Invalid
from .models import PaperKind

_LARGEST_FILE = 2_000_000
_LARGEST_UNPACKED = 30_000_000
_MOST_MEMBERS = 200
_MEGABYTE = 1024 * 1024
_WAIT = 2  # times the seconds of work: the machine has other work too
_CHILD = Path(__file__).with_name("word_child.py")
_TOO_MUCH = (
    "Mẫu Word chạy quá lâu hoặc tạo ra quá nhiều chữ nên đã dừng. Bỏ vòng lặp theo số (range) và phép nhân chữ trong "
    "mẫu rồi tải lên lại."
)
# What a fault of the filling (its type in the child) means for who edits the template in Word.
_FAULTS = {
    "UndefinedError": "gọi một tên không có trong dữ liệu",
    "TemplateSyntaxError": "lệnh trong ngoặc nhọn viết sai, hoặc thiếu lệnh đóng (endif, endfor)",
    "TemplateAssertionError": "dùng một lệnh không có",
    "SecurityError": "dùng một lệnh không được phép",
    "XMLSyntaxError": "một chỗ điền bị Word cắt rời, xóa chỗ đó và gõ lại liền một mạch",
}
_USUAL_FAULT = "có phép tính hoặc lệnh không làm được"


@dataclass(frozen=True)
class Limits:
    """How much memory and how many seconds of work a filling may take."""

    megabytes: int
    seconds: int


_PAPER = Limits(1536, 120)  # an annex of 10 000 persons takes a third of the memory and 11 s
_TRIAL = Limits(512, 8)  # a few invented rows


def filled(template: bytes, context: Mapping[str, Any], limits: Limits = _PAPER) -> bytes:
    """The .docx with every place filled; equal input gives equal bytes.

    Raises Invalid, in words, when the template names something that there is not, is not well-formed, raises anything
    or does not come to an end.
    """
    asked = {"template": base64.b64encode(template).decode("ascii"), "context": context}
    try:
        done = subprocess.run(  # noqa: S603 - our own file, no shell, no user text in the arguments
            [sys.executable, "-I", "-X", "utf8", str(_CHILD), str(limits.megabytes * _MEGABYTE), str(limits.seconds)],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=limits.seconds * _WAIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Invalid({"file": _TOO_MUCH}) from None
    if done.returncode != 0 or not done.stdout:
        raise Invalid({"file": _TOO_MUCH})  # stopped by its limits: nothing it printed is trusted
    answer = json.loads(done.stdout)
    if answer.get("fault"):
        raise Invalid({"file": _sentence(answer["fault"], answer["detail"])})
    return base64.b64decode(answer["document"])


def _sentence(kind: str, detail: str) -> str:
    if kind == "too_much":
        return _TOO_MUCH
    named = re.search("'([^']+)'", detail)  # the rest of what the program says is no help in Word
    where = f" («{named[1]}»)" if named else ""
    return f"Mẫu Word có chỗ không điền được: {_FAULTS.get(kind, _USUAL_FAULT)}{where}. Sửa mẫu rồi tải lên lại."


def check_template(content: bytes, kind: PaperKind, context: Mapping[str, Any]) -> None:
    """Raises Invalid when a file is no Word template that can be filled with the facts of its kind."""
    _refuse_foreign_content(content)
    filled(content, context, _TRIAL)


def _refuse_foreign_content(content: bytes) -> None:
    if len(content) > _LARGEST_FILE:
        raise Invalid({"file": "Tệp lớn quá 2 MB. Bỏ bớt hình trong mẫu."})
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            names = [one.filename.lower() for one in members]
            if len(members) > _MOST_MEMBERS or sum(one.file_size for one in members) > _LARGEST_UNPACKED:
                raise Invalid(
                    {"file": "Tệp này nén quá nhiều nội dung. Tải mẫu có sẵn về, sửa trong Word, rồi tải lên."}
                )
            if "word/document.xml" not in names:
                raise Invalid({"file": "Đây không phải tệp Word (.docx). Lưu lại dạng .docx rồi tải lên."})
            if any("vbaproject" in name or "embeddings/" in name or "activex" in name for name in names):
                raise Invalid(
                    {"file": "Mẫu có macro hoặc đối tượng nhúng nên không nhận. Bỏ đi rồi lưu lại dạng .docx."}
                )
            for one in members:
                if one.filename.endswith(".rels") and b'TargetMode="External"' in archive.read(one):
                    raise Invalid({"file": "Mẫu có liên kết ra ngoài (hình, mẫu gắn kèm). Bỏ liên kết rồi lưu lại."})
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError):
        # RuntimeError is a member with a password, or packed in a way that Word does not know
        raise Invalid({"file": "Đây không phải tệp Word (.docx), tệp bị hỏng hoặc có mật khẩu."}) from None
