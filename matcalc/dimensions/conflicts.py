"""What it takes for parts of an expression to fit, and what is kept of those that do not.

A :class:`Value` is a shape made of elements of :class:`Sizes`.  Whether two of them can be equal at
all is a matter of kinds (is this size 1?) before it is one of equations, and each failure is a
:class:`Conflict` with the guesses that it rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from matcalc.dimensions.guesses import union
from matcalc.dimensions.sizes import ONE_SIZE, Reason, Sizes
from matcalc.language.tree import Add, Tree


class Value(NamedTuple):
    """Rows and columns; the guesses they rest on; whether all is numbers and declared scalars."""

    rows: int
    cols: int
    why: int = 0
    constant: bool = False

    @property
    def scalar(self) -> bool:
        return self.rows == ONE_SIZE and self.cols == ONE_SIZE

    @property
    def rank(self) -> int:
        """0 for a scalar, 1 for a column or a row, 2 for a matrix."""
        return 2 - sum(self.kind)

    @property
    def kind(self) -> tuple[bool, bool]:
        return self.rows == ONE_SIZE, self.cols == ONE_SIZE


CONSTANT = Value(ONE_SIZE, ONE_SIZE, 0, True)
Part = tuple[Tree, Value]


@dataclass(frozen=True)
class Conflict:
    """A place that does not conform.

    ``sort``   "product" "addition" "broadcast" "entrywise" "order" "quotient" "power" "square"
               "exponent" "argument" "guess" "block" "size" "open"
    ``left``, ``right``  the two parts that do not fit, ``sizes`` the elements that should be equal
    ``why``    the guesses (bits) of which one would have to be given up
    ``soft``   it may stand where nothing else conforms
    """

    sort: str
    node: Tree
    left: Tree
    right: Tree
    why: int
    soft: bool = False
    sizes: tuple[int, int] = (ONE_SIZE, ONE_SIZE)
    source: str = ""


class Broadcast(NamedTuple):
    """A scalar combined with every entry of something else."""

    scalar: Tree
    other: Tree
    node: Tree
    source: str


class Conform:
    """The equations between sizes met so far, and the conflicts."""

    def __init__(self) -> None:
        self.sizes = Sizes()
        self.conflicts: list[Conflict] = []
        self.broadcasts: list[Broadcast] = []
        self.source = ""

    def conflict(
        self,
        sort: str,
        node: Tree,
        left: Tree,
        right: Tree,
        why: int,
        soft: bool = False,
        sizes: tuple[int, int] = (ONE_SIZE, ONE_SIZE),
    ) -> None:
        """Note a conflict; a soft one that rests on no guess is none."""
        if why or not soft:
            found = Conflict(sort, node, left, right, why, soft, sizes, self.source)
            self.conflicts.append(found)

    def unite(
        self, sort: str, node: Tree, left: Tree, right: Tree, sizes: tuple[int, int], why: int
    ) -> bool:
        """Make two sizes equal, or note the conflict and return False."""
        a, b = sizes
        if (a == ONE_SIZE) == (b == ONE_SIZE) and self.sizes.unite(a, b, Reason(node, why)):
            return True
        if ONE_SIZE not in sizes:
            why |= self.guesses(a) | self.guesses(b)
        self.conflict(sort, node, left, right, why, sizes=sizes)
        return False

    def guesses(self, size: int) -> int:
        """The guesses because of which the element has the declared size of its class."""
        return union(reason.why for reason in self.sizes.explain(size))

    def same(self, sort: str, node: Tree, left: Part, right: Part) -> bool:
        """Make two shapes equal, or note the conflict and return False."""
        (one, a), (other, b) = left, right
        why = a.why | b.why
        if a.kind[0] == b.kind[0] and a.kind[1] != b.kind[1]:  # what cannot be, before what is not
            return self.unite(sort, node, one, other, (a.cols, b.cols), why)
        return self.unite(sort, node, one, other, (a.rows, b.rows), why) and self.unite(
            sort, node, one, other, (a.cols, b.cols), why
        )

    def broadcast(self, node: Tree, scalar: Part, array: Part) -> None:
        """A scalar beside a vector (or, where that is harmless, a matrix)."""
        (small, one), (large, other) = scalar, array
        additive = isinstance(node, Add)
        why = one.why | other.why
        if additive and not any(other.kind):
            self.conflict("broadcast", node, small, large, why)
            return
        # x'x + c hardly means a vector; x ./ norm(y) does
        unlikely = not one.constant if additive else one.why
        if unlikely:
            self.conflict("guess", node, small, large, why, soft=True)
        self.broadcasts.append(Broadcast(small, large, node, self.source))
