"""Making an expression linear, one function after the other: N(u + du) becomes N(u) + dN.

The differentials are those of ``calculus.differential``; the words that go with a step are made
from the function's row, d tanh(u) = (1 - tanh(u)^2) du with u = W x.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from matcalc.algebra import normal
from matcalc.algebra.interpret import formula
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold, postorder
from matcalc.algebra.rewrite import rebuild
from matcalc.answer import Words
from matcalc.derivation.steps import replaced
from matcalc.derivation.writing import Writing
from matcalc.errors import assert_never
from matcalc.language.sizes import Dim
from matcalc.language.tree import Call, Multiply, Name, Tree
from matcalc.present.patterns import norm_argument
from matcalc.tables.functions import FUNCTIONS


@dataclass(frozen=True)
class Curved:
    """A node that is not linear in what depends on X, and the law that makes it so."""

    node: Node
    rule: str


def curved_nodes(F: Node, d: dict[Node, Node]) -> list[Curved]:
    """The deepest first; the square inside a norm belongs to the norm."""
    nodes = [node for node in postorder(F) if node in d]
    hidden: dict[Node, bool] = {}
    for node in reversed(nodes):  # parents first
        for child in node.children:
            square = _norm_of(node) is not None and norm_argument(child) is not None
            trace = normal.is_head(node, "tr") and hidden.get(node, False)
            hidden[child] = hidden.get(child, True) and (square or trace)
    curved = [node for node in nodes if _is_curved(node, d) and not hidden.get(node)]
    return [Curved(node, _rule(node)) for node in curved]


def moved(F: Node, X: Symbol, dX: Symbol, d: dict[Node, Node], linear: Iterable[Node]) -> Node:
    """F(X + dX) with the nodes in ``linear`` replaced by node + differential."""
    done: dict[Node, Node] = {X: normal.add(X, dX)}
    straight = set(linear)

    def combine(node: Node, new: dict[Node, Node]) -> Node:
        return normal.add(node, d[node]) if node in straight else rebuild(node, new)

    return fold(F, combine, done)


def _is_curved(node: Node, d: dict[Node, Node]) -> bool:
    match node:
        case Product():
            moving = [(b, e) for b, e in node.scalars + node.chain if b in d or e in d]
            return len(moving) > 1 or any(e is not normal.ONE for _, e in moving)
        case Apply(head="hadamard"):
            return sum(arg in d for arg in node.args) > 1
        case Apply():
            if normal.is_linear(node):
                return sum(arg in d for arg in node.args) > 1
            return node.head != "transpose"
        case Number() | Symbol() | Sum():
            return False
        case _:
            assert_never(node)


def _rule(node: Node) -> str:
    if isinstance(node, Product):
        powers = node.scalars + node.chain
        if any(not b.shape.is_scalar and (normal.integer(e) or 1) < 0 for b, e in powers):
            return "neumann"
        fractional = any(b.shape.is_scalar and (normal.integer(e) or -1) < 0 for b, e in powers)
        return "chain" if fractional else "product"
    if isinstance(node, Apply) and (node.head == "hadamard" or normal.is_linear(node)):
        return "product"
    return "chain"


def _norm_of(node: Node) -> Node | None:
    """v of a node c norm(v)."""
    if isinstance(node, Product) and len(node.scalars) == 1 and not node.chain:
        base, e = node.scalars[0]
        if isinstance(e, Number) and e.value == Fraction(1, 2):
            return norm_argument(base)
    return None


# --- words ----------------------------------------------------------------------------------------


def words(curved: Curved, d: dict[Node, Node], writing: Writing) -> Words:
    """The formula used, and what its argument stands for."""
    node = curved.node
    if isinstance(node, Apply) and node.head != "hadamard" and not normal.is_linear(node):
        return _of_function(node, d, writing)
    if isinstance(node, Product):
        inside = _norm_of(node)
        if inside is not None:
            sums = writing.style.sums
            if inside not in sums and normal.neg(inside) in sums:
                inside = normal.neg(inside)
            change = "u' du" if inside.shape.is_column else "tr(u' du)"
            return _formula("norm(u)", f"{change} / norm(u)", inside, writing)
        moving = [(b, e) for b, e in node.scalars + node.chain if b in d or e in d]
        if len(moving) == 1 and moving[0][0] in d and moving[0][1] not in d:
            found = _of_power(*moving[0], writing)
            if found:
                return found
    return (*_d(writing.tree(node)), " = ", writing.tree(d[node]))


def _d(tree: Tree) -> Words:
    """d f(u), d(u' v)."""
    return ("d ", tree) if isinstance(tree, Call) else ("d(", tree, ")")


def _of_power(base: Node, e: Node, writing: Writing) -> Words:
    if not base.shape.is_scalar:
        if e is normal.MINUS_ONE:
            return _formula("inv(u)", "-inv(u) du inv(u)", base, writing)
        return ()
    if not isinstance(e, Number):
        return ()
    if e is normal.MINUS_ONE:
        return _formula("1/u", "-du / u^2", base, writing)
    if e is normal.HALF:
        return _formula("sqrt(u)", "du / (2 sqrt(u))", base, writing)
    p = e.value
    down = p - 1
    power = f"u^({down})" if down < 0 or down.denominator > 1 else f"u^{down}" if down != 1 else "u"
    exponent = f"({p})" if p < 0 or p.denominator > 1 else f"{p}"
    return _formula(f"u^{exponent}", f"{p} {power} du", base, writing)


def _of_function(node: Apply, d: dict[Node, Node], writing: Writing) -> Words:
    row = FUNCTIONS.get(node.head)
    arg = node.args[0]
    if node.head == "call":
        f, x = node.args
        assert isinstance(f, Symbol)
        u = Name(writing.name(x))
        change = Multiply((Call(f"D{f.name}", (u,)), Name(f"d{u.name}")), ("", " "))
        return ("d ", Call(f.name, (u,)), " = ", change, *_where(x, writing))
    if row is None:  # an element-wise product or power
        return _formula("u^p", "p u^(p-1) du", arg, writing) if node.head == "epow" else ()
    if not row.is_elementwise:
        if len(node.args) > 1:
            return (*_d(writing.tree(node)), " = ", writing.tree(d[node]))
        sizes = row.shapes.sizes((arg.shape, node.shape))
        return _formula(row.call, row.differential, arg, writing, row.parameters[0], sizes)
    slope = row.derivative
    if slope.startswith("1/"):
        right = f"dx / {slope[2:]}"
    else:
        right = f"({slope}) dx" if any(op in slope for op in "+-/") else f"{slope} dx"
    words = _formula(f"{row.name}(x)", right, arg, writing, "x")
    return words if arg.shape.is_scalar else (*words, ", entry by entry")


def _formula(
    left: str,
    right: str,
    arg: Node,
    writing: Writing,
    letter: str = "u",
    sizes: Mapping[str, Dim] = MappingProxyType({}),
) -> Words:
    """d left = right, in a name for the argument instead of ``letter``."""
    name = writing.name(arg)
    change = writing.dX.name if arg is writing.X else f"d{name}"
    names: dict[str, Tree] = {letter: Name(name), f"d{letter}": Name(change)}
    names |= {
        size: writing.presenter.trees.dim(dim) for size, dim in sizes.items() if size not in names
    }
    sides = [replaced(formula(side), names, {}) for side in (left, right)]
    return (*_d(sides[0]), " = ", sides[1], *_where(arg, writing))


def _where(arg: Node, writing: Writing) -> Words:
    if isinstance(arg, Symbol):
        return ()
    return (" with ", Name(writing.name(arg)), " = ", writing.tree(arg))
