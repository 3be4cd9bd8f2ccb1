"""What lies on a respondent's phone: the rules of a questionnaire without its texts, and the script of the pages.

The texts come as the page that the server draws, one for each language; so a phone shows what the pages without script
show. Rules and choices are the stored JSON of the version without what only people read.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from ..look import STATIC

# In this order: each uses those before it. Together they are the one script of every respondent's page.
_SCRIPTS: Final = (
    "code.js",
    "respondent.js",
    "expression.js",
    "questionnaire.js",
    "sealing.js",
    "device.js",
    "phone.js",
)
# Comments and indentation, a fifth of the bytes on a slow line; a comment behind code only where no quote follows,
# since it might else be the inside of a text.
_NOT_RUN: Final = re.compile(rb"^[ \t]*//.*\n|^[ \t]+|[ \t]+// [^\"'`\n]*$", re.MULTILINE)
_WORKER_SCRIPTS: Final = ("device.js", "worker.js")
_ONLY_FOR_PEOPLE: Final = frozenset(
    {
        "label",
        "hint",
        "guidance",
        "required_message",
        "constraint_message",
        "row",
        "criterion",
        "source",
        "image",
        "audio",
    }
)


def rules_of(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Items and lists of the stored JSON of a version, without their texts."""
    lists = {name: [_bare(choice) for choice in choices] for name, choices in stored["lists"].items()}
    return {"lists": lists, "items": [_bare_item(item) for item in stored["items"]]}


def _bare(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _ONLY_FOR_PEOPLE}


def _bare_item(item: Mapping[str, Any]) -> dict[str, Any]:
    bare = _bare(item)
    for name in ("relevant", "constraint", "calculation", "choice_filter"):
        if name in bare:
            bare[name] = bare[name]["tree"]
    if "items" in bare:
        bare["items"] = [_bare_item(inner) for inner in bare["items"]]
    return bare


@lru_cache(maxsize=1)
def script() -> bytes:
    """The script of the respondents' pages, without what a browser does not run."""
    return _without_comments(_SCRIPTS)


def _without_comments(names: tuple[str, ...]) -> bytes:
    return _NOT_RUN.sub(b"", b"\n".join((STATIC / name).read_bytes() for name in names))


@lru_cache(maxsize=1)
def script_version() -> str:
    """Changes with the script; stands in its address."""
    return hashlib.sha256(script()).hexdigest()[:12]


def worker(shell: list[str], ahead: list[str], desk: list[str]) -> bytes:
    """The service worker; `shell` are the addresses that it keeps for times without network, `ahead` those that it
    keeps once a page asks for them, `desk` those that only a device for many persons needs."""
    parts = _without_comments(_WORKER_SCRIPTS)
    state = hashlib.sha256(parts + "".join([*shell, *ahead, *desk]).encode()).hexdigest()[:12]
    about = {"name": f"survey-{state}-{script_version()}", "addresses": shell, "ahead": ahead, "desk": desk}
    return f"self.surveyShell = {json.dumps(about)};\n".encode() + parts


@lru_cache(maxsize=64)
def compressed(content: bytes) -> bytes:
    """The content in gzip, made once."""
    return gzip.compress(content, 9, mtime=0)
