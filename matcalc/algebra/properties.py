"""What is known of a node: cheap, safe tests."""

from __future__ import annotations

from matcalc.algebra.builders import row_of
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol
from matcalc.algebra.scalar_factors import is_nonnegative
from matcalc.algebra.sums import entry_powers, is_integer
from matcalc.errors import assert_never
from matcalc.tables.facts import WITH_ZEROS


def positive(node: Node) -> bool:
    """Known to be > 0 in every entry (a cheap, safe test)."""
    match node:
        case Number():
            return node.value > 0
        case Symbol():
            return "positive" in node.facts and not node.facts & WITH_ZEROS
        case Sum():
            signs = all(c > 0 and (positive(t) or is_nonnegative(t)) for t, c in node.terms)
            return signs and any(positive(t) for t, _ in node.terms)
        case Product(chain=()) if node.shape.is_scalar:
            return node.coefficient > 0 and all(positive(b) for b, _ in node.scalars)
        case Apply(head="ones"):
            return True
        case Apply(head="transpose"):
            return positive(node.args[0])
        case Apply(head="hadamard" | "epow"):
            return all(positive(b) for b, _ in entry_powers(node))
        case Apply():
            row = row_of(node)
            return row is not None and row.positive
        case Product():
            return False
        case _:
            assert_never(node)


def has(node: Node, fact: str) -> bool:
    """Is a node known to have what may be declared of a matrix?"""
    if isinstance(node, Symbol):
        return fact in node.facts
    if fact == "positive":
        return positive(node)
    return fact == "integer" and is_integer(node)
