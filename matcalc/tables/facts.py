"""THE FACT TABLE: everything matcalc knows about a property of matrices is its one row here.

A row runs: the parser takes its spellings, inference what it says of the shape and what it
excludes, the constructors how it transposes and multiplies.  The judge draws values by its formulas
and holds the equation and the condition against them, in exact arithmetic, and a proof has its
formula filled with symbols.  To add a fact, add a row.
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
    ``equation``   what is true of X, n x n, in matcalc's own language
    ``condition``  what else is true of it, as the ``mpmath`` column of functions has it
    ``form``       such a matrix, made of a free n x n matrix X (and e, the first column of eye(n));
                   those of several facts are applied one after another, in the order of the table
    ``members``    more such formulas, which may have a free column u as well, of those that have
                   other facts besides
    ``entry``      such an entry, made of any number x or of a t between 0 and 1; SymPy has an
                   assumption of that name
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
    equation: str = ""
    condition: str = ""
    form: str = ""
    members: tuple[str, ...] = ()
    entry: str = ""


_SYMMETRIC = "triu(X) + triu(X)' - X .* eye(n)"

_ROWS = (
    Fact(
        "orthogonal",
        implies=("invertible",),
        transpose="inverse",
        equation="X' X = eye(n)",
        form="(eye(n) - triu(X) + triu(X)') inv(eye(n) + triu(X) - triu(X)')",  # Cayley
        members=("eye(n) - 2 u u' / (u' u)", "diag(u ./ abs(u))"),
    ),
    Fact(
        "lower",
        ("lower triangular",),
        transpose="upper",
        zeros=True,
        equation="X = tril(X)",
        form="tril(X)",
    ),
    Fact(
        "upper",
        ("upper triangular",),
        transpose="lower",
        zeros=True,
        equation="X = triu(X)",
        form="triu(X)",
        members=("X .* eye(n)",),
    ),
    Fact("symmetric", transpose="same", equation="X' = X", form=_SYMMETRIC),
    Fact(
        "idempotent",
        projection=True,
        equation="X X = X",
        form="eye(n) - X e e' X / (e' X X e)",
        members=("X e e' X / (e' X X e)", "diag((ones(n) + u ./ abs(u)) / 2)"),
    ),
    Fact(
        "diagonal",
        implies=("symmetric",),
        zeros=True,
        equation="X = X .* eye(n)",
        form="X .* eye(n)",
    ),
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
        equation="X' = -X",
        form="triu(X) - triu(X)'",
        members=("X kron(eye(n/2), [0, -1; 1, 0]) X'",),  # of an orthogonal X
    ),
    Fact(
        "positive definite",
        ("pd", "spd"),
        implies=("symmetric", "invertible"),
        equation="X' = X",
        condition="min(minors(X)) > 0",
        form=_SYMMETRIC,
        members=("X X' + eye(n)/4",),
    ),
    Fact(
        "positive semidefinite",
        ("psd", "positive semi definite"),
        implies=("symmetric",),
        equation="X' = X",
        condition="min(minors(10**9 * X + matrix(n, n, lambda i, j: i == j))) > 0",
        form=_SYMMETRIC,
        members=("X X'",),
    ),
    Fact("invertible", ("nonsingular",), ties=False, condition="mp.det(X) != 0"),
    Fact(
        "positive",
        square=False,
        ties=False,
        condition="min(X) >= 0 < max(X)",  # a diagonal matrix is, where it is not zero
        entry="abs(x)",
    ),
    Fact(
        "integer",
        square=False,
        ties=False,
        condition="all(x == int(x) for x in X)",
        entry="1 + int(4 * t)",
    ),
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
