"""Array operations: what a NumPy program is made of, before it is text.

An :class:`Op` is one operation on scalars, 1-D and 2-D arrays; rows and columns are both 1-D, so
that transposition of a vector is nothing.  Ops are interned by :class:`Ops`, whose methods bring
each operation into one form (a transpose is pulled outward, ``B' A'`` is ``(A B)'``, multiplying by
ones is summing): what is computed twice, even once transposed, is then the same object and is
computed once.  An Op that nobody uses is never written, so the plan makes alternatives freely and
compares their ``cost``, a count of floating-point operations at representative sizes.

The IR is not used for this because its normal form is about equality, not about arrays: it has no
``solve``, and a row and its transpose are different nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from matcalc.language.sizes import Dim

_LOW = 4  # outer products whose sum is not formed before it is multiplied
TYPICAL_SIZE = 100  # of a dimension that is a name, when costs are compared

Dims = tuple[Dim, ...]


def extent(dim: Dim) -> float:
    """The size of a dimension for comparing costs."""
    return float(dim.value(dict.fromkeys(dim.names, TYPICAL_SIZE)))


def volume(dims: Dims) -> float:
    """The number of entries, for comparing costs."""
    total = 1.0
    for dim in dims:
        total *= extent(dim)
    return total


class Op:
    """One operation.

    ``kind`` is one of

    "number" (data: its value), "name" (of an argument), "function", "jacobian" (of an abstract
    function), "size" (a Dim as a number), "fill" (an array of one scalar), "eye";
    "add" (data: coefficients), "mul" (data: the coefficient, and how many of the factors are above
    the line), "pow", "call" (data: a template with {0} for the first argument), "total"
    (data: axis); "T", "matmul", "outer", "solve", "inverse", "matrix power", "rows" (diag(args[0])
    args[1]), "columns" (args[1] diag(args[0])).
    """

    __slots__ = ("args", "cost", "data", "dims", "index", "kind")

    def __init__(self, kind: str, data: object, args: tuple[Op, ...], dims: Dims) -> None:
        self.kind, self.data, self.args, self.dims = kind, data, args, dims
        self.index = 0
        self.cost = 0.0

    @property
    def rank(self) -> int:
        return len(self.dims)


def _own_cost(op: Op) -> float:
    """Floating-point operations of one op, its arguments being there."""
    match op.kind:
        case "number" | "name" | "size" | "function" | "jacobian" | "T":
            return 0.0
        case "add" | "mul":
            return volume(op.dims) * max(1, len(op.args) - 1)
        case "matmul":
            a, b = op.args
            return 2 * volume(a.dims) * volume(b.dims[1:])
        case "solve":
            A, B = op.args
            return volume(A.dims) * (2 / 3 * extent(A.dims[0]) + 2 * volume(B.dims[1:]))
        case "inverse" | "matrix power":
            # an inverse that is not a result is worth avoiding even where it costs the same
            return 4 * volume(op.dims) * extent(op.dims[0])
        case "call" if not op.dims and op.args and op.args[0].rank == 2:
            return volume(op.args[0].dims) * extent(op.args[0].dims[0])
    return max(volume(op.dims), *(volume(arg.dims) for arg in op.args), 1.0)


class Ops:
    """The ops of one program, interned."""

    def __init__(self) -> None:
        self._interned: dict[tuple[object, ...], Op] = {}
        self.one = self.number(1)
        self.zero = self.number(0)

    def _key(self, kind: str, data: object, args: tuple[Op, ...], dims: Dims) -> tuple[object, ...]:
        return (kind, data, tuple(arg.index for arg in args), dims)

    def _make(self, kind: str, data: object, args: Iterable[Op], dims: Dims) -> Op:
        args = tuple(args)
        key = self._key(kind, data, args, dims)
        op = self._interned.get(key)
        if op is None:
            op = Op(kind, data, args, dims)
            op.index = len(self._interned)
            op.cost = _own_cost(op) + sum(arg.cost for arg in args)
            self._interned[key] = op
        return op

    def _either(self, kind: str, data: object, args: tuple[Op, ...], dims: Dims) -> Op:
        """The op, or the transpose of the op on transposed arguments: which has fewer T's."""
        there = self._turned(kind, args)
        if there is None:
            return self._make(kind, data, args, dims)
        gain = sum(arg.kind == "T" for arg in args) - sum(arg.kind == "T" for arg in there)
        known = self._key(kind, data, there, dims[::-1]) in self._interned
        if gain > 0 or (gain == 0 and known):
            return self.transpose(self._make(kind, data, there, dims[::-1]))
        return self._make(kind, data, args, dims)

    def _turned(self, kind: str, args: tuple[Op, ...]) -> tuple[Op, ...] | None:
        if not any(arg.kind == "T" for arg in args):
            return None
        there = tuple(self.transpose(arg) for arg in args)
        if kind == "matmul":
            return there[::-1]
        return there

    # --- leaves ------------------------------------------------------------------------------

    def number(self, value: Fraction | int) -> Op:
        return self._make("number", Fraction(value), (), ())

    def name(self, text: str, dims: Dims) -> Op:
        """An argument."""
        return self._make("name", text, (), dims)

    def function(self, text: str) -> Op:
        """An argument that is a function."""
        return self._make("function", text, (), ())

    def jacobian_of(self, f: Op) -> Op:
        """An argument that is the function x -> Df(x)."""
        return self._make("jacobian", f.data, (), ())

    def size(self, dim: Dim) -> Op:
        """A size as a number."""
        if dim.number is not None:
            return self.number(dim.number)
        return self._make("size", dim, (), ())

    def fill(self, value: Op, dims: Dims) -> Op:
        """An array of which every entry is the same scalar."""
        return self._make("fill", None, (value,), dims)

    def eye(self, dim: Dim) -> Op:
        return self._make("eye", None, (), (dim, dim))

    # --- entry by entry ----------------------------------------------------------------------

    def add(self, terms: Iterable[tuple[Op, Fraction]], dims: Dims) -> Op:
        """A linear combination of arrays of one shape."""
        total: dict[Op, Fraction] = {}
        for op, c in terms:
            if op.kind == "mul" and isinstance(op.data, tuple) and op.data[0] != 1:
                c, op = c * op.data[0], self._unit(op)
            elif op.kind == "number" and isinstance(op.data, Fraction):
                c, op = c * op.data, self.one
            total[op] = total.get(op, Fraction(0)) + c
        kept = [(op, c) for op, c in total.items() if c]
        if not kept:
            return self.zero if not dims else self.fill(self.zero, dims)
        if len(kept) == 1:
            return self.scaled(kept[0][1], kept[0][0])
        if dims and all(op.kind == "fill" for op, _ in kept):
            return self.fill(self.add([(op.args[0], c) for op, c in kept], ()), dims)
        kept.sort(key=lambda t: (t[0].args[0] if t[0].kind == "T" else t[0]).index)
        coefficients = tuple(c for _, c in kept)
        return self._either("add", coefficients, tuple(op for op, _ in kept), dims)

    def scaled(self, c: Fraction, op: Op) -> Op:
        return op if c == 1 else self.mul(c, [op])

    def _unit(self, op: Op) -> Op:
        assert isinstance(op.data, tuple)
        return self.mul(Fraction(1), op.args[: op.data[1]], op.args[op.data[1] :])

    def mul(self, c: Fraction, up: Sequence[Op], down: Sequence[Op] = ()) -> Op:
        """c times arrays of one shape, and scalars, divided by others, entry by entry."""
        dims = max((op.dims for op in (*up, *down)), key=len, default=())
        above, up = self._coefficients(up)
        below, down = self._coefficients(down)
        c = c * above / below
        if c == 0 or self.zero in up:
            return self.zero if not dims else self.fill(self.zero, dims)
        arrays = [op for op in (*up, *down) if op.rank]
        if len(arrays) == 1 and arrays[0] not in down:
            absorbed = self._absorb(c, [op for op in up if not op.rank], down, arrays[0])
            if absorbed is not None:
                return absorbed
        up, down = self._without_fills(up, down)
        if not up and not down:
            return self.number(c)
        if len(up) == 1 and not down:
            if c == 1:
                return up[0]
            if up[0].kind == "mul" and isinstance(up[0].data, tuple):  # of coefficient 1
                count, factors = up[0].data[1], up[0].args
                up, down = list(factors[:count]), list(factors[count:])
        by_index = sorted(up, key=_order), sorted(down, key=_order)
        args = (*by_index[0], *by_index[1])
        if all(op.rank < 2 for op in args):
            return self._make("mul", (c, len(up)), args, dims)
        return self._either("mul", (c, len(up)), args, dims)

    def _absorb(self, c: Fraction, up: Sequence[Op], down: Sequence[Op], array: Op) -> Op | None:
        """Scalars times an array that is cheaper to scale before it is made."""
        if array.kind == "fill":
            return self.fill(self.mul(c, [*up, array.args[0]], down), array.dims)
        if array.kind == "outer" and (c != 1 or up or down):
            u, v = array.args
            return self.outer(self.mul(c, [*up, u], down), v)
        if array.kind == "T" and (c != 1 or up or down):
            return self.transpose(self.mul(c, [*up, array.args[0]], down))
        return None

    def _coefficients(self, factors: Sequence[Op]) -> tuple[Fraction, list[Op]]:
        """The numbers among the factors (but for a zero), and the other factors."""
        c, rest = Fraction(1), list[Op]()
        for op in factors:
            if op.kind == "number" and isinstance(op.data, Fraction) and op.data:
                c *= op.data
            elif op.kind == "mul" and isinstance(op.data, tuple) and op.data[0] != 1:
                c *= op.data[0]
                rest.append(self._unit(op))
            else:
                rest.append(op)
        return c, rest

    def _without_fills(self, up: Sequence[Op], down: Sequence[Op]) -> tuple[list[Op], list[Op]]:
        """Constant arrays become scalars where another array gives the product its shape."""
        full = any(op.rank and op.kind != "fill" for op in (*up, *down))
        if not full:
            return list(up), list(down)

        def plain(ops: Sequence[Op]) -> list[Op]:
            scalars = (op.args[0] if op.kind == "fill" else op for op in ops)
            return [op for op in scalars if op is not self.one]

        return plain(up), plain(down)

    def power(self, base: Op, exponent: Op) -> Op:
        """The power, entry by entry."""
        if base.kind == "T":
            return self.transpose(self.power(base.args[0], exponent))
        return self._make("pow", None, (base, exponent), base.dims)

    def call(self, template: str, args: Sequence[Op], dims: Dims, entrywise: bool = False) -> Op:
        """A template with ``{0}``, ``{1}`` ... for the arguments."""
        if entrywise and all(arg.kind == "T" for arg in args):
            turned = [arg.args[0] for arg in args]
            return self.transpose(self.call(template, turned, dims[::-1], True))
        return self._make("call", template, args, dims)

    def reshape(self, op: Op, dims: Dims) -> Op:
        """The same entries with axes of length 1 added or left out."""
        if op.dims == dims:
            return op
        if len(dims) > op.rank:
            return self.call("np.reshape({0}, ({1}, {2}))", [op, *map(self.size, dims)], dims)
        return self.call("np.ravel({0})" if dims else "np.ravel({0})[0]", [op], dims)

    # --- linear algebra ----------------------------------------------------------------------

    def transpose(self, op: Op) -> Op:
        if op.rank < 2 or op.kind == "eye":
            return op
        if op.kind == "T":
            return op.args[0]
        if op.kind == "outer":
            return self.outer(op.args[1], op.args[0])
        if op.kind == "fill":
            return self.fill(op.args[0], op.dims[::-1])
        return self._make("T", None, (op,), op.dims[::-1])

    def matmul(self, a: Op, b: Op) -> Op:
        """The product of arrays of rank 1 or 2."""
        if a.rank == 1 and b.rank == 2:
            a, b = self.transpose(b), a
        if b.kind == "eye" or a.kind == "eye":
            return a if b.kind == "eye" else b
        if a.rank == 2 and b.rank == 1:
            if b.kind == "fill":
                return self.mul(Fraction(1), [b.args[0], self.total(a, 1)])
            return self._make("matmul", None, (a, b), a.dims[:1])
        if a.rank == 1:
            for one, other in ((a, b), (b, a)):
                if one.kind == "fill":
                    return self.mul(Fraction(1), [one.args[0], self.total(other)])
            if a.index > b.index:
                a, b = b, a
            return self._make("matmul", None, (a, b), ())
        if right := self.low_rank(b):
            return self.outers((self.matmul(a, u), v, c) for u, v, c in right)
        if left := self.low_rank(a):
            turned = self.transpose(b)
            return self.outers((u, self.matmul(turned, v), c) for u, v, c in left)
        return self._either("matmul", None, (a, b), (a.dims[0], b.dims[1]))

    def outer(self, u: Op, v: Op) -> Op:
        if u.kind == "fill" and v.kind == "fill":
            value = self.mul(Fraction(1), [u.args[0], v.args[0]])
            return self.fill(value, (*u.dims, *v.dims))
        return self._make("outer", None, (u, v), (*u.dims, *v.dims))

    def low_rank(self, op: Op) -> list[tuple[Op, Op, Fraction]]:
        """The u, v, c of a sum of few c u v'; empty if it is something else."""
        if op.kind == "T":
            return [(v, u, c) for u, v, c in self.low_rank(op.args[0])]
        if op.kind == "outer":
            return [(op.args[0], op.args[1], Fraction(1))]
        if op.kind != "add" or len(op.args) > _LOW or any(arg.kind != "outer" for arg in op.args):
            return []
        assert isinstance(op.data, tuple)
        return [(arg.args[0], arg.args[1], c) for arg, c in zip(op.args, op.data)]

    def outers(self, terms: Iterable[tuple[Op, Op, Fraction]]) -> Op:
        """The sum of c u v'."""
        made = [(self.outer(u, v), c) for u, v, c in terms]
        return self.add(made, made[0][0].dims)

    def total(self, op: Op, axis: int | None = None) -> Op:
        """The sum of all entries, or along an axis."""
        if axis is None:
            if op.kind == "fill":
                entries = [self.size(dim) for dim in op.dims]
                return self.mul(Fraction(1), [op.args[0], *entries])
            if op.kind == "T" or (op.kind == "total" and op.rank):
                return self.total(op.args[0])
            if op.kind == "eye":
                return self.size(op.dims[0])
        elif op.kind == "T":
            return self.total(op.args[0], 1 - axis)
        dims = () if axis is None else op.dims[1 - axis : 2 - axis]
        return self._make("total", axis, (op,), dims)

    def inverse(self, A: Op) -> Op:
        if A.kind == "T":
            return self.transpose(self.inverse(A.args[0]))
        return self._make("inverse", None, (A,), A.dims)

    def matrix_power(self, A: Op, exponent: Op) -> Op:
        if A.kind == "T":
            return self.transpose(self.matrix_power(A.args[0], exponent))
        return self._make("matrix power", None, (A, exponent), A.dims)

    def solve(self, A: Op, B: Op) -> Op:
        """inv(A) B."""
        if A.kind == "eye":
            return B
        if B.kind == "eye":
            return self.inverse(A)
        return self._make("solve", None, (A, B), B.dims)

    def diagonal_times(self, u: Op, M: Op) -> Op:
        """diag(u) M."""
        if M.rank == 1:
            return self.mul(Fraction(1), [u, M])
        if M.kind == "eye":
            return self.call("np.diag({0})", [u], (u.dims[0], u.dims[0]))
        if M.kind == "outer":
            return self.outer(self.mul(Fraction(1), [u, M.args[0]]), M.args[1])
        if u.kind == "fill":
            return self.mul(Fraction(1), [u.args[0], M])
        return self._scaled_along("rows", u, M)

    def _scaled_along(self, kind: str, u: Op, M: Op) -> Op:
        if M.kind == "T":
            other = "columns" if kind == "rows" else "rows"
            return self.transpose(self._scaled_along(other, u, M.args[0]))
        return self._make(kind, None, (u, M), M.dims)


def _order(op: Op) -> tuple[bool, int]:
    """Scalars first, then by age."""
    return op.rank > 0, (op.args[0] if op.kind == "T" else op).index
