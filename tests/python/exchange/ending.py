"""How a link ends for a reason of this side's."""

from __future__ import annotations

from typing import Any


class Ending(Exception):
    """This side ends the link."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason


def broken(violation: str) -> Ending:
    return Ending({"violation": violation})
