"""One reading of an expression: every shape, once it is decided which names are scalars.

Whether a factor is a scalar factor, or a term is broadcast, depends on the pattern of ones in the
shapes alone, never on how far the unification of sizes has come.  So a reading is worked out in
one pass from the leaves up, and each node that does not conform yields a conflict.  After that the
pass goes on with what every reading that repairs it would have there, or without a shape.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.dimensions.conflicts import CONSTANT, Conflict, Conform, Part, Value
from matcalc.dimensions.guesses import union
from matcalc.dimensions.names import Identifier, Table, size_arguments
from matcalc.dimensions.signatures import shape_abstract, shape_block, shape_function, shape_sized
from matcalc.dimensions.sizes import ONE_SIZE
from matcalc.language.tree import (
    Add,
    Block,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Power,
    Transpose,
    Tree,
    postorder,
)
from matcalc.tables.functions import FUNCTIONS


class Reading:
    """The shapes of all nodes for one choice of the scalars among the soft names (bits).

    ``equations``  between sizes; its ``sizes``, ``conflicts`` and ``broadcasts`` are at hand here
    ``values``   of each node, None where it or a part of it does not conform
    ``symbols``  of each name but the defined ones
    ``powers``   the powers of matrices, each with its source
    ``undetermined``  sizes that could be what they should be in more ways than one
    """

    def __init__(self, table: Table, scalars: int, tree: Tree) -> None:
        self.table = table
        self.scalars = scalars
        self.equations = equations = Conform()
        self.sizes = equations.sizes
        self.conflicts = equations.conflicts
        self.broadcasts = equations.broadcasts
        self.values: dict[Tree, Value | None] = {}
        self.symbols: dict[str, Value] = {}
        self.powers: list[tuple[Power, str]] = []
        self.undetermined: list[Conflict] = []
        for name, entry in table.entries.items():
            if entry.role != "definition":
                self._symbol(name, entry)
        roots = [(table.entries[name].source, root) for name, root in table.definitions.items()]
        roots.append((table.source, tree))
        for equations.source, root in roots:
            for node in postorder(root):
                self.values[node] = self._value(node)
        for clash in self.sizes.settle():
            why = clash.reason.why | equations.guesses(clash.left) | equations.guesses(clash.right)
            node, sizes = clash.reason.node, (clash.left, clash.right)
            source = next(text for text, root in roots if node in set(postorder(root)))
            equations.source = source
            if clash.open:
                found = Conflict("open", node, node, node, 0, False, sizes, source)
                self.undetermined.append(found)
            else:
                equations.conflict("size", node, node, node, why, sizes=sizes)

    # --- leaves -------------------------------------------------------------------------------

    def _symbol(self, name: str, entry: Identifier) -> Value:
        found = self.symbols.get(name)
        if found is None:
            found = self.symbols[name] = self._fresh(entry)
        return found

    def _fresh(self, entry: Identifier) -> Value:
        new = self.sizes.new
        if entry.role == "like":
            return self._symbol(entry.like, self.table.entries[entry.like])
        if entry.shape is not None:
            rows, cols = (self.sizes.rigid(dim) for dim in entry.shape)
            return Value(rows, cols, 0, entry.shape.is_scalar)
        if entry.role == "soft":
            if self.scalars & entry.bit:
                return Value(ONE_SIZE, ONE_SIZE, entry.bit)
            return Value(new(), ONE_SIZE, entry.bit)
        if entry.role == "vector":
            return Value(new(), ONE_SIZE)
        rows = new()
        return Value(rows, rows if entry.role == "square" else new())

    def _name(self, node: Name) -> Value | None:
        definition = self.table.definitions.get(node.name)
        if definition is not None:
            value = self.values[definition]
            declared = self.table.entries[node.name].shape
            if value is not None and declared is not None:
                rows, cols = (self.sizes.rigid(dim) for dim in declared)
                self.equations.same("addition", node, (node, value), (node, Value(rows, cols)))
            return value
        if node.name == "I" and node.name not in self.symbols:
            rows = self.sizes.new()
            return Value(rows, rows)
        return self.symbols.get(node.name, CONSTANT)

    # --- nodes --------------------------------------------------------------------------------

    def _value(self, node: Tree) -> Value | None:
        if node in self.table.size_nodes or isinstance(node, Number):
            return CONSTANT
        if isinstance(node, Name):
            return self._name(node)
        parts = [self.values[child] for child in node.children]
        if isinstance(node, Call):
            return self._call(node, parts)
        if isinstance(node, Add):
            return self._add(node)
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        if isinstance(node, Block):
            return shape_block(self.equations, node, known)
        if isinstance(node, Transpose):
            return known[0]._replace(rows=known[0].cols, cols=known[0].rows)
        if isinstance(node, Multiply):
            return self._multiply(node, known)
        if isinstance(node, Power):
            return self._power(node, *known)
        assert isinstance(node, Negative)
        return known[0]

    def _call(self, node: Call, parts: Sequence[Value | None]) -> Value | None:
        if node.args and len(size_arguments(node)) == len(node.args):
            return shape_sized(self.equations, node)
        entry = self.table.entries.get(node.function)
        if entry is None and node.function not in FUNCTIONS:
            entry = self.table.entries[node.function[1:]]
        if entry is not None and entry.role == "function":
            return shape_abstract(self.equations, node, parts[0], entry)
        return shape_function(self.equations, node, parts, self.scalars)

    def _add(self, node: Add) -> Value | None:
        values = ((term, self.values[term]) for term in node.terms)
        known = [(term, value) for term, value in values if value is not None]
        arrays = [part for part in known if not part[1].scalar]
        scalars = [part for part in known if part[1].scalar]
        if not arrays:
            if len(known) < len(node.terms):
                return None
            why = union(value.why for _, value in scalars)
            constant = all(value.constant for _, value in scalars)
            return Value(ONE_SIZE, ONE_SIZE, why, constant)
        # in every reading that conforms, the sum has the shape of its surest term
        best = min(range(len(arrays)), key=lambda i: arrays[i][1].why.bit_count())
        for i, part in enumerate(arrays):
            if i < best:
                self.equations.same("addition", node, part, arrays[best])
            elif i > best:
                self.equations.same("addition", node, arrays[best], part)
        for part in scalars:
            self.equations.broadcast(node, part, arrays[best])
        return arrays[best][1]

    # --- products -----------------------------------------------------------------------------

    def _multiply(self, node: Multiply, parts: Sequence[Value]) -> Value | None:
        total, last = parts[0], node.factors[0]
        for i in range(1, len(parts)):
            factor, value, op = node.factors[i], parts[i], node.ops[i]
            left, right = (last, total), (factor, value)
            if op in (".*", "./"):
                self._check_order(node, parts, i, total)
                done = self._entrywise(node, left, right)
            elif op == "/":
                done = self._divide(node, left, right)
            else:
                done = self._times(node, left, right)
            if done is None:
                return None
            if not value.scalar or total.scalar:
                last = factor
            total = done
        return total

    def _times(self, node: Tree, left: Part, right: Part) -> Value | None:
        a, b = left[1], right[1]
        if a.scalar and b.scalar:
            return Value(ONE_SIZE, ONE_SIZE, a.why | b.why, a.constant and b.constant)
        if a.scalar:
            return b._replace(why=b.why | self._matters(left, b.rows == ONE_SIZE), constant=False)
        if b.scalar:
            return a._replace(why=a.why | self._matters(right, a.cols != ONE_SIZE), constant=False)
        why = a.why | b.why
        if not self.equations.unite("product", node, left[0], right[0], (a.cols, b.rows), why):
            return None
        return Value(a.rows, b.cols, why)

    def _matters(self, scalar: Part, fits: bool) -> int:
        """The guesses of a scalar factor that matter: not a name that as a column would not fit."""
        tree, value = scalar
        entry = self.table.entries.get(tree.name) if isinstance(tree, Name) else None
        alone = entry is not None and value.why == entry.bit & self.scalars
        return 0 if alone and not fits else value.why

    def _divide(self, node: Tree, left: Part, right: Part) -> Value | None:
        a, b = left[1], right[1]
        if not b.scalar:
            self.equations.conflict("quotient", node, left[0], right[0], b.why)
            return None
        why = a.why | self._matters(right, a.scalar)
        return a._replace(why=why, constant=a.constant and b.constant)

    def _entrywise(self, node: Tree, left: Part, right: Part) -> Value | None:
        a, b = left[1], right[1]
        why = a.why | b.why
        if a.scalar and b.scalar:
            return Value(ONE_SIZE, ONE_SIZE, why, a.constant and b.constant)
        if a.scalar or b.scalar:
            small, large = (left, right) if a.scalar else (right, left)
            self.equations.broadcast(node, small, large)
            return large[1]._replace(why=why, constant=False)
        if not self.equations.same("entrywise", node, left, right):
            return None
        return a if a.why.bit_count() <= b.why.bit_count() else b

    def _check_order(self, node: Multiply, parts: Sequence[Value], i: int, left: Value) -> None:
        """``y .* X w`` is (y .* X) w to the parser, y .* (X w) to the eye."""
        if i + 1 < len(parts) and node.ops[i + 1] in (" ", "*"):
            value, after = parts[i], parts[i + 1]
            default = self.table.scalars
            made_scalars, made_vectors = self.scalars & ~default, default & ~self.scalars

            def is_scalar(part: Value) -> bool:
                """Not because a name was made a scalar only to leave this place in peace."""
                return part.scalar and not part.why & made_scalars

            if not (left.constant or is_scalar(value) or is_scalar(after)):
                why = (value.why | after.why) & made_vectors
                self.equations.conflict(
                    "order", node, node.factors[i - 1], node.factors[i + 1], why
                )

    def _power(self, node: Power, base: Value, exponent: Value) -> Value | None:
        why = base.why | exponent.why
        constant = base.constant and exponent.constant
        left, right = (node.base, base), (node.exponent, exponent)
        if node.elementwise and not exponent.scalar:
            if base.scalar:
                self.equations.broadcast(node, left, right)
                return exponent._replace(why=why)
            fits = self.equations.same("entrywise", node, left, right)
            return base._replace(why=why) if fits else None
        if node.elementwise or (base.scalar and exponent.scalar):
            return base._replace(why=why, constant=constant)
        if not exponent.scalar:
            self.equations.conflict("exponent", node, node.base, node.exponent, exponent.why)
            return None
        if any(base.kind):
            self.equations.conflict("power", node, node.base, node.exponent, base.why)
            return None
        sizes = base.rows, base.cols
        if not self.equations.unite("square", node, node.base, node.base, sizes, base.why):
            return None
        self.powers.append((node, self.equations.source))
        return base
