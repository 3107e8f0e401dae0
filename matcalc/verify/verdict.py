"""What the judge says: data, which loads nothing of the judge."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Check:
    """``ok`` is True, False, or None if it could not be told (which is no failure).

    ``digits`` are those in common with numeric differentiation at ``points`` points;
    ``code_digits`` those of the NumPy code, at ``code_points`` of them, None if it was not run.
    """

    ok: bool | None
    digits: int
    points: int
    message: str
    code_digits: int | None = None
    code_points: int = 0


@dataclass(frozen=True)
class Comparison:
    """How two expressions relate: ``verdict`` is a key of ``verify.compare.VERDICTS``.

    ``factor`` is answer / result, if that is constant.
    """

    verdict: str
    message: str
    factor: Fraction | None = None

    @property
    def ok(self) -> bool:
        """Is the answer right?"""
        return self.verdict == "right"
