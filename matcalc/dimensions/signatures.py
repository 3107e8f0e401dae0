"""The shapes of function calls and block matrices.

A function of the table is known by its signature alone: sizes that bear the same name are equal,
and those that the call gives are what it says.  Apart from the table there are only the constants
that are made of sizes (eye, ones, ...) and abstract functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from matcalc.algebra.interpret import apply_function
from matcalc.algebra.ir import make_symbol
from matcalc.dimensions.conflicts import Conform, Part, Value
from matcalc.dimensions.guesses import union
from matcalc.dimensions.names import Identifier, size_arguments, size_of
from matcalc.dimensions.sizes import ONE_SIZE, Reason
from matcalc.language.sizes import ONE, SCALAR
from matcalc.language.tree import Block, Call
from matcalc.tables.functions import Function, meant
from matcalc.tables.signatures import Pattern, Size, Total

_Bound = dict[str, tuple[int, Part | None]]  # a size name -> the size, and the argument that has it


def shape_sized(conform: Conform, node: Call) -> Value:
    """eye, ones, zeros and commutation."""
    sizes = [conform.sizes.rigid(size_of(arg)) for arg in size_arguments(node)]
    if node.function == "eye":
        return Value(sizes[0], sizes[0])
    if node.function in ("ones", "zeros"):
        return Value(sizes[0], sizes[1] if len(sizes) > 1 else ONE_SIZE)
    whole = conform.sizes.product(sizes, Reason(node, 0))
    return Value(whole, whole)  # commutation


def shape_abstract(
    conform: Conform, node: Call, arg: Value | None, entry: Identifier
) -> Value | None:
    """f(x), or its Jacobian Df(x), of a declared function f: R^n -> R^p."""
    assert entry.shape is not None
    p, n = (conform.sizes.rigid(dim) for dim in entry.shape)
    if arg is not None:
        conform.same("argument", node, (node.args[0], arg), (node, Value(n, ONE_SIZE)))
    return Value(p, n if node.function != entry.name else ONE_SIZE)


def shape_function(
    conform: Conform, node: Call, args: Sequence[Value | None], scalars: int
) -> Value | None:
    """A function of the table; ``scalars`` are the names that are scalars by guess."""
    row = meant(node.function, args[0].rank if args[0] is not None else 0)
    result = row.shapes.result
    given = map(size_of, size_arguments(node))
    bound: _Bound = {
        size: (conform.sizes.rigid(dim), None) for size, dim in zip(row.sizes, given, strict=True)
    }
    why, conforms = 0, True
    parts = list(zip(node.args, args, row.shapes.parameters))
    parts.sort(key=lambda part: part[2].is_compound)  # what determines sizes, before what has them
    for arg, value, pattern in parts:
        if value is None:
            conforms = False
            continue
        why |= value.why
        conforms &= _fit(conform, node, (arg, value), pattern, bound)
        # a function of a whole vector is not meant for a scalar that is one by guess only
        whole = pattern.rows != pattern.cols and (not pattern.cols or not result.rank)
        if whole and value.scalar and value.why & scalars:
            soft = bool(result.rank) or not _is_identity(row)
            conform.conflict("guess", node, arg, node, value.why, soft=soft)
    if not result.rank:
        return Value(ONE_SIZE, ONE_SIZE)
    if not conforms and not row.sizes:
        return None
    rows, cols = (_compound(conform, node, names, bound, why) for names in result)
    constant = all(value is not None and value.constant for value in args[: row.arity])
    return Value(rows, cols, why, constant)


@cache
def _is_identity(row: Function) -> bool:
    """Is a number the value of the function at that number, as a sum or a mean is?"""
    x = make_symbol("x", SCALAR)
    return apply_function(row, [x] * row.arity, [ONE] * len(row.sizes)) is x


def _fit(conform: Conform, node: Call, part: Part, pattern: Pattern, bound: _Bound) -> bool:
    """Unify an argument with its part of the signature."""
    tree, value = part
    for names, size in zip(pattern, (value.rows, value.cols), strict=True):
        other, owner = ONE_SIZE, None
        if len(names) == 1:
            other, owner = bound.setdefault(names[0], (size, part))
        elif names:
            other = _compound(conform, node, names, bound, 0)
        place, beside = owner or (part if not names else (node, None))
        why = value.why | (beside.why if beside is not None else 0)
        if not conform.unite("argument", node, place, tree, (other, size), why):
            return False
    return True


def _compound(conform: Conform, node: Call, names: Size, bound: _Bound, why: int) -> int:
    """A product or a sum of sizes of a signature; what no argument has had yet is a new one."""
    for name in names:
        if name not in bound:
            bound[name] = (conform.sizes.new(), None)
    combined = conform.sizes.total if isinstance(names, Total) else conform.sizes.product
    return combined([bound[name][0] for name in names], Reason(node, why))


def shape_block(conform: Conform, node: Block, values: Sequence[Value]) -> Value | None:
    """Blocks beside each other have equal heights, blocks above each other equal widths."""
    parts = zip(node.children, values, strict=True)
    rows = [[next(parts) for _ in row] for row in node.rows]
    why = union(value.why for value in values)

    def equal(left: Part, right: Part, sizes: tuple[int, int]) -> bool:
        because = left[1].why | right[1].why
        return conform.unite("block", node, left[0], right[0], sizes, because)

    conforms = True
    for first, *others in rows:
        for part in others:
            conforms &= equal(first, part, (first[1].rows, part[1].rows))
    reason = Reason(node, why)
    if all(len(row) == len(rows[0]) for row in rows):
        for row in rows[1:]:
            for upper, part in zip(rows[0], row, strict=True):
                conforms &= equal(upper, part, (upper[1].cols, part[1].cols))
    widths = [conform.sizes.total([v.cols for _, v in row], reason) for row in rows]
    if conforms:
        for row, width in zip(rows[1:], widths[1:], strict=True):
            conforms &= equal(rows[0][0], row[0], (widths[0], width))
    height = conform.sizes.total([row[0][1].rows for row in rows], reason)
    return Value(height, widths[0], why) if conforms else None
