"""The adjoint: <G, L(dX)> = <L*(G), dX>, the cyclic property of the trace in one pass.

A scalar differential is a linear function of dX, given as a DAG.  One sweep from the root down to
dX carries the cotangent of each node and adds up what reaches the same node, so its cost follows
the size of the DAG, not the number of its paths.  What arrives at dX is the gradient: df = <G,
dX> = tr(G' dX).
"""

from __future__ import annotations

from collections.abc import Iterator

from matcalc.algebra import normal
from matcalc.algebra.interpret import row_formula
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, dependents, postorder
from matcalc.errors import MatcalcError, assert_never
from matcalc.tables.functions import FUNCTIONS


def gradient(df: Node, dX: Symbol) -> Node:
    """G, of the shape of dX, with df = tr(G' dX); ``df`` is scalar and linear in dX."""
    assert df.shape.is_scalar
    inside = dependents(df, dX)
    if df not in inside:
        return normal.zero(dX.shape)
    cotangents: dict[Node, list[Node]] = {df: [normal.ONE]}
    for node in reversed([n for n in postorder(df) if n in inside]):
        G = normal.add(*cotangents.pop(node))
        if node is dX:
            return G
        for child, contribution in _pull(node, G, inside):
            cotangents.setdefault(child, []).append(contribution)
    raise AssertionError("the perturbation was not reached")


def _pull(node: Node, G: Node, inside: set[Node]) -> list[tuple[Node, Node]]:
    """The cotangents that a node with cotangent G gives to its arguments."""
    match node:
        case Sum():
            return [(t, normal.scale(c, G)) for t, c in node.terms if t in inside]
        case Product():
            return [_pull_factor(node, G, inside)]
        case Apply(head="block"):
            return [pair for pair in _pull_blocks(node, G) if pair[0] in inside]
        case Apply():
            return [_pull_argument(node, G, inside)]
        case Number() | Symbol():
            raise AssertionError(f"{type(node).__name__} does not depend on anything")
        case _:
            assert_never(node)


def _pull_factor(node: Product, G: Node, inside: set[Node]) -> tuple[Node, Node]:
    powers = node.scalars + node.chain
    (i,) = (i for i, (b, _) in enumerate(powers) if b in inside)
    base, e = powers[i]
    assert e is normal.ONE, "a differential is linear"
    coefficient = normal.number(node.coefficient)
    scalars = [normal.power(b, k) for j, (b, k) in enumerate(node.scalars) if j != i]
    chain = [normal.power(b, k) for b, k in node.chain]
    if i < len(node.scalars):
        if node.shape.is_scalar:
            return base, normal.mul(coefficient, *scalars, G)
        if not chain:
            chain = [normal.identity(node.shape.rows)]
        inner = normal.trace(normal.mul(normal.transpose(G), *chain))
        return base, normal.mul(coefficient, *scalars, inner)
    j = i - len(node.scalars)
    left = [normal.transpose(f) for f in reversed(chain[:j])]
    right = [normal.transpose(f) for f in reversed(chain[j + 1 :])]
    return base, normal.mul(coefficient, *scalars, *left, G, *right)


def _pull_blocks(node: Apply, G: Node) -> Iterator[tuple[Node, Node]]:
    """Each block has the cotangent that stands where it does."""
    rows = normal.block_rows(node)
    parts = normal.parts_down(G, [row[0].shape.rows for row in rows])
    for row, part in zip(rows, parts, strict=True):
        across = normal.parts_across(part, [block.shape.cols for block in row])
        yield from zip(row, across, strict=True)


def _pull_argument(node: Apply, G: Node, inside: set[Node]) -> tuple[Node, Node]:
    ((i, arg),) = ((i, a) for i, a in enumerate(node.args) if a in inside)
    if node.head == "transpose":
        return arg, normal.transpose(G)
    if node.head == "hadamard":
        return arg, normal.hadamard(G, *(a for a in node.args if a is not arg))
    row = FUNCTIONS.get(node.head)
    if row is None or not row.is_linear_in(i):
        raise MatcalcError("unsupported", f"the differential of {node.head} cannot be read off")
    return arg, row_formula(row, row.adjoint[i], node.args, node.shape, G=G)
