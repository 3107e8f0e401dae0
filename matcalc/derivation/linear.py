"""Making an expression linear, one function after the other: N(u + du) becomes N(u) + dN.

The differentials are those of ``calculus.differential``; the words that go with a step are made
from the function's row, d tanh(u) = (1 - tanh(u)^2) du with u = W x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from matcalc.algebra import normal
from matcalc.algebra.interpret import apply_function, formula
from matcalc.algebra.ir import (
    Apply,
    Node,
    Number,
    Product,
    Sum,
    Symbol,
    fold,
    make_symbol,
    postorder,
)
from matcalc.algebra.rewrite import rebuild, substitute
from matcalc.answer import Words
from matcalc.calculus.adjoint import gradient
from matcalc.calculus.differential import differential, is_multilinear
from matcalc.derivation.steps import replaced, times, traced
from matcalc.derivation.writing import Writing
from matcalc.errors import assert_never
from matcalc.language.sizes import SCALAR, Dim, Shape
from matcalc.language.tree import Call, Name, Tree
from matcalc.present.patterns import norm_argument
from matcalc.present.presenter import Presenter
from matcalc.present.style import Style
from matcalc.tables.functions import FUNCTIONS, Function


def curved_nodes(F: Node, d: dict[Node, Node]) -> list[Node]:
    """The nodes that are not linear in what depends on X.

    The deepest first; the square inside a norm belongs to the norm.
    """
    nodes = [node for node in postorder(F) if node in d]
    hidden: dict[Node, bool] = {}
    for node in reversed(nodes):  # parents first
        for child in node.children:
            square = _norm_of(node) is not None and norm_argument(child) is not None
            linear = is_multilinear(node) or normal.is_block(node)
            within = linear and hidden.get(node, False)
            hidden[child] = hidden.get(child, True) and (square or within)
    return [node for node in nodes if _is_curved(node, d) and not hidden.get(node)]


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
        case Apply():
            if normal.is_block(node):
                return False
            return not is_multilinear(node) or sum(arg in d for arg in node.args) > 1
        case Number() | Symbol() | Sum():
            return False
        case _:
            assert_never(node)


def rule(node: Node) -> str:
    """The law that makes a node linear."""
    if isinstance(node, Product):
        powers = node.scalars + node.chain
        if any(not b.shape.is_scalar and (normal.integer(e) or 1) < 0 for b, e in powers):
            return "neumann"
        fractional = any(b.shape.is_scalar and (normal.integer(e) or -1) < 0 for b, e in powers)
        return "chain" if fractional else "product"
    return "product" if is_multilinear(node) else "chain"


def _norm_of(node: Node) -> Node | None:
    """v of a node c norm(v)."""
    if isinstance(node, Product) and len(node.scalars) == 1 and not node.chain:
        base, e = node.scalars[0]
        if isinstance(e, Number) and e.value == Fraction(1, 2):
            return norm_argument(base)
    return None


# --- words ----------------------------------------------------------------------------------------


def words(node: Node, d: dict[Node, Node], writing: Writing) -> Words:
    """The formula used, and what its argument stands for."""
    found: Words = ()
    if isinstance(node, Product):
        found = _of_product(node, d, writing)
    elif isinstance(node, Apply) and not is_multilinear(node):
        found = _of_function(node, d, writing)
    return found or (*_d(writing.tree(node)), " = ", writing.tree(d[node]))


def _d(tree: Tree) -> Words:
    """d f(u), d(u' v)."""
    return ("d ", tree) if isinstance(tree, Call) else ("d(", tree, ")")


def _of_product(node: Product, d: dict[Node, Node], writing: Writing) -> Words:
    """Of a norm, and of a power where nothing else moves."""
    inside = _norm_of(node)
    if inside is not None:
        sums, norm = writing.style.sums, FUNCTIONS["norm"]
        if inside not in sums and normal.neg(inside) in sums:
            inside = normal.neg(inside)
        return _differentiated(inside, lambda u: apply_function(norm, (u,)), writing)
    (base, e), *more = [(b, e) for b, e in node.scalars + node.chain if b in d or e in d]
    if more or not isinstance(e, Number) or not (base.shape.is_scalar or e is normal.MINUS_ONE):
        return ()
    return _differentiated(base, lambda u: normal.power(u, e), writing)


def _differentiated(
    arg: Node, f: Callable[[Node], Node], writing: Writing, shape: Shape | None = None
) -> Words:
    """d f(u) as the calculus finds it, in a name for the argument (or, of ``shape``, its entry)."""
    u, du = (make_symbol(name, shape or arg.shape) for name in _names(arg, writing))
    value, present = f(u), Presenter(Style()).present
    change = differential(value, u, du)
    right = present(change)
    if u.shape.is_scalar:
        right = times(present(substitute(change, {du: normal.ONE})), Name(du.name))
    elif value.shape.is_scalar:  # written with du at the end
        G = normal.transpose(gradient(change, du))
        scalar, row = normal.outside(G) if isinstance(G, Product) else (normal.ONE, G)
        inner = times(present(row), Name(du.name))
        right = times(present(scalar), inner if u.shape.is_column else traced(inner))
    return (*_d(present(value)), " = ", right, *_where(arg, writing))


def _names(arg: Node, writing: Writing) -> tuple[str, str]:
    """What an argument and its change are called."""
    name = writing.name(arg)
    return name, writing.dX.name if arg is writing.X else f"d{name}"


def _of_function(node: Apply, d: dict[Node, Node], writing: Writing) -> Words:
    row = FUNCTIONS.get(node.head)
    arg = node.args[0]
    if node.head == "call":
        f, x = node.args
        assert isinstance(f, Symbol)
        return _differentiated(x, lambda u: normal.call(f, u), writing)
    if (row and row.arity > 1) or [part for part in node.args if part in d] != [arg]:
        return ()
    if row is None:  # an element-wise power
        power = _differentiated(arg, lambda u: normal.power(u, node.args[1]), writing, SCALAR)
        return (*power, ", entry by entry")
    if row.is_elementwise:
        words = _of_row(row, times(formula(row.derivative), Name("dx")), arg, {}, writing)
        return words if arg.shape.is_scalar else (*words, ", entry by entry")
    sizes = row.shapes.sizes((arg.shape, node.shape))
    return _of_row(row, formula(row.differential), arg, sizes, writing)


def _of_row(
    row: Function, change: Tree, arg: Node, sizes: Mapping[str, Dim], writing: Writing
) -> Words:
    """d f(x) = change, in a name for the argument instead of the row's parameter."""
    (x,) = row.parameters
    names: dict[str, Tree] = dict(zip((x, f"d{x}"), map(Name, _names(arg, writing))))
    for size in sizes.keys() - names.keys():
        names[size] = writing.presenter.trees.dim(sizes[size])
    left, right = (replaced(side, names, {}) for side in (formula(row.call), change))
    return (*_d(left), " = ", right, *_where(arg, writing))


def _where(arg: Node, writing: Writing) -> Words:
    if isinstance(arg, Symbol):
        return ()
    return (" with ", Name(writing.name(arg)), " = ", writing.tree(arg))
