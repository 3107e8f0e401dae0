"""The surface tree: what was typed, and what is printed.

Parser, presentation, derivation steps and renderers share this one type.  Unlike the IR it
normalises nothing: ``x'Q x`` and ``(x'Q) x`` are different trees.  A ``Multiply`` (or ``Add``)
that is a factor (or term) of another was, or will be, in parentheses; no other node records
parentheses.  Nodes compare by identity, so that a mapping from nodes to shapes is a plain dict.
All passes over trees go through :func:`fold` or :func:`postorder`, which do not recurse: ten
thousand nested parentheses are ordinary input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from matcalc.errors import Span, assert_never
from matcalc.language.sizes import Dim, Shape

NOWHERE = Span(0, 0)
T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class _Tree:
    """What all nodes have: ``span``, a place in the text it was read from (``NOWHERE`` if made)."""

    span: Span = field(default=NOWHERE, kw_only=True)

    @property
    def children(self) -> tuple[Tree, ...]:
        return ()


@dataclass(frozen=True, eq=False, repr=False)
class Number(_Tree):
    """A non-negative literal, exactly as typed: ``2``, ``0.5``, ``1e-3``."""

    text: str

    @property
    def value(self) -> Fraction:
        return Fraction(self.text)


@dataclass(frozen=True, eq=False, repr=False)
class Name(_Tree):
    """A variable, dimension or constant in its ASCII spelling (``alpha``, ``Sigma``, ``I``)."""

    name: str


@dataclass(frozen=True, eq=False, repr=False)
class Call(_Tree):
    """A function by its canonical name (aliases resolved): ``tr(X)``, ``norm(x)``, ``f(x)``."""

    function: str
    args: tuple[Tree, ...]

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.args


@dataclass(frozen=True, eq=False, repr=False)
class _Unary(_Tree):
    arg: Tree

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.arg,)


class Negative(_Unary):
    """``-A``."""


class Transpose(_Unary):
    """``A'``."""


@dataclass(frozen=True, eq=False, repr=False)
class Add(_Tree):
    """``a - b + c``: two or more terms, each with its sign, +1 or -1 (the first +1 when parsed)."""

    terms: tuple[Tree, ...]
    signs: tuple[int, ...]

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.terms


@dataclass(frozen=True, eq=False, repr=False)
class Multiply(_Tree):
    """A left-associative run of factors; ``ops[i]`` is before ``factors[i]``, ``ops[0]`` is "".

    The operators are ``" "`` (juxtaposition), ``"*"``, ``"/"``, ``".*"`` and ``"./"``.
    """

    factors: tuple[Tree, ...]
    ops: tuple[str, ...]

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.factors


@dataclass(frozen=True, eq=False, repr=False)
class Power(_Tree):
    """``base^exponent``, or ``base .^ exponent`` if elementwise.  ``X^-1`` is a power as well."""

    base: Tree
    exponent: Tree
    elementwise: bool = False

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.base, self.exponent)


@dataclass(frozen=True, eq=False, repr=False)
class Block(_Tree):
    """``[A, B; C, D]``: rows of blocks, at least two blocks in all."""

    rows: tuple[tuple[Tree, ...], ...]

    @property
    def children(self) -> tuple[Tree, ...]:
        return tuple(entry for row in self.rows for entry in row)


Tree = Number | Name | Call | Negative | Add | Multiply | Power | Transpose | Block


@dataclass(frozen=True)
class Declaration:
    """What a ``where`` clause says of one name; parts that were left out are None or empty.

    ``shape``       declared sizes, None if left out (``Q: symmetric``)
    ``kind``        "scalar", "vector", "matrix", "square", "integer" or "" where only a word was
                    given
    ``facts``       property words, canonical ("symmetric", "positive definite", ...)
    ``function``    (p, q) for an abstract function f: R^p -> R^q
    ``definition``  the right-hand side of ``y = H x``
    ``source``      the text that the spans count in
    """

    name: str
    span: Span
    shape: Shape | None = None
    kind: str = ""
    facts: tuple[str, ...] = ()
    function: tuple[Dim, Dim] | None = None
    definition: Tree | None = None
    source: str = ""


def postorder(root: Tree) -> Iterator[Tree]:
    """Every node once, children before parents, left to right, without recursion."""
    seen: set[Tree] = set()
    stack: list[tuple[Tree, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.children))


def fold(root: Tree, combine: Callable[[Tree, Sequence[T]], T]) -> T:
    """``combine(node, results of its children)`` from the leaves up; shared nodes are done once."""
    done: dict[Tree, T] = {}
    for node in postorder(root):
        done[node] = combine(node, [done[child] for child in node.children])
    return done[root]


def rebuilt(node: Tree, parts: Sequence[Tree]) -> Tree:
    """A tree with its children replaced."""
    if all(new is old for new, old in zip(parts, node.children, strict=True)):
        return node
    match node:
        case Call():
            return Call(node.function, tuple(parts))
        case Negative() | Transpose():
            return type(node)(parts[0])
        case Add():
            return Add(tuple(parts), node.signs)
        case Multiply():
            return Multiply(tuple(parts), node.ops)
        case Power():
            return Power(parts[0], parts[1], node.elementwise)
        case Block():
            cells = iter(parts)
            return Block(tuple(tuple(next(cells) for _ in row) for row in node.rows))
        case Number() | Name():
            return node
        case _:
            assert_never(node)
