"""Files as they come out of broken sticks, broken lines and ill will: one seed, one damaged file."""

import io
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .raw_files import packed

_NUMBER = re.compile(rb"\d+")
_TAG = re.compile(rb"<[^>]*>")
_TEXT = re.compile(rb">[^<]+<")
_FIGURES = [b"-1", b"0", b"99999999999999999999", b"1e999", b"NaN", b"4294967295", b"1048577", b"0.5"]
_TEXTS = [
    b">&#0;&#1;<", b">&#55296;<", b">_x0000_<", b">" + b"9" * 500 + b"<", b">=cmd|' /C calc'!A0<",
    b">&undefined;<", b"><", b">]]><", b">\xff\xfe\x00<", b">31/02/0000<", b">1e400<", b">%s%n{0}<",
]  # fmt: skip


def sample_files(samples: Path) -> list[Path]:
    """Every list and every broken file of the first set."""
    return [
        path for folder in ("lists", "bad") for path in sorted((samples / folder).iterdir()) if path.suffix != ".txt"
    ]


def damaged_files(samples: Path, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` damaged files with their names, all of the samples in turn."""
    chance = random.Random(seed)
    paths = sample_files(samples)
    for number in range(count):
        path = paths[number % len(paths)]
        content = path.read_bytes()
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            content = _damaged(content, chance)
        ending = chance.choice([path.suffix] * 8 + [".xlsx", ".csv", ".xls", ""])
        yield f"{path.stem}{ending}", content


def _damaged(content: bytes, chance: random.Random) -> bytes:
    ways: list[Callable[[bytes, random.Random], bytes]] = [_flip, _cut, _swap, _blank, _repeat]
    if content.startswith(b"PK"):
        ways += [_drop_member, _double_member, _rename_member, _spoil_member, _spoil_member, _spoil_member]
    return chance.choice(ways)(content, chance) if content else content


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 3, 20, 200])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _piece(content: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(content))
    return start, min(len(content), start + chance.choice([1, 16, 512, 4096]))


def _swap(content: bytes, chance: random.Random) -> bytes:
    (start, end), (other, last) = sorted([_piece(content, chance), _piece(content, chance)])
    if end > other:
        return content[other:last] + content
    return content[:start] + content[other:last] + content[end:other] + content[start:end] + content[last:]


def _blank(content: bytes, chance: random.Random) -> bytes:
    start, end = _piece(content, chance)
    return content[:start] + bytes([chance.choice([0, 0, 10, 32, 255])]) * (end - start) + content[end:]


def _repeat(content: bytes, chance: random.Random) -> bytes:
    start, end = _piece(content, chance)
    return content[:end] + content[start:end] * chance.choice([1, 10, 200]) + content[end:]


def _members(content: bytes) -> list[tuple[str, bytes]]:
    """The members of a package, none when it cannot be opened or is a bomb."""
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
        if sum(one.file_size for one in package.infolist()) > 20_000_000:
            return []
        return [(one.filename, package.read(one)) for one in package.infolist()]
    except Exception:  # a package that is broken already stays as it is
        return []


def _drop_member(content: bytes, chance: random.Random) -> bytes:
    members = _members(content)
    if members:
        del members[chance.randrange(len(members))]
    return packed(members) if members else content


def _double_member(content: bytes, chance: random.Random) -> bytes:
    members = _members(content)
    return packed([*members, (chance.choice(members)[0], chance.choice(members)[1])]) if members else content


def _rename_member(content: bytes, chance: random.Random) -> bytes:
    members = _members(content)
    if not members:
        return content
    position = chance.randrange(len(members))
    names = [
        "../../etc/passwd",
        "xl/vbaProject.bin",
        "Tệp lạ.xml",
        members[position][0].upper(),
        "content.xml",
        "a" * 300,
    ]
    members[position] = (chance.choice(names), members[position][1])
    return packed(members)


def _spoil_member(content: bytes, chance: random.Random) -> bytes:
    members = _members(content)
    inner = [n for n, (name, part) in enumerate(members) if name.endswith((".xml", ".rels")) and part]
    if not inner:
        return content
    position = chance.choice(inner)
    name, part = members[position]
    for _ in range(chance.choice([1, 3, 10])):
        part = _spoil_xml(part, chance)
    members[position] = (name, part)
    return packed(members)


def _spoil_xml(part: bytes, chance: random.Random) -> bytes:
    pattern, replacements = chance.choice([(_NUMBER, _FIGURES), (_TAG, [b"", b"<a>", b"</a>"]), (_TEXT, _TEXTS)])
    found = list(pattern.finditer(part[:2_000_000]))
    if not found:
        return part
    one = chance.choice(found)
    return part[: one.start()] + chance.choice(replacements) + part[one.end() :]
