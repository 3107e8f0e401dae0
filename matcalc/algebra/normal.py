"""The normalising constructors of sums, products, powers and transposes: one door.

Everything that builds an IR node goes through here or through ``algebra.heads``; what comes out
is in normal form, so that expressions that differ by the always-valid laws (like terms,
cancelling inverses, (A B)' = B' A', a scalar is its own transpose, ...) are the same node.  The
laws are declared, with their names, in ``tables.laws``; the constructors make them true of every
node, because a law that identity depends on cannot be left to a rewriting pass.  Those of two
neighbours in a chain they read from the table, through ``algebra.rules``; of the others each row
names the constructor, and the tests hold one against the other.

Products are never distributed over sums: completing squares then needs nothing, and factoring
rebuilds what a person would write.  Cost: every constructor is linear in its arguments, none
recurses into the depth of an expression.

The constructors are one recursion (a scalar inside an element-wise product is a factor outside, the
transpose of a product is a product), so their modules import one another as modules and use nothing
of each other while they are loaded.
"""

from __future__ import annotations

from matcalc.algebra.products import (
    Chain,
    append,
    mul,
    power,
    product,
    push,
    scalar_chain,
    transpose,
    transposed_chain,
)
from matcalc.algebra.scalar_factors import Factors
from matcalc.algebra.sums import (
    HALF,
    MINUS_ONE,
    ONE,
    PI,
    TWO,
    ZERO,
    add,
    identity,
    integer,
    is_identity,
    is_integer,
    is_nonnegative,
    is_ones,
    is_ones_matrix,
    is_zero,
    linear,
    neg,
    number,
    ones,
    ones_matrix,
    primitive,
    scale,
    size,
    split,
    sub,
    zero,
)

__all__ = [
    "HALF",
    "MINUS_ONE",
    "ONE",
    "PI",
    "TWO",
    "ZERO",
    "Chain",
    "Factors",
    "add",
    "append",
    "identity",
    "integer",
    "is_identity",
    "is_integer",
    "is_nonnegative",
    "is_ones",
    "is_ones_matrix",
    "is_zero",
    "linear",
    "mul",
    "neg",
    "number",
    "ones",
    "ones_matrix",
    "power",
    "primitive",
    "product",
    "push",
    "scalar_chain",
    "scale",
    "size",
    "split",
    "sub",
    "transpose",
    "transposed_chain",
    "zero",
]
