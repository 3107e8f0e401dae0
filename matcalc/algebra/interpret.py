"""Surface tree -> IR: the meaning of what was typed.

One interpreter serves typed problems and the formulas of the function table.  It needs no types
beside those the nodes carry, except for a bare ``I``, whose size inference found.  Everything a
user can get wrong has been found before; what is left to fail here is the value (1/0, the inverse
of a zero matrix) and what this version does not differentiate.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache, reduce

from matcalc.algebra import builders, normal
from matcalc.algebra.ir import Apply, Node, Product, Sum, Symbol
from matcalc.algebra.ir import Number as Constant
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import ONE, Dim, Shape
from matcalc.language.syntax import parse_expression
from matcalc.language.tree import (
    Add,
    Block,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Power,
    Transpose,
    Tree,
    fold,
)
from matcalc.tables.functions import Function, meant

_LONGEST = 12_000  # binary digits of a coefficient; Python writes at most 4300 decimal ones


class Reader:
    """Evaluates trees to nodes.

    ``names`` maps a name to its node, ``sizes`` a size name to its size, ``identity`` gives the
    size of a bare I.  With ``entrywise`` every operation is that of scalars, lifted to each entry:
    the way the derivatives of element-wise functions are written in the function table.
    """

    def __init__(
        self,
        names: Mapping[str, Node],
        sizes: Mapping[str, Dim],
        identity: Callable[[Tree], Dim] | None = None,
        entrywise: bool = False,
    ) -> None:
        self.names = names
        self.sizes = sizes
        self.identity = identity
        self.entrywise = entrywise
        self.nodes: dict[Tree, Node] = {}

    def read(self, tree: Tree) -> Node:
        """The node of a tree.  Raises MatcalcError (domain, unsupported) with the place.

        ``nodes`` then has the node of every part of the tree.
        """
        return fold(tree, self._combine)

    def _combine(self, tree: Tree, parts: Sequence[Node]) -> Node:
        try:
            node = self.nodes[tree] = self._node(tree, parts)
            if _length(node) > _LONGEST:
                raise _too_long()
        except MatcalcError as error:
            error.span = error.span or tree.span
            raise
        return node

    def _node(self, tree: Tree, parts: Sequence[Node]) -> Node:
        match tree:
            case Number():
                return normal.number(tree.value)
            case Name():
                return self._name(tree)
            case Negative():
                return normal.neg(parts[0])
            case Transpose():
                return normal.transpose(parts[0])
            case Add():
                return self._add(tree, parts)
            case Multiply():
                total = parts[0]
                for op, factor in zip(tree.ops[1:], parts[1:], strict=True):
                    total = self._times(total, op, factor)
                return total
            case Power():
                return self._power(parts[0], parts[1], tree.elementwise or self.entrywise)
            case Call():
                return self._call(tree, parts)
            case Block():
                blocks = iter(parts)
                return normal.block([[next(blocks) for _ in row] for row in tree.rows])
            case _:
                assert_never(tree)

    def _name(self, tree: Name) -> Node:
        found = self.names.get(tree.name)
        if found is not None:
            return found
        if tree.name in self.sizes:
            return normal.size(self.sizes[tree.name])
        if tree.name == "I" and self.identity is not None:
            return normal.identity(self.identity(tree))
        if tree.name == "pi":
            return normal.PI
        raise AssertionError(f"{tree.name} has no meaning here")

    def _add(self, tree: Add, parts: Sequence[Node]) -> Node:
        shape = next((p.shape for p in parts if not p.shape.is_scalar), parts[0].shape)
        terms = [
            (p if p.shape == shape else normal.mul(p, normal.ones_matrix(shape)), Fraction(sign))
            for p, sign in zip(parts, tree.signs, strict=True)
        ]
        return normal.linear(terms, shape)

    def _times(self, left: Node, op: str, right: Node) -> Node:
        scalar = left.shape.is_scalar or right.shape.is_scalar
        if op in ("/", "./"):
            right = normal.epow(right, normal.MINUS_ONE)
        if scalar or not (self.entrywise or op in (".*", "./")):
            return normal.mul(left, right)
        return normal.hadamard(left, right)

    def _power(self, base: Node, exponent: Node, elementwise: bool) -> Node:
        if not exponent.shape.is_scalar:  # entry by entry: b^x = exp(x log b)
            return normal.exp(self._times(exponent, ".*", normal.log(base)))
        if isinstance(exponent, Constant) and _length(base) * abs(exponent.value) > _LONGEST:
            raise _too_long()
        if elementwise:
            return normal.epow(base, exponent)
        return normal.power(base, exponent)

    def _call(self, tree: Call, parts: Sequence[Node]) -> Node:
        name = tree.function
        match name:
            case "eye":
                return normal.identity(self._size(tree.args[0]))
            case "ones" | "zeros":
                dims = [self._size(arg) for arg in tree.args]
                shape = Shape(dims[0], dims[1] if len(dims) > 1 else Dim.of(1))
                return normal.ones_matrix(shape) if name == "ones" else normal.zero(shape)
            case "commutation":
                return normal.commutation(self._size(tree.args[0]), self._size(tree.args[1]))
        function = self.names.get(name)
        if isinstance(function, Symbol) and function.role == "function":
            return normal.call(function, parts[0])
        function = self.names.get(name[1:])
        if name.startswith("D") and isinstance(function, Symbol) and function.role == "function":
            return normal.jacobian(function, parts[0])
        row = meant(name, parts[0].shape.rank)
        return apply_function(row, parts[: row.arity], map(self._size, tree.args[row.arity :]))

    def _size(self, tree: Tree) -> Dim:
        def combine(node: Tree, parts: Sequence[Dim]) -> Dim:
            match node:
                case Number():
                    return Dim.of(int(node.value))
                case Name():
                    return self.sizes.get(node.name) or Dim.named(node.name)
                case Multiply():
                    total = parts[0]
                    for part in parts[1:]:
                        total = total * part
                    return total
                case Add():
                    total = parts[0]
                    for part in parts[1:]:
                        total = total + part
                    return total
                case Call() | Negative() | Power() | Transpose() | Block():
                    raise MatcalcError(
                        "declaration", "not a size", node.span, hint="sizes look like 2 n"
                    )
                case _:
                    assert_never(node)

        return fold(tree, combine)


def _length(node: Node) -> int:
    """Binary digits of the numeric factor of a node, 0 for 1 and -1."""
    match node:
        case Constant():
            number = node.value
        case Product():
            number = node.coefficient
        case Symbol() | Sum() | Apply():
            return 0
        case _:
            assert_never(node)
    return (number.numerator.bit_length() - 1) + (number.denominator.bit_length() - 1)


def _too_long() -> MatcalcError:
    return MatcalcError(
        "limit",
        "a number here has thousands of digits",
        hint="use a smaller exponent, or a name for the number",
    )


@cache
def formula(text: str) -> Tree:
    """A formula of the function table, parsed once."""
    return parse_expression(text)


@builders.read_formula.is_
def read_formula(text: str, names: Mapping[str, Node], sizes: Mapping[str, Dim]) -> Node:
    """A formula in these names and sizes."""
    return Reader(names, sizes).read(formula(text))


def row_formula(
    row: Function, text: str, args: Sequence[Node], value: Shape, **names: Node
) -> Node:
    """A formula of a row in its parameters, its sizes and ``names``, for these arguments.

    Those of element-wise functions are in scalars: they hold for each entry.
    """
    sizes = row.shapes.sizes((*(arg.shape for arg in args), value))
    given = dict(zip(row.parameters, args, strict=True))
    return Reader(given | names, sizes, entrywise=row.is_elementwise).read(formula(text))


builders.row_formula.is_(row_formula)


def apply_function(row: Function, args: Sequence[Node], sizes: Iterable[Dim] = ()) -> Node:
    """A function of the table applied to nodes; a defined one is replaced by what it means."""
    bound = row.shapes.sizes(arg.shape for arg in args) | dict(zip(row.sizes, sizes, strict=True))
    if row.definition:
        return Reader(dict(zip(row.parameters, args)), bound).read(formula(row.definition))
    shape = Shape(*row.shapes.shape(bound, _product))
    return normal.apply(row.name, args, shape)


def _product(dims: Iterable[Dim]) -> Dim:
    return reduce(operator.mul, dims, ONE)
