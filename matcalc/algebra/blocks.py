"""Block matrices: [A, B; C, D] as one node whose arguments are the blocks, row by row.

The head is linear in all of its blocks together.  How many there are in a row follows from the
shapes, so that a node is its blocks and its shape.  What conforms block by block is done so: blocks
that are made of blocks join, sums and products of matrices that are partitioned alike are formed of
the blocks, and so are transposes and traces.  A row of blocks is the transpose of a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations, pairwise

from matcalc.algebra.builders import blocks_added, blocks_multiplied, builds, read_formula
from matcalc.algebra.ir import Apply, Node, Product, is_head, make_apply
from matcalc.algebra.products import mul, power, stacked, transpose
from matcalc.algebra.sums import (
    ONE,
    Chain,
    add,
    block_rows,
    identity,
    is_block,
    is_identity,
    is_ones,
    is_partitioned,
    is_zero,
    number,
    ones,
    outside,
    product,
    rows_of,
    scale,
    split,
    zero,
)
from matcalc.language.sizes import Dim, Shape

Rows = Sequence[Sequence[Node]]


@builds("block")
def _of_arguments(head: str, args: Sequence[Node], shape: Shape) -> Node:
    return block(rows_of(args, shape.cols))


def block(rows: Rows) -> Node:
    """The matrix with these rows of blocks."""
    rows = _regular([joined for row in rows for joined in _joined(row)])
    blocks = [each for row in rows for each in row]
    if len(blocks) == 1:
        return blocks[0]
    shape = Shape(_total(row[0].shape.rows for row in rows), _total(b.shape.cols for b in rows[0]))
    if all(map(is_zero, blocks)):
        return zero(shape)
    if shape.is_row:
        return transpose(stacked([transpose(each) for each in blocks]))
    if shape.is_column and all(each is ONE or is_ones(each) for each in blocks):
        return ones(shape.rows)
    if _is_identity(rows):
        return identity(shape.rows)
    numbers = {split(each)[0] for each in blocks if not is_zero(each)}
    if len(numbers) == 1 and (c := numbers.pop()) != 1:  # 2 I and 2 ones are no blocks either
        unit = block([[scale(1 / c, each) for each in row] for row in rows])
        if not is_partitioned(unit):
            return scale(c, unit)
    scalars = {_scalars(each) for each in blocks if not is_zero(each)}
    if len(scalars) == 1 and (common := scalars.pop()):
        inner = [each if is_zero(each) else _without_scalars(each) for each in blocks]
        return mul(*(power(base, e) for base, e in common), block(rows_of(inner, shape.cols)))
    return make_apply("block", tuple(blocks), shape)


def _joined(row: Sequence[Node]) -> Rows:
    """Blocks side by side: those that are made of blocks join where their rows agree."""
    grids = [grid(each) for each in row]
    heights = {_heights(rows) for rows, each in zip(grids, row, strict=True) if not is_zero(each)}
    if len(heights) == 1 and len(sizes := heights.pop()) > 1:
        grids = [_zeros(sizes, each) if is_zero(each) else rows for rows, each in zip(grids, row)]
    if len({_heights(rows) for rows in grids}) == 1:
        return [[each for part in parts for each in part] for parts in zip(*grids, strict=True)]
    single = (rows[0] if len(rows) == 1 else [each] for rows, each in zip(grids, row, strict=True))
    return [[each for part in single for each in part]]


def _zeros(heights: Sequence[Dim], node: Node) -> Rows:
    """A zero matrix as zeros above each other."""
    return [[zero(Shape(height, node.shape.cols))] for height in heights]


def _regular(rows: Rows) -> Rows:
    """Rows of blocks, where a zero as wide as the whole is cut as the other rows are."""
    widths = _widths([row for row in rows if len(row) > 1 or not is_zero(row[0])])
    if widths is None or len(widths) == 1:
        return rows
    heights = _heights(rows)
    return [
        row if len(row) > 1 else [zero(Shape(height, width)) for width in widths]
        for row, height in zip(rows, heights, strict=True)
    ]


def grid(node: Node) -> Rows:
    """The blocks of a matrix, row by row; it is the only one where it is not made of blocks."""
    if is_block(node):
        return block_rows(node)
    if is_head(node, "transpose") and is_block(node.args[0]):
        return [[transpose(each) for each in node.args[0].args]]
    return [[node]]


def _total(sizes: Iterable[Dim]) -> Dim:
    return reduce(Dim.__add__, sizes)


def _heights(rows: Rows) -> tuple[Dim, ...]:
    return tuple(row[0].shape.rows for row in rows)


def _widths(rows: Rows) -> tuple[Dim, ...] | None:
    """The widths of the columns of blocks; None where they differ from row to row."""
    found = {tuple(each.shape.cols for each in row) for row in rows}
    return found.pop() if len(found) == 1 else None


def _turned(rows: Rows) -> Rows:
    """The blocks of the transpose."""
    return [[transpose(each) for each in column] for column in zip(*rows, strict=True)]


def _is_unit(node: Node) -> bool:
    return node is ONE or is_identity(node)


def _is_identity(rows: Rows) -> bool:
    if _widths(rows) != _heights(rows):
        return False
    return all(
        _is_unit(each) if i == j else is_zero(each)
        for i, row in enumerate(rows)
        for j, each in enumerate(row)
    )


def _scalars(node: Node) -> Chain:
    """The scalar factors of a block, but for a number."""
    return node.scalars if isinstance(node, Product) and not node.shape.is_scalar else ()


def _without_scalars(node: Node) -> Node:
    assert isinstance(node, Product)
    return product(node.coefficient, (), node.chain, node.shape)


def diagonal_blocks(M: Apply) -> Sequence[Node] | None:
    """The blocks on the diagonal, where they are square."""
    rows = block_rows(M)
    if _widths(rows) != _heights(rows):
        return None
    return [row[i] for i, row in enumerate(rows)]


def groupings(node: Apply, height: int, width: int) -> Iterator[Sequence[Node]]:
    """The blocks in every way as ``height`` rows of ``width`` larger ones."""
    rows = block_rows(node)
    if _widths(rows) is None:
        return
    for down in _cuts(len(rows), height):
        for across in _cuts(len(rows[0]), width):
            yield [
                block([row[slice(*right)] for row in rows[slice(*below)]])
                for below in pairwise(down)
                for right in pairwise(across)
            ]


def _cuts(count: int, parts: int) -> Iterator[Sequence[int]]:
    for inner in combinations(range(1, count), parts - 1):
        yield (0, *inner, count)


# --- sums and products of matrices that are partitioned alike -------------------------------------


@blocks_added.is_
def _added(terms: Sequence[tuple[Node, Fraction]]) -> Sequence[tuple[Node, Fraction]]:
    alike: dict[object, list[tuple[Node, Fraction]]] = {}
    for term, c in terms:
        rows = grid(_inside(term))
        partition = _heights(rows), tuple(tuple(b.shape.cols for b in row) for row in rows)
        alike.setdefault(partition if len(rows) * len(rows[0]) > 1 else term, []).append((term, c))
    if all(len(group) == 1 for group in alike.values()):
        return ()
    return [group[0] if len(group) == 1 else (_sum(group), Fraction(1)) for group in alike.values()]


def _inside(term: Node) -> Node:
    """A term without its scalar factors."""
    return outside(term)[1] if isinstance(term, Product) else term


def _sum(terms: Sequence[tuple[Node, Fraction]]) -> Node:
    """The sum of matrices that are partitioned alike."""
    grids = []
    for term, c in terms:
        scalar = outside(term)[0] if isinstance(term, Product) else ONE
        rows = grid(_inside(term))
        grids.append([[mul(number(c), scalar, each) for each in row] for row in rows])
    total = zip(*grids, strict=True)
    return block([[add(*blocks) for blocks in zip(*rows, strict=True)] for rows in total])


@blocks_multiplied.is_
def _multiplied(left: Node, right: Node) -> Node | None:
    """[A, B] [C; D] is A C + B D; there have to be two blocks or more to add, or all but one zero.

    Ones are partitioned as the other factor is; [A, 0] B is A times part of B, [I; 0] B is [B; 0].
    """
    L, R = grid(left), grid(right)
    widths, inner = _widths(L), _heights(R)
    if len(inner) == 1 and widths is not None and is_ones(right):
        inner, R = widths, [[ones(size)] for size in widths]
    if len(L[0]) == 1 and is_ones(transpose(left)):
        widths, L = inner, [[transpose(ones(size)) for size in inner]]
    if widths == inner and len(inner) > 1 and _widths(R) is not None:
        columns = list(zip(*R, strict=True))
        return block([[add(*map(mul, row, column)) for column in columns] for row in L])
    if len(inner) == 1 and widths is not None and (made := _selected(L, widths, right)):
        return made
    if len(L[0]) == 1 and _widths(R) is not None:
        made = _selected(_turned(R), inner, transpose(left))
        return made and transpose(made)
    return None


def _selected(L: Rows, widths: Sequence[Dim], right: Node) -> Node | None:
    """[0, A, 0] B with the part of B that A meets; [0; I; 0] B as [0; B; 0]."""
    found = [k for k in range(len(widths)) if not all(is_zero(row[k]) for row in L)]
    if len(found) != 1:
        return None
    (k,) = found
    places = [i for i, row in enumerate(L) if not is_zero(row[k])]
    selects = len(places) == 1 and _is_unit(L[places[0]][k])
    if len(widths) == 1 and not (selects and len(L) > 1):
        return None
    part = list(parts_down(right, widths))[k]
    if selects:
        return block(
            [[part if i in places else zero(_beside(row[k], part))] for i, row in enumerate(L)]
        )
    return mul(block([[row[k]] for row in L]), part)


def _beside(left: Node, right: Node) -> Shape:
    """The shape of a product."""
    return Shape(left.shape.rows, right.shape.cols)


# --- the parts of a matrix ------------------------------------------------------------------------


def parts_down(G: Node, sizes: Sequence[Dim]) -> Iterator[Node]:
    """G cut into parts of these heights, from the top."""
    return _parts(G, sizes, "top(G, m, n)", "bottom(G, m, n)")


def parts_across(G: Node, sizes: Sequence[Dim]) -> Iterator[Node]:
    """G cut into parts of these widths, from the left."""
    return _parts(G, sizes, "left(G, m, n)", "right(G, m, n)")


def _parts(G: Node, sizes: Sequence[Dim], first: str, rest: str) -> Iterator[Node]:
    for i, size in enumerate(sizes[:-1], start=1):
        bound = {"m": size, "n": _total(sizes[i:])}
        yield read_formula(first, {"G": G}, bound)
        G = read_formula(rest, {"G": G}, bound)
    yield G
