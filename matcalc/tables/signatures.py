"""Signatures: the shapes of the arguments and of the value of a function, in names of sizes.

``(m,n),(p,q) -> (m p,n q)`` says that of matrices m x n and p x q the value is m p x n q.  Sizes
that bear the same name are equal, side by side they are multiplied, and "1" is 1.  A signature is
read once for each row of the function table; whoever needs shapes asks this object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

Size = tuple[str, ...]  # the names whose product it is; () is 1
T = TypeVar("T")


class Pattern(NamedTuple):
    """A shape in names of sizes."""

    rows: Size
    cols: Size

    @property
    def rank(self) -> int:
        """0 for a scalar, 1 for a column or a row, 2 for a matrix."""
        return bool(self.rows) + bool(self.cols)

    @property
    def has_products(self) -> bool:
        return max(map(len, self)) > 1

    def __str__(self) -> str:
        return " x ".join(" ".join(size) or "1" for size in self)


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
    def written(self) -> str:
        """The shapes of the parameters as they are written: ``(m,n),(p,q)``."""
        return ",".join(f"({_comma(shape)})" for shape in self.parameters)

    def sizes(self, shapes: Iterable[Iterable[T]]) -> dict[str, T]:
        """The sizes that have a name of their own, from the shapes of arguments, and of a value."""
        found: dict[str, T] = {}
        for pattern, shape in zip((*self.parameters, self.result), shapes):
            for names, size in zip(pattern, shape):
                if len(names) == 1:
                    found.setdefault(names[0], size)
        return found

    def shape(self, sizes: Mapping[str, T], product: Callable[[list[T]], T]) -> tuple[T, T]:
        """The shape of the value; ``product`` multiplies sizes, of none it is 1."""
        rows, cols = (product([sizes[name] for name in names]) for names in self.result)
        return rows, cols


def _comma(shape: Pattern) -> str:
    return ",".join(" ".join(size) or "1" for size in shape)


def _shapes(text: str) -> Iterable[Pattern]:
    for shape in text.strip().strip("()").split("),("):
        rows, cols = (
            tuple(name for name in size.split() if name != "1") for size in shape.split(",")
        )
        yield Pattern(rows, cols)
