"""From IR to array operations: the Op of every node from the Ops of its children, bottom-up.

Products are the business of ``code.chains``; here are the other kinds of nodes and the heads, with
what NumPy does better than by the definition: tr(P Q) and diag(P Q) without the product, log(1 +
exp(u)) without overflow, the commutation matrix without a matrix.  Functions of the table follow
the ``numpy`` field of their rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold
from matcalc.code.chains import LONGEST_SEARCH, UNIT, Chains, dims_of, logistic
from matcalc.code.program import Op
from matcalc.errors import assert_never
from matcalc.language.sizes import ONE as DIM_ONE
from matcalc.language.sizes import Dim
from matcalc.tables.functions import FUNCTIONS, Function


class Plan:
    """The Ops of one expression; ``result`` is its value, ``chains`` are its products."""

    def __init__(self, root: Node) -> None:
        self.chains = Chains(root)
        self.ops, self.values = self.chains.ops, self.chains.values
        self.result = fold(root, lambda node, _: self._value(node), self.values)

    # --- values ---------------------------------------------------------------------------------

    def _value(self, node: Node) -> Op:
        op = self._formed_value(node)
        self.values[node] = op
        if len(op.dims) == 2:
            self.chains.measure(node, op)
        return op

    def _formed_value(self, node: Node) -> Op:
        ops = self.ops
        match node:
            case Number():
                return ops.number(node.value)
            case Symbol():
                return self._symbol(node)
            case Sum():
                terms = ((self.values[term], c) for term, c in node.terms)
                return ops.add(terms, dims_of(node.shape))
            case Product():
                up, down = self.chains.factors(node.scalars)
                if not node.chain:
                    if not node.shape.is_scalar:
                        up.append(ops.eye(node.shape.rows))
                else:
                    up.append(self.chains.chain(node.chain))
                return ops.mul(node.coefficient, up, down)
            case Apply():
                return self._apply_head(node)
            case _:
                assert_never(node)

    def _symbol(self, node: Symbol) -> Op:
        if node.role == "dimension":
            return self.ops.size(Dim.named(node.name))
        if node.role == "constant":
            return self.ops.call("np.pi", (), ())
        if node.role == "function":
            return self.ops.function(node.name)
        return self.ops.name(node.name, dims_of(node.shape))

    def _apply_head(self, node: Apply) -> Op:
        ops, args = self.ops, [self.values[arg] for arg in node.args]
        match node.head:
            case "transpose":
                return ops.transpose(args[0])
            case "ones":
                return ops.fill(ops.one, dims_of(node.shape))
            case "hadamard" | "epow":
                parts = (node,) if node.head == "epow" else node.args
                return ops.mul(UNIT, *self.chains.factors(map(_as_power, parts)))
            case "block":
                return self._block(node)
            case "commutation":
                m, n = args
                template = "np.eye({0} * {1})[np.arange({0} * {1}).reshape({1}, {0}).T.ravel()]"
                return ops.call(template, (m, n), dims_of(node.shape))
            case "call" | "jacobian":
                return self._abstract(node, args)
            case "log" if (u := logistic(node.args[0])) is not None:
                return self.chains.function("softplus", self.values[u])
        if normal.is_elementwise(node):
            return self.chains.function(node.head, *args)
        row = FUNCTIONS.get(node.head)
        return self._of_product(node, row) if row and row.product else self.chains.applied(node)

    def _block(self, node: Apply) -> Op:
        """Blocks as 2-D arrays; in a column as 1-D arrays."""
        dims = dims_of(node.shape)
        rank, ops = len(dims), self.ops
        args = []
        for arg in node.args:
            value, full = self.values[arg], tuple(arg.shape)[:rank]
            args.append(ops.reshape(value, full) if value.rank else ops.fill(value, full))
        places = [f"{{{k}}}" for k in range(len(args))]
        if rank == 1:
            return ops.call(f"np.concatenate([{', '.join(places)}])", args, dims)
        rest = iter(places)
        rows = [", ".join(next(rest) for _ in row) for row in normal.block_rows(node)]
        return ops.call(f"np.block([{', '.join(f'[{row}]' for row in rows)}])", args, dims)

    def _abstract(self, node: Apply, args: Sequence[Op]) -> Op:
        """f(x) and Df(x): the functions take and give 1-D arrays, Df(x) is 2-D."""
        f, x = args
        function = self.ops.jacobian_of(f) if node.head == "jacobian" else f
        argument = x if x.rank else self.ops.call("np.array([{0}])", [x], (DIM_ONE,))
        dims = dims_of(node.shape)
        if len(dims) == 2:
            return self.ops.call("np.asarray({0}({1}), dtype=float)", (function, argument), dims)
        flat = self.ops.call(
            "np.ravel(np.asarray({0}({1}), dtype=float))", (function, argument), dims or (DIM_ONE,)
        )
        return flat if dims else self.ops.call("{0}[0]", [flat], ())

    # --- traces and diagonals -------------------------------------------------------------------

    def _of_product(self, node: Apply, row: Function) -> Op:
        """f(P Q) without the product: tr(P Q) is the sum of P .* Q', diag(P Q) that of its rows."""
        (M,) = node.args
        left, right, kept = re.split(",|->", row.product)
        chain, value = _factors_of(M), self.values[M]
        cyclic = not kept and left == right[::-1]
        if cyclic and len(chain) > 1 and _is_inverse(chain[-1]) and not _is_inverse(chain[0]):
            chain = (chain[-1], *chain[:-1])  # tr(B inv(A)) = tr(inv(A) B)
            value = self.chains.matrix_chain(chain)
        halves = self._halves(chain)
        if halves is None:
            return self.ops.call(row.numpy, [value], dims_of(node.shape))
        P, Q = halves
        paired = self.ops.mul(UNIT, [P, Q if left == right else self.ops.transpose(Q)])
        return self.ops.total(paired, 1 - left.index(kept) if kept else None)

    def _halves(self, chain: normal.Chain) -> tuple[Op, Op] | None:
        """A chain as two factors, cut so that no inverse stands alone and the halves are cheap."""
        if len(chain) == 1:
            base, e = chain[0]
            k = normal.integer(e)
            if k is None or k not in (2, 3):
                return None
            return self.chains.factor(base, normal.number(k - 1)), self.values[base]
        cuts = [
            k
            for k in range(1, len(chain))
            if not (k == 1 and _is_inverse(chain[0]))
            and not (k == len(chain) - 1 and _is_inverse(chain[-1]))
        ]
        if not cuts:
            return None
        if len(chain) > LONGEST_SEARCH:
            cuts = cuts[len(cuts) // 2 :][:1]
        made = [
            (self.chains.matrix_chain(chain[:k]), self.chains.matrix_chain(chain[k:])) for k in cuts
        ]
        return min(made, key=lambda pair: pair[0].cost + pair[1].cost)


def _factors_of(M: Node) -> normal.Chain:
    """The chain of a product of square and rectangular matrices, else nothing."""
    if not isinstance(M, Product) or M.coefficient != 1 or M.scalars:
        return ()
    return () if any(base.shape.is_column for base, _ in M.chain) else M.chain


def _is_inverse(factor: tuple[Node, Node]) -> bool:
    return (normal.integer(factor[1]) or 1) < 0


def _as_power(node: Node) -> tuple[Node, Node]:
    """A factor of an element-wise product as base and exponent."""
    if isinstance(node, Apply) and node.head == "epow":
        return node.args[0], node.args[1]
    return node, normal.ONE
