"""Constructors found by the name of a head, and what rooms further up hand in.

The normal form is one recursion: a product may be, by a law of the table, an element-wise product,
and that is a product again where a factor is a scalar.  Here a constructor is found by its head,
and a law is asked for, by rooms that know neither the constructor nor how laws are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Generic, ParamSpec, TypeVar, cast

from matcalc.algebra.ir import Apply, Node, is_head, make_apply
from matcalc.language.sizes import Dim, Shape
from matcalc.tables.functions import FUNCTIONS, Function

P = ParamSpec("P")
R = TypeVar("R")
Builder = Callable[[str, Sequence[Node], Shape], Node]

_builders: dict[str, Builder] = {}


def builds(*heads: str) -> Callable[[Builder], Builder]:
    """The decorated constructor makes the applications of these heads, or kinds of functions."""

    def hand_in(builder: Builder) -> Builder:
        _builders.update(dict.fromkeys(heads, builder))
        return builder

    return hand_in


def constructor(head: str) -> Callable[[Callable[P, Node]], Callable[P, Node]]:
    """The decorated function makes the applications of this head, from the arguments alone."""

    def hand_in(function: Callable[P, Node]) -> Callable[P, Node]:
        _builders[head] = lambda head, args, shape: cast("Callable[..., Node]", function)(*args)
        return function

    return hand_in


def apply(head: str, args: Sequence[Node], shape: Shape) -> Node:
    """Any head by its name: what rebuilds a node from new arguments."""
    row = FUNCTIONS.get(head)
    builder = _builders.get(head) or (row and _builders[row.kind])
    return builder(head, args, shape) if builder else make_apply(head, tuple(args), shape)


class Later(Generic[P, R]):
    """A function called here and handed in, as a decorator, by the room that has it."""

    def __call__(self, *args: P.args, **names: P.kwargs) -> R:
        return self._function(*args, **names)

    def is_(self, function: Callable[P, R]) -> Callable[P, R]:
        self._function = function
        return function


#: a chain that is 1 x 1, in normal form
scalar_chain: Later[[Sequence[tuple[Node, Node]]], Node] = Later()
#: what two neighbours in a chain merge into by a law of the table, or None
pair_by_law: Later[[Node, Node], Node | None] = Later()
#: what a power of an application is by a law, or None
power_by_law: Later[[Node, Node], Node | None] = Later()
#: what a head applied to arguments, a value of this shape, is by a law, or None
call_by_law: Later[[str, Sequence[Node], Shape], Node | None] = Later()
#: what a function of a product comes apart into by a law, or None
apart_by_law: Later[[str, Sequence[Node], Shape], Node | None] = Later()
#: terms of a linear combination of which those that are made of blocks alike are one; () if none is
blocks_added: Later[[Sequence[tuple[Node, Fraction]]], Sequence[tuple[Node, Fraction]]] = Later()
#: the product of two matrices that are made of blocks which conform, or None
blocks_multiplied: Later[[Node, Node], Node | None] = Later()
#: a formula in these names and sizes
read_formula: Later[[str, Mapping[str, Node], Mapping[str, Dim]], Node] = Later()
#: a formula of a row of the function table, for these arguments and the shape of the value
row_formula: Later[[Function, str, Sequence[Node], Shape], Node] = Later()


# --- the functions that powers are made of --------------------------------------------------------


def exp(u: Node) -> Node:
    """e to the power of every entry."""
    return apply("exp", (u,), u.shape)


def log(u: Node) -> Node:
    """The natural logarithm of every entry."""
    return apply("log", (u,), u.shape)


def absolute(u: Node) -> Node:
    """The absolute value of every entry."""
    return apply("abs", (u,), u.shape)


# --- applications of a head, taken apart ----------------------------------------------------------


def _argument_of(head: str) -> Callable[[Node], Node | None]:
    """What finds the argument where a node is this head, applied."""
    return lambda node: node.args[0] if is_head(node, head) else None


exponent_of = _argument_of("exp")
argument_of_log = _argument_of("log")
argument_of_abs = _argument_of("abs")
vector_of_diag = _argument_of("diag")
inside_trace = _argument_of("tr")
inside_det = _argument_of("det")


# --- what the table says of an application --------------------------------------------------------


def row_of(node: Node) -> Function | None:
    """The row of the function that a node is a value of."""
    return FUNCTIONS.get(node.head) if isinstance(node, Apply) else None


def is_elementwise(node: Node) -> bool:
    """An element-wise function of the table, applied."""
    row = row_of(node)
    return row is not None and row.is_elementwise


def is_linear(node: Node) -> bool:
    """A function of the table that is linear in each of its arguments, applied."""
    row = row_of(node)
    return row is not None and row.is_linear


def is_entrywise(node: Node) -> bool:
    """An element-wise product, power or function."""
    return is_elementwise(node) or (isinstance(node, Apply) and node.head in ("hadamard", "epow"))
