"""Units, bản and quotas that lists are checked against, made from CSV files or from database rows alike."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from ..text import fold

COMMUNE_KINDS = frozenset({"xa", "phuong", "thi_tran", "dac_khu"})
_NOT_WORD = re.compile(r"[^a-z0-9/&]+")
_UNIT_PREFIXES = (
    "uy ban nhan dan xa", "uy ban nhan dan thi tran", "uy ban nhan dan phuong", "uy ban nhan dan", "ubnd xa",
    "ubnd thi tran", "ubnd tt", "ubnd phuong", "ubnd", "xa", "thi tran", "tt", "phuong", "dac khu", "phong",
)  # fmt: skip
_BAN_PREFIXES = ("ban", "khoi pho", "khoi", "thon", "xom", "to dan pho", "tdp", "khu pho", "to")


@dataclass(frozen=True)
class UnitEntry:
    """A unit as it was from `valid_from` to `valid_to` (both included; None: no end). The key is (code, valid_from)."""

    code: str
    name: str
    kind: str
    parent: str | None
    valid_from: date | None
    valid_to: date | None
    successor_code: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class BanEntry:
    """A bản or khối of a commune with its validity."""

    code: str
    name: str
    commune_code: str
    valid_from: date | None
    valid_to: date | None
    successor_code: str | None = None


Entry = TypeVar("Entry", UnitEntry, BanEntry)


def valid_on(entry: UnitEntry | BanEntry, day: date) -> bool:
    """Whether the entry was valid on that day."""
    return (entry.valid_from is None or entry.valid_from <= day) and (entry.valid_to is None or day <= entry.valid_to)


@dataclass(frozen=True)
class Quota:
    """Chỉ tiêu of one unit and group: persons asked for, how few and how many are taken, and what else is refused."""

    target: int
    least: int
    most: int
    blocks_short: bool = False
    blocks_over: bool = True


def exactly(target: int) -> Quota:
    """A quota without room: fewer persons need a reason, more are refused."""
    return Quota(target, target, target)


@dataclass
class Catalogue:
    """What the names in a list are looked up in; `day` is the day on which units and bản must be valid."""

    units: list[UnitEntry]
    bans: list[BanEntry]
    quotas: dict[tuple[str, str], Quota] = field(default_factory=dict)
    procedures: list[str] = field(default_factory=list)
    day: date = date.max

    @cached_property
    def _units_by_key(self) -> dict[str, list[UnitEntry]]:
        ends = self._parent_names
        index: dict[str, list[UnitEntry]] = {}
        for unit in self.units:
            for name in (unit.name, *unit.aliases):
                for key in _keys(name, _UNIT_PREFIXES, ends):
                    index.setdefault(key, []).append(unit)
        return index

    @cached_property
    def _parent_names(self) -> tuple[str, ...]:
        """What may follow a unit's name: «, huyện Tuần Giáo», «huyện», «, tỉnh Điện Biên»."""
        names = [_plain(unit.name) for unit in self.units if unit.kind in ("tinh", "huyen", "thanh_pho")]
        pairs = [f"{a} {b}" for a in names for b in names if a != b]
        return (*pairs, *names, "huyen", "tinh", "thanh pho")

    @cached_property
    def _bans_by_commune(self) -> dict[str, dict[str, list[BanEntry]]]:
        index: dict[str, dict[str, list[BanEntry]]] = {}
        for ban in self.bans:
            names = index.setdefault(ban.commune_code, {})
            for key in _keys(ban.name, _BAN_PREFIXES, ()):
                names.setdefault(key, []).append(ban)
        return index

    @cached_property
    def _unit_found(self) -> dict[str, UnitEntry | None]:
        return {}

    @cached_property
    def _ban_found(self) -> dict[tuple[str, str], BanEntry | None]:
        return {}

    def unit(self, name: str) -> UnitEntry | None:
        """The unit of that name: valid on the day if there is one, else one that has ended by then; else None."""
        if name not in self._unit_found:
            keys = _keys(name, _UNIT_PREFIXES, self._parent_names)
            self._unit_found[name] = _best([unit for key in keys for unit in self._units_by_key.get(key, [])], self.day)
        return self._unit_found[name]

    def unit_by_code(self, code: str) -> UnitEntry | None:
        """The unit with the code, as valid on the day if possible."""
        return _best([unit for unit in self.units if unit.code == code], self.day)

    def is_commune(self, code: str) -> bool:
        """Whether the code was a commune on the day."""
        unit = self.unit_by_code(code)
        return unit is not None and unit.kind in COMMUNE_KINDS

    def ban(self, commune_code: str, name: str) -> BanEntry | None:
        """The bản of that name in the commune, valid ones first; names match folded or without the kind, not looser."""
        wanted = (commune_code, name)
        if wanted not in self._ban_found:
            names = self._bans_by_commune.get(commune_code, {})
            parts = [name, name.split(",")[0]] if "," in name else [name]
            found = [ban for part in parts for key in _keys(part, _BAN_PREFIXES, ()) for ban in names.get(key, [])]
            self._ban_found[wanted] = _best(found, self.day)
        return self._ban_found[wanted]

    def ban_anywhere(self, name: str) -> BanEntry | None:
        """The bản of that name when only one commune has it."""
        found = [
            ban for commune in self._bans_by_commune if (ban := self.ban(commune, name)) and valid_on(ban, self.day)
        ]
        return found[0] if len(found) == 1 else None

    def ban_by_code(self, code: str) -> BanEntry | None:
        """The bản with the code."""
        return next((ban for ban in self.bans if ban.code == code), None)

    def successor_name(self, entry: UnitEntry | BanEntry) -> str | None:
        """Name of what took over an ended unit or bản; None when the catalogue does not know it."""
        after = (entry.valid_to or date.max - timedelta(days=1)) + timedelta(days=1)
        others: Sequence[UnitEntry | BanEntry] = self.units if isinstance(entry, UnitEntry) else self.bans
        heirs = [one for one in others if one.code == entry.successor_code and one is not entry]
        living = [one for one in heirs if one.valid_to is None or one.valid_to >= after]
        return living[0].name if living else None

    def similar_ban(self, commune_code: str, name: str) -> str | None:
        """The nearest name of a valid bản of the commune, for «Gần giống: …»."""
        names = [b.name for b in self.bans if b.commune_code == commune_code and valid_on(b, self.day)]
        return _nearest(name, names)

    def similar_unit(self, name: str) -> str | None:
        """The nearest name of a valid unit, for «Gần giống: …»."""
        return _nearest(name, [unit.name for unit in self.units if valid_on(unit, self.day)])


def _best(found: list[Entry], day: date) -> Entry | None:
    valid = [one for one in found if valid_on(one, day)]
    ended = [one for one in found if one.valid_to is not None and one.valid_to < day]
    return valid[0] if valid else ended[0] if ended else None


def _plain(name: str) -> str:
    return _NOT_WORD.sub(" ", fold(name)).strip()


def _keys(name: str, prefixes: Iterable[str], ends: Iterable[str]) -> list[str]:
    """The spellings under which a name is found: as it stands, without the kind before it, without what follows it."""
    keys = [_plain(name)]
    whole = keys[0]
    for end in ends:
        folded = _plain(end)
        if whole.endswith(" " + folded) and len(whole) > len(folded) + 1:
            keys.append(whole[: -len(folded) - 1])
    for key in list(keys):
        for prefix in prefixes:
            folded = fold(prefix)
            if key.startswith(folded + " "):
                keys.append(key[len(folded) + 1 :])
    return list(dict.fromkeys(key for key in keys if key))


def _nearest(name: str, names: list[str]) -> str | None:
    from rapidfuzz import fuzz, process

    def own_part(text: str) -> str:  # «Bản», «Xã» stand before every name and make strangers look alike
        return _keys(text, (*_BAN_PREFIXES, *_UNIT_PREFIXES), ())[-1]

    found = process.extractOne(name, names, scorer=fuzz.ratio, processor=own_part, score_cutoff=60)
    return found[0] if found else None


def catalogue_from_folder(folder: Path, day: date) -> Catalogue:
    """Read `units-*.csv`, `ban-*.csv`, `quota-*.csv`, `procedures-*.csv`; FileNotFoundError names what is missing."""
    units = [
        UnitEntry(
            row["code"], row["name"], row["kind"], row["parent"] or None,
            _day(row["valid_from"]), _day(row["valid_to"]),
            row["successor_code"] or None, tuple(alias for alias in row["aliases"].split("|") if alias),
        )
        for row in _rows(folder, "units-")
    ]  # fmt: skip
    bans = [
        BanEntry(
            row["code"], row["name"], row["commune_code"], _day(row["valid_from"]), _day(row["valid_to"]),
            row["successor_code"] or None,
        )
        for row in _rows(folder, "ban-")
    ]  # fmt: skip
    quotas = {(row["unit_code"], row["group"]): exactly(int(row["quota"])) for row in _rows(folder, "quota-")}
    return Catalogue(units, bans, quotas, [row["title"] for row in _rows(folder, "procedures-")], day)


def _rows(folder: Path, beginning: str) -> list[dict[str, str]]:
    found = sorted(folder.glob(f"{beginning}*.csv"))
    if not found:
        raise FileNotFoundError(f"Thư mục {folder} không có tệp bắt đầu bằng «{beginning}».")
    with found[0].open(encoding="utf-8-sig", newline="") as stream:
        return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(stream)]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
