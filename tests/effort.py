"""How much work something is: calls of Python functions are counted, which no machine changes."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable


def calls(work: Callable[[], object]) -> int:
    """How many Python functions (and generators, each time they go on) are called."""
    count = 0

    def profile(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def growth(work: Callable[[int], object], small: int, large: int) -> float:
    """The exponent of the effort in the size: 1 is linear, 2 quadratic."""
    work(small)  # what is made once, is made
    ratio = calls(lambda: work(large)) / calls(lambda: work(small))
    return math.log(ratio) / math.log(large / small)
