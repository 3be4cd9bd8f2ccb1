"""Which changes of a draft can be taken back («Hoàn tác»), and which of those made again («Làm lại»)?

A draft keeps the states that it went through since the last publication, each as its JSON packed into a few kilobytes.
"""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .definition import Definition
from .definition_json import canonical_sha256, from_json
from .media import references_in

_MOST: Final = 200  # states; the oldest goes first
_MEDIA_KEYS: Final = ('"image"', '"audio"')


@dataclass(frozen=True, slots=True)
class Steps:
    """The states before the present one, the latest last, and those that were taken back, the next one last."""

    back: tuple[str, ...] = ()
    forward: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> "Steps":
        """Out of the column `earlier`; a draft made by a release that knew one step only has that one."""
        if not stored:
            return cls()
        if "back" not in stored:
            return cls((_packed(stored),))
        return cls(tuple(stored["back"]), tuple(stored["forward"]))

    def stored(self) -> dict[str, Any]:
        """What stands in the column `earlier`."""
        return {"back": list(self.back), "forward": list(self.forward)}

    def changed(self, before: Mapping[str, Any]) -> "Steps":
        """After a new change of the state `before`; what was taken back cannot be made again any more."""
        return Steps((*self.back, _packed(before))[-_MOST:])

    def undone(self, present: Mapping[str, Any]) -> "Steps":
        """After going one state back from the present one."""
        return Steps(self.back[:-1], (*self.forward, _packed(present)))

    def redone(self, present: Mapping[str, Any]) -> "Steps":
        """After making the last change that was taken back again."""
        return Steps((*self.back, _packed(present)), self.forward[:-1])

    @property
    def last(self) -> Definition | None:
        """The questionnaire before its last change, none without one."""
        return from_json(_unpacked(self.back[-1])) if self.back else None

    @property
    def first(self) -> Definition | None:
        """The questionnaire before the first of the changes that are kept, none without one."""
        return from_json(_unpacked(self.back[0])) if self.back else None

    @property
    def next(self) -> Definition | None:
        """The questionnaire as it was before the last «Hoàn tác», none without one."""
        return from_json(_unpacked(self.forward[-1])) if self.forward else None

    def state(self, sha256: str) -> Definition | None:
        """The questionnaire of that digest among the states, or none."""
        found = (data for data in map(_unpacked, reversed(self._all())) if canonical_sha256(data) == sha256)
        data = next(found, None)
        return from_json(data) if data else None

    def references(self) -> dict[str, str]:
        """File name -> reference of every picture and recording that some state shows, and so may come back."""
        return {name: text for definition in self._with_media() for name, text in references_in(definition).items()}

    def _with_media(self) -> Iterator[Definition]:
        texts = (_text(packed) for packed in self._all())
        return (from_json(json.loads(text)) for text in texts if any(key in text for key in _MEDIA_KEYS))

    def _all(self) -> tuple[str, ...]:
        return (*self.forward, *self.back)


def _packed(definition: Mapping[str, Any]) -> str:
    text = json.dumps(definition, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()


def _text(packed: str) -> str:
    return zlib.decompress(base64.b64decode(packed)).decode()


def _unpacked(packed: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_text(packed))
    return data
