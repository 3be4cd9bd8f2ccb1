"""A paper with the office's own Word template as PDF: LibreOffice sets it, where the server has LibreOffice.

Only a word processor lays out a Word file; our own PDF is drawn from the shipped wording and would say other words.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import Invalid

PACKAGE = "libreoffice-writer-nogui"
_SECONDS = 180
_FAILED = (
    "LibreOffice trên máy chủ không chuyển được văn bản này sang PDF. "
    "Bỏ chọn «Mỗi văn bản thêm một tệp PDF», tải tệp Word rồi lưu PDF từ Word."
)


def has_converter() -> bool:
    """Whether this machine turns Word files into PDF."""
    return shutil.which("soffice") is not None


def word_to_pdf(document: bytes) -> bytes:
    """The PDF of a .docx, its fonts inside. Raises Invalid when LibreOffice fails or does not come to an end."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "paper.docx").write_bytes(document)
        # A profile of its own: two conversions at once would else refuse each other.
        command = [
            shutil.which("soffice") or "soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless", "--norestore", "--convert-to", "pdf:writer_pdf_Export", "--outdir", name,
            str(folder / "paper.docx"),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603 - no user text in it
            return (folder / "paper.pdf").read_bytes()
        except (OSError, subprocess.SubprocessError):
            raise Invalid({"pdf": _FAILED}) from None
