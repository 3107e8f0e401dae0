"""THE FACT TABLE: what may be declared of a matrix, and what follows from it.

A row runs: the parser takes its spellings, inference what it says of the shape and what it
excludes, the constructors how it transposes and multiplies.  How a fact is drawn at random and
held against a value is the business of ``verify.sample``, which shares nothing with what is judged;
the tests draw values by it and hold every cell of a row against them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One row.

    ``spellings``  other words for it
    ``square``     only a square matrix has it
    ``implies``    what follows from it
    ``excludes``   what only zero has besides
    ``ties``       it ties entries to one another, or to numbers: they are no variables of their own
    ``transpose``  X' is "same" as X, "minus" X, the "inverse" of X, or else of this fact
    ``zeros``      some entries are zero
    ``projection`` X X = X
    """

    name: str
    spellings: tuple[str, ...] = ()
    square: bool = True
    implies: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    ties: bool = True
    transpose: str = ""
    zeros: bool = False
    projection: bool = False


_ROWS = (
    Fact("symmetric", transpose="same"),
    Fact(
        "skew",
        ("skew symmetric", "skewsymmetric", "antisymmetric", "anti symmetric"),
        excludes=(
            "symmetric",
            "diagonal",
            "positive definite",
            "positive semidefinite",
            "positive",
        ),
        transpose="minus",
        zeros=True,
    ),
    Fact("diagonal", implies=("symmetric",), transpose="same", zeros=True),
    Fact("orthogonal", implies=("invertible",), transpose="inverse"),
    Fact("invertible", ("nonsingular",), ties=False),
    Fact("lower", ("lower triangular",), transpose="upper", zeros=True),
    Fact("upper", ("upper triangular",), transpose="lower", zeros=True),
    Fact("idempotent", projection=True),
    Fact("positive", square=False, ties=False),
    Fact("positive definite", ("pd", "spd"), implies=("symmetric", "invertible")),
    Fact("positive semidefinite", ("psd", "positive semi definite"), implies=("symmetric",)),
    Fact("integer", square=False, ties=False),
)

FACTS = {row.name: row for row in _ROWS}

#: every spelling, and the fact it means
SPELLINGS = {word: row.name for row in _ROWS for word in (row.name, *row.spellings)}
SQUARE = frozenset(row.name for row in _ROWS if row.square)
#: facts that say nothing about which entries are tied to one another
FREE = frozenset(row.name for row in _ROWS if not row.ties)
WITH_ZEROS = frozenset(row.name for row in _ROWS if row.zeros)
PROJECTIONS = frozenset(row.name for row in _ROWS if row.projection)
EXCLUSIVE = tuple((row.name, other) for row in _ROWS for other in row.excludes)

_TRANSPOSES = {row.name: row.transpose for row in _ROWS}


def implied(facts: Iterable[str]) -> frozenset[str]:
    """The facts with all that follows from them."""
    given = frozenset(facts)
    return given.union(*(FACTS[fact].implies for fact in given))


def transposes(facts: Iterable[str]) -> frozenset[str]:
    """What is known of the transpose of a matrix with these facts: "same", "minus", "inverse"."""
    return frozenset(_TRANSPOSES[fact] for fact in facts) - {""}
