"""Static files as the built-in server hands them out: compressed once for each state of the program, cached for long.

The sources stay untouched; copies with their .gz and .br beside them lie in the data folder.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from .look import STATIC

# Of Bootstrap only what the pages name.
_BOOTSTRAP = ("css/bootstrap.min.css",)


def with_static_files(wsgi: Any, data_folder: Path) -> Any:
    """`wsgi` behind WhiteNoise, which answers for /static and /bootstrap/static."""
    from whitenoise import WhiteNoise

    folder = _compressed_copy(data_folder / "static")
    served = WhiteNoise(wsgi, max_age=31_536_000)
    served.add_files(str(folder / "own"), prefix="static/")
    served.add_files(str(folder / "bootstrap"), prefix="bootstrap/static/")
    return served


def _compressed_copy(folder: Path) -> Path:
    import flask_bootstrap

    bootstrap = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
    sources = [(path, Path("own") / path.relative_to(STATIC)) for path in sorted(STATIC.rglob("*")) if path.is_file()]
    sources += [(bootstrap / name, Path("bootstrap") / name) for name in _BOOTSTRAP]
    state = hashlib.sha256()
    for path, target in sources:
        state.update(str(target).encode() + path.read_bytes())
    mark = folder / "state"
    if not mark.exists() or mark.read_text("utf-8") != state.hexdigest():
        shutil.rmtree(folder, ignore_errors=True)
        for path, target in sources:
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / target)
        _compress(folder)
        mark.write_text(state.hexdigest(), "utf-8")
    return folder


def _compress(folder: Path) -> None:
    from whitenoise.compress import Compressor

    compressor = Compressor(quiet=True)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and compressor.should_compress(path.name):
            compressor.compress(str(path))
