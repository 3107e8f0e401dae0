"""Signatures: the shapes of the arguments and of the value of a function, in names of sizes.

``(m,n),(p,q) -> (m p,n q)`` says that of matrices m x n and p x q the value is m p x n q.  Sizes
that bear the same name are equal, side by side they are multiplied, and "1" is 1; ``p + q``, in the
shape of an argument, is a sum.  A signature is read once for each row of the function table;
whoever needs shapes asks this object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

Size = tuple[str, ...]  # the names whose product it is; () is 1


class Total(Size):
    """The names whose sum a size is."""

    __slots__ = ()


class Difference(Protocol):
    """What has differences, as sizes do."""

    def __sub__(self: T, other: T, /) -> T: ...


T = TypeVar("T", bound=Difference)


class Pattern(NamedTuple):
    """A shape in names of sizes."""

    rows: Size
    cols: Size

    @property
    def rank(self) -> int:
        """0 for a scalar, 1 for a column or a row, 2 for a matrix."""
        return bool(self.rows) + bool(self.cols)

    @property
    def is_compound(self) -> bool:
        """Is a size in it a product or a sum?"""
        return max(map(len, self)) > 1

    def __str__(self) -> str:
        return " x ".join(f"({_written(s)})" if isinstance(s, Total) else _written(s) for s in self)


@dataclass(frozen=True)
class Signature:
    """The shapes of the parameters and of the value."""

    parameters: tuple[Pattern, ...]
    result: Pattern

    @staticmethod
    def read(text: str) -> Signature:
        """The signature that a text is."""
        before, _, after = text.partition("->")
        return Signature(tuple(_shapes(before)), *_shapes(after))

    def __str__(self) -> str:
        return f"{self.written} -> ({_comma(self.result)})"

    @property
    def takes_rows(self) -> bool:
        """Does the value have some of the rows of the only argument?"""
        shape = self.parameters[0]
        return isinstance(shape.rows, Total) and shape.cols == self.result.cols

    @property
    def takes_columns(self) -> bool:
        """Does the value have some of the columns of the only argument?"""
        shape = self.parameters[0]
        return isinstance(shape.cols, Total) and shape.rows == self.result.rows

    @property
    def written(self) -> str:
        """The shapes of the parameters as they are written: ``(m,n),(p,q)``."""
        return ",".join(f"({_comma(shape)})" for shape in self.parameters)

    def sizes(self, shapes: Iterable[Iterable[T]]) -> dict[str, T]:
        """The sizes that have a name of their own, from the shapes of arguments, and of a value."""
        found: dict[str, T] = {}
        totals: list[tuple[Total, T]] = []
        for pattern, shape in zip((*self.parameters, self.result), shapes):
            for names, size in zip(pattern, shape):
                if len(names) == 1:
                    found.setdefault(names[0], size)
                elif isinstance(names, Total):
                    totals.append((names, size))
        for names, size in totals:
            unknown = [name for name in names if name not in found]
            if len(unknown) == 1:
                for name in names:
                    size = size - found[name] if name in found else size
                found[unknown[0]] = size
        return found

    def shape(self, sizes: Mapping[str, T], product: Callable[[list[T]], T]) -> tuple[T, T]:
        """The shape of the value; ``product`` multiplies sizes, of none it is 1."""
        rows, cols = (product([sizes[name] for name in names]) for names in self.result)
        return rows, cols


def _comma(shape: Pattern) -> str:
    return ",".join(map(_written, shape))


def _written(size: Size) -> str:
    return (" + " if isinstance(size, Total) else " ").join(size) or "1"


def _shapes(text: str) -> Iterable[Pattern]:
    for shape in text.strip().strip("()").split("),("):
        rows, cols = map(_size, shape.split(","))
        yield Pattern(rows, cols)


def _size(text: str) -> Size:
    if "+" in text:
        return Total(text.split(" + "))
    return tuple(name for name in text.split() if name != "1")
