"""What is said of a place that does not conform: both parts, their dimensions, their origin.

Each sort of conflict is one small function that returns message and hint; spans and labels are
the same for all.  A hint proposes what mends the place, as far as can be seen from the place alone;
the texts in it are cut from what was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

from matcalc.dimensions.conflicts import Conflict, Value
from matcalc.dimensions.names import Identifier
from matcalc.dimensions.reading import Reading
from matcalc.dimensions.sizes import ONE_SIZE
from matcalc.errors import MatcalcError, Span
from matcalc.language.sizes import ONE, Shape
from matcalc.language.tree import (
    Add,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Power,
    Transpose,
    Tree,
)
from matcalc.tables.functions import FUNCTIONS

_LONGEST = 48


def excerpt(source: str, span: Span) -> str:
    """What was typed there, in one line and cut in the middle if it is long."""
    text = " ".join(source[span.start : span.end].split())
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2 - 2].rstrip()} ... {text[2 - _LONGEST // 2 :].lstrip()}"


def enclosed(text: str) -> bool:
    """Whether the whole text is in one pair of parentheses."""
    depths = list(accumulate((char in "([{") - (char in ")]}") for char in text))
    return text[:1] == "(" and 0 not in depths[:-1] and depths[-1] == 0


class Diagnosis:
    """The words for one conflict of a reading whose sizes have been named."""

    def __init__(self, reading: Reading, conflict: Conflict) -> None:
        self.reading = reading
        self.conflict = conflict
        self.node, self.left, self.right = conflict.node, conflict.left, conflict.right

    def error(self) -> MatcalcError:
        """The error to raise."""
        conflict = self.conflict
        words: Callable[[], tuple[str, str]] = getattr(self, f"_{conflict.sort}")
        message, hint = words()
        places = [part for part in (self.left, self.right) if part is not self.node]
        code = "ambiguous" if conflict.sort in ("order", "open") else "shape"
        span = self.node.span
        if len(places) == 2 and not isinstance(self.node, Call):
            span = self.left.span | self.right.span
        others = tuple((part.span, self.stated(part)) for part in dict.fromkeys(places))
        label = "does not conform" if others else self.stated(self.node)
        return MatcalcError(
            code, message, span, hint=hint, others=others, label=label, source=conflict.source
        )

    # --- words --------------------------------------------------------------------------------

    def text(self, tree: Tree) -> str:
        return excerpt(self.conflict.source, tree.span)

    def value(self, tree: Tree) -> Value:
        """Of a part of the conflict: what does not fit has a shape."""
        value = self.reading.values[tree]
        assert value is not None
        return value

    def values(self) -> tuple[Value, Value]:
        return self.value(self.left), self.value(self.right)

    def shape(self, tree: Tree) -> Shape:
        rows, cols = map(self.reading.sizes.value, self.value(tree)[:2])
        return Shape(rows, cols)

    def stated(self, tree: Tree) -> str:
        """``X' is n x m (declared)``."""
        if self.reading.values[tree] is None:
            return ""
        return f"{self.text(tree)} is {self.shape(tree)}{self.origin(tree)}"

    def sized(self, tree: Tree) -> str:
        """```X'` (n x m)``."""
        return f"`{self.text(tree)}` ({self.shape(tree)})"

    def entry(self, tree: Tree) -> Identifier | None:
        """The name that the part is, up to transposition and sign."""
        while isinstance(tree, (Transpose, Negative)):
            tree = tree.arg
        return self.reading.table.entries.get(tree.name) if isinstance(tree, Name) else None

    def origin(self, tree: Tree) -> str:
        """Where the dimensions of a part come from."""
        entry, value, sizes = self.entry(tree), self.value(tree), self.reading.sizes
        if entry is not None and entry.declared:
            return " (defined)" if entry.role == "definition" else " (declared)"
        for size in value[:2]:
            if size != ONE_SIZE and sizes.known(size) is not None:
                for reason in sizes.explain(size):
                    if reason.node is not self.node and reason.node is not tree:
                        return f" (from {self.text(reason.node)})"
        if entry is None or value.scalar:
            return ""
        if entry.role == "matrix":
            return " (upper case: a matrix)"
        return " (lower case: a vector)" if entry.role == "soft" else " (transposed: a vector)"

    def flipped(self, tree: Tree) -> str:
        """The text of the transpose."""
        if isinstance(tree, Transpose):
            return self.text(tree.arg)
        return f"{self.grouped(tree, Name, Call)}'"

    def grouped(self, tree: Tree, *single: type[Tree]) -> str:
        """The text, in parentheses unless it has them or is of a kind that needs none."""
        text = self.text(tree)
        return text if isinstance(tree, single) or enclosed(text) else f"({text})"

    def single(self) -> str:
        """How to declare an upper-case name that would have to be one row or column."""
        for part in (self.left, self.right):
            entry = self.entry(part)
            if entry is not None and entry.role == "matrix" and ONE_SIZE in self.conflict.sizes:
                return (
                    f"an upper-case name is a matrix unless declared, as in `{entry.name}: n` "
                    f"(a column), `{entry.name}: 1 x n` (a row) or `{entry.name}: scalar`"
                )
        return ""

    # --- products -----------------------------------------------------------------------------

    def _product(self) -> tuple[str, str]:
        message = f"the product of {self.sized(self.left)} and {self.sized(self.right)} does not"
        return f"{message} conform", self._product_hint()

    def _product_hint(self) -> str:
        left, right = self.values()
        a, b = self.text(self.left), self.text(self.right)
        if window := self.window():
            return f"products are taken from the left: write `{a} ({window})`"
        if left.kind == right.kind and any(left.kind):
            x, y = (self.grouped(part, Name, Call, Transpose) for part in (self.left, self.right))
            if left.kind[0]:
                x, y = self.flipped(self.left), self.flipped(self.right)
            return f"write `{x}' {y}` (inner), `{x} {y}'` (outer) or `{a} .* {b}` (entry by entry)"
        found = []
        if self.fits(left.rows, right.rows):
            found.append(f"`{self.flipped(self.left)} {b}`")
        if self.fits(left.cols, right.cols):
            found.append(f"`{a} {self.flipped(self.right)}`")
        found = [f"write {' or '.join(found)}"] if found else []
        return (
            " or ".join([*found, *self.redeclare()])
            or self.single()
            or "check the order of the factors, or declare the dimensions of one of them"
        )

    def transposing(self, hint: str = "") -> str:
        """To transpose the right part, where that could mend it; else ``hint``."""
        left, right = self.values()
        if self.fits(left.rows, right.cols) and self.fits(left.cols, right.rows):
            return f"transpose one of them: `{self.flipped(self.right)}`"
        return hint

    def fits(self, a: int, b: int) -> bool:
        """Whether two sizes could be equal."""
        if (a == ONE_SIZE) != (b == ONE_SIZE):
            return False
        sizes = self.reading.sizes
        known = sizes.known(a), sizes.known(b)
        return sizes.find(a) == sizes.find(b) or None in known

    def redeclare(self) -> list[str]:
        """Another declaration of one of the parts that would fit, of a vector if possible."""
        a, b = self.conflict.sizes
        if ONE_SIZE in (a, b):
            return []
        found: dict[bool, str] = {}
        for part, size, wrong in ((self.left, b, a), (self.right, a, b)):
            entry, new = self.entry(part), self.reading.sizes.value(size)
            old = self.reading.sizes.value(wrong)
            if entry is not None and entry.declared and entry.shape is not None:
                rows, cols = (new if dim is old else dim for dim in entry.shape)
                text = f"{rows}" if cols is ONE else f"{rows} x {cols}"
                found[entry.shape.is_vector] = f"declare `{entry.name}: {text}`"
        return [found[max(found)]] if found else []

    def window(self) -> str:
        """The factors from the right part on that make a scalar, as text."""
        if not isinstance(self.node, Multiply):
            return ""
        factors = self.node.factors
        start = next(i for i, factor in enumerate(factors) if factor is self.right)
        total = self.value(self.right)
        for j in range(start + 1, len(factors)):
            value = self.value(factors[j])
            if self.node.ops[j] not in (" ", "*"):
                return ""
            if total.scalar or value.scalar:
                total = value if total.scalar else total
            elif self.fits(total.cols, value.rows):
                total = Value(total.rows, value.cols)
            else:
                return ""
            if total.scalar:
                return excerpt(self.conflict.source, factors[start].span | factors[j].span)
        return ""

    def _quotient(self) -> tuple[str, str]:
        message = f"only a scalar divides, and {self.sized(self.right)} is none"
        if window := self.window():
            return message, f"`/` takes one factor: write `/ ({window})`"
        if not any(self.value(self.right).kind):
            inverse = f"write `inv({self.text(self.right)})` for the inverse"
            return message, f"{inverse}, or `./` to divide entry by entry"
        return message, "write `./` to divide entry by entry"

    def _order(self) -> tuple[str, str]:
        assert isinstance(self.node, Multiply)
        factors, source = self.node.factors, self.conflict.source
        i = next(k for k, factor in enumerate(factors) if factor is self.right) - 1
        left = excerpt(source, factors[0].span | factors[i - 1].span)
        op, middle, right = self.node.ops[i], self.text(factors[i]), self.text(self.right)
        return (
            f"`{left} {op} {middle} {right}` can be read in two ways",
            f"write `({left} {op} {middle}) {right}` or `{left} {op} ({middle} {right})`",
        )

    # --- sums and entries ---------------------------------------------------------------------

    def _addition(self) -> tuple[str, str]:
        if isinstance(self.node, Name):
            entry = self.reading.table.entries[self.node.name]
            return (
                f"{entry.name} is declared as {entry.shape} and defined as {self.shape(self.node)}",
                "leave out the declaration, or mend the definition",
            )
        return f"{self.sized(self.left)} and {self.sized(self.right)} cannot be added", (
            self.transposing()
            or self._repeat_hint()
            or self.single()
            or " or ".join(self.redeclare())
            or "the terms of a sum have equal dimensions"
        )

    def _repeat_hint(self) -> str:
        left, right = self.values()
        for part, value, other in ((self.left, left, right), (self.right, right, left)):
            if value.kind == (False, True) and not any(other.kind):
                cols = self.reading.sizes.value(other.cols)
                text = self.grouped(part, Name, Call, Multiply)
                return f"to add `{text}` to every column write `{text} ones({cols})'`"
        return ""

    def _broadcast(self) -> tuple[str, str]:
        shape, value = self.shape(self.right), self.value(self.right)
        assert isinstance(self.node, Add)
        scalar, times = self.times_one()
        matrix = self.text(self.right)
        signs = dict(zip(self.node.terms, self.node.signs, strict=True))
        plus = (signs[self.left] > 0) != isinstance(self.left, Negative)
        readings = []
        for one in ["I"] * self.fits(*value[:2]) + [f"ones({shape.rows}, {shape.cols})"]:
            if signs[self.right] > 0:
                readings.append(f"`{matrix} {'+' if plus else '-'} {times}{one}`")
            else:
                readings.append(f"`{'' if plus else '-'}{times}{one} - {matrix}`")
        hint = "write " + " or ".join(readings)
        name = self.lone_upper(self.right)
        return (
            f"the scalar `{scalar}` and {self.sized(self.right)} cannot be added",
            f"declare `{name}: scalar`, or {hint}" if name else hint,
        )

    def times_one(self) -> tuple[str, str]:
        """The scalar of a sum as typed, and as a factor of I."""
        scalar = self.left.arg if isinstance(self.left, Negative) else self.left
        text = self.text(scalar)
        if isinstance(scalar, Number) and scalar.value == 1:
            return text, ""
        return text, self.grouped(scalar, Name, Number, Call, Multiply, Power, Transpose) + " "

    def lone_upper(self, tree: Tree) -> str:
        """The undeclared upper-case name that alone makes a term a matrix: N in -N/2 log(c)."""
        while isinstance(tree, Negative):
            tree = tree.arg
        factors = tree.factors if isinstance(tree, Multiply) else ()
        arrays = [factor for factor in factors if not self.value(factor).scalar]
        entry = self.entry(arrays[0]) if len(arrays) == 1 else None
        return entry.name if entry is not None and entry.role == "matrix" else ""

    def _entrywise(self) -> tuple[str, str]:
        message = f"{self.sized(self.left)} and {self.sized(self.right)} do not fit entry by entry"
        left, right = self.values()
        if left.kind == (False, True) and not any(right.kind):
            x, matrix = self.text(self.left), self.text(self.right)
            return message, f"to scale the rows write `diag({x}) {matrix}`"
        return message, self.transposing(self.single() or "both sides need equal dimensions")

    def _guess(self) -> tuple[str, str]:
        text = self.text(self.left)
        function = self.node.function if isinstance(self.node, Call) else "the function"
        return (
            f"{function} is taken of the entries of a vector or matrix, but `{text}` is a scalar",
            f"declare a name in `{text}` as a vector or as a scalar, as in `x: n` or `x: scalar`",
        )

    # --- powers, functions, blocks ------------------------------------------------------------

    def _power(self) -> tuple[str, str]:
        assert isinstance(self.node, Power)
        base, exponent = self.text(self.node.base), self.text(self.node.exponent)
        base = f"({base})" if " " in base and base[:1] != "(" else base
        square = f"`{base}'{base}`" if self.value(self.left).kind[1] else f"`{base} {base}'`"
        inner = f", {square} for the sum of squares" if exponent == "2" else ""
        return (
            f"a power needs a scalar or a square matrix, and {self.sized(self.left)} is neither",
            f"write `{base}.^{exponent}` for the power of each entry{inner}",
        )

    def _square(self) -> tuple[str, str]:
        assert isinstance(self.node, Power)
        base, exponent = self.text(self.node.base), self.text(self.node.exponent)
        return (
            f"a matrix power needs a square matrix, and {self.sized(self.left)} is none",
            f"write `{base}.^{exponent}` for the power of each entry",
        )

    def _exponent(self) -> tuple[str, str]:
        entry = self.entry(self.right)
        hint = "write `.^` for powers entry by entry"
        if entry is not None and not entry.declared:
            hint = f"declare `{entry.name}: integer` or `{entry.name}: scalar`"
        return f"an exponent is a scalar, and {self.sized(self.right)} is none", hint

    def _argument(self) -> tuple[str, str]:
        assert isinstance(self.node, Call)
        name = self.node.function
        row = FUNCTIONS.get(name)
        part = self.right if self.right is not self.node else self.left
        if row is None:
            hint = (
                f"check the dimensions of the argument, or how {name.removeprefix('D')} is declared"
            )
            return f"{self.sized(part)} does not fit {name}", hint
        if row.sizes:
            shapes = zip(row.parameters, row.shapes.parameters)
            wanted = ", ".join(f"{parameter}: {shape}" for parameter, shape in shapes)
            return f"{self.sized(part)} does not fit {name}", f"in {row.call}, {wanted}"
        if row.arity > 1:
            hint = f"{name} takes arguments of the shapes {row.shapes.written}"
            if self.left is part:
                return f"{self.sized(part)} does not fit {name}", hint
            return f"{self.sized(self.left)} and {self.sized(part)} do not fit {name}", hint
        (shape,) = row.shapes.parameters
        if shape.rows == shape.cols:
            wanted, hint = "a square matrix", self.single() or self._square_hint(part)
        else:
            wanted, hint = "a column vector", self.single() or self._column_hint(part)
        return f"{name} takes {wanted}, and {self.sized(part)} is none", hint

    def _square_hint(self, part: Tree) -> str:
        text, shape, entry = self.text(part), self.shape(part), self.entry(part)
        if shape.is_vector:
            if isinstance(part, Name):
                return f"declare `{text}: scalar`, or write `{text} {text}'`"
            return "the argument has to be a square matrix"
        if entry is not None and entry.declared:
            return f"declare `{entry.name}: {shape.rows} x {shape.rows}`"
        return "check the dimensions of the argument"

    def _column_hint(self, part: Tree) -> str:
        if self.shape(part).is_row:
            return f"write `{self.flipped(part)}`"
        return f"write `vec({self.text(part)})` to take all entries as one vector"

    def _block(self) -> tuple[str, str]:
        message = f"the blocks {self.sized(self.left)} and {self.sized(self.right)} do not fit"
        if any(isinstance(p, Number) and p.value == 0 for p in (self.left, self.right)):
            return message, "write a zero block as `zeros(m, n)`"
        left, right = self.values()
        if self.fits(left.rows, right.cols):
            return message, f"transpose one of them: `{self.flipped(self.right)}`"
        return message, (
            "blocks beside each other (`,`) have equal heights, blocks above each other (`;`) "
            "equal widths"
        )

    def _size(self) -> tuple[str, str]:
        a, b = map(self.spelled, self.conflict.sizes)
        return (
            f"the dimensions of `{self.text(self.node)}` do not agree: {a} is not {b}",
            "check the dimensions of the names in it",
        )

    def _open(self) -> tuple[str, str]:
        a, b = map(self.spelled, self.conflict.sizes)
        return (
            f"the dimensions of `{self.text(self.node)}` are not determined: {a} = {b}",
            "declare the dimensions of the names in it",
        )

    def spelled(self, size: int) -> str:
        """A size as it is made of others."""
        value = self.reading.sizes.value
        op, parts = self.reading.sizes.parts(size)
        if not parts:
            return str(value(size))
        return (" + " if op == "+" else " ").join(str(value(part)) for part in parts)
