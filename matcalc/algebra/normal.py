"""The normal form: one door to the constructors of nodes.

Everything that builds an IR node goes through here; what comes out is in normal form, so that
expressions that differ by the always-valid laws (like terms, cancelling inverses, (A B)' = B' A',
a scalar is its own transpose, ...) are the same node.  The laws are declared, with their names, in
``tables.laws``; the constructors make them true of every node, because a law that identity depends
on cannot be left to a rewriting pass.  Most of them they read from the table, through
``algebra.always``; of those that are the very form of nodes each row names the constructor, and the
tests hold one against the other.

Products are never distributed over sums: completing squares then needs nothing, and factoring
rebuilds what a person would write.  Cost: every constructor is linear in its arguments, none
recurses into the depth of an expression.

The rooms, from the ground up: ``sums``; ``products`` with their ``scalar_factors`` and ``powers``,
which are one recursion; ``entries``, ``applications``, ``diagonals``, ``blocks``, ``traces``,
``inner_products``.  Where a room needs one above it, it asks ``builders``.
"""

from __future__ import annotations

from matcalc.algebra.applications import call, commutation, dimension, jacobian, kron
from matcalc.algebra.blocks import block, groupings, parts_across, parts_down
from matcalc.algebra.builders import (
    absolute,
    apply,
    argument_of_abs,
    argument_of_log,
    exp,
    exponent_of,
    inside_det,
    inside_trace,
    is_elementwise,
    is_linear,
    log,
    row_of,
    vector_of_diag,
)
from matcalc.algebra.diagonals import diag, diagonal, vec
from matcalc.algebra.entries import elementwise, epow, hadamard
from matcalc.algebra.ir import is_head
from matcalc.algebra.products import (
    mul,
    ones_matrix,
    power,
    size,
    stacked,
    transpose,
    transposed_chain,
)
from matcalc.algebra.properties import positive
from matcalc.algebra.scalar_factors import Factors, is_nonnegative
from matcalc.algebra.sums import (
    HALF,
    MINUS_ONE,
    ONE,
    PI,
    TWO,
    ZERO,
    Chain,
    add,
    block_rows,
    constant_entry,
    entry_powers,
    identity,
    integer,
    is_block,
    is_identity,
    is_integer,
    is_ones,
    is_ones_matrix,
    is_zero,
    linear,
    neg,
    number,
    ones,
    outside,
    product,
    scale,
    split,
    sub,
    zero,
)
from matcalc.algebra.traces import det, logdet, trace

__all__ = [
    "HALF",
    "MINUS_ONE",
    "ONE",
    "PI",
    "TWO",
    "ZERO",
    "Chain",
    "Factors",
    "absolute",
    "add",
    "apply",
    "argument_of_abs",
    "argument_of_log",
    "block",
    "block_rows",
    "call",
    "commutation",
    "constant_entry",
    "det",
    "diag",
    "diagonal",
    "dimension",
    "elementwise",
    "entry_powers",
    "epow",
    "exp",
    "exponent_of",
    "groupings",
    "hadamard",
    "identity",
    "inside_det",
    "inside_trace",
    "integer",
    "is_block",
    "is_elementwise",
    "is_head",
    "is_identity",
    "is_integer",
    "is_linear",
    "is_nonnegative",
    "is_ones",
    "is_ones_matrix",
    "is_zero",
    "jacobian",
    "kron",
    "linear",
    "log",
    "logdet",
    "mul",
    "neg",
    "number",
    "ones",
    "ones_matrix",
    "outside",
    "parts_across",
    "parts_down",
    "positive",
    "power",
    "product",
    "row_of",
    "scale",
    "size",
    "split",
    "stacked",
    "sub",
    "trace",
    "transpose",
    "transposed_chain",
    "vec",
    "vector_of_diag",
    "zero",
]
