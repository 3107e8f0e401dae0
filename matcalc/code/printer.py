"""The statements of a NumPy function: array operations written down.

Which values get a name is decided here: those used twice, and those that would make a line long or
deeply nested.  Sums and products of thousands of operands are written in several statements,
because CPython's compiler recurses into an expression; so the text grows linearly with the program
and always compiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from matcalc.code.program import Dims, Op
from matcalc.language.sizes import Dim

ADD, MUL, UNARY, POWER, ATOM = range(1, 6)
_LONG = 70  # characters of an expression that still goes into another one
WIDE = 90  # characters of a line
_FEW = 4  # operands that are named rather than put into statements of their own
_DEEP = 8  # levels of parentheses
_TRIVIAL = frozenset({"number", "name", "size", "function", "jacobian"})
_VIEWS = re.compile(r"np\.(diag|ravel|reshape|asarray)\(|.*\.ravel\(\)$|\{0\}\[[^]]*:[^]]*\]$")


class Text(NamedTuple):
    """Code of an expression, how tightly it binds, and how deep it nests."""

    text: str
    binds: int = ATOM
    depth: int = 0

    def at(self, binds: int) -> str:
        """In parentheses where a tighter expression is wanted."""
        return self.text if self.binds >= binds else f"({self.text})"


class Names:
    """Python identifiers of parameters and sizes, and fresh ones for temporaries."""

    def __init__(self, reserved: set[str], wanted: Iterable[str]) -> None:
        self._taken = set(reserved)
        self._spelled: dict[str, str] = {}
        self._counters: dict[str, int] = {}
        free = sorted(set(wanted))
        self._taken |= {name for name in free if name not in reserved}
        for name in free:
            self._spelled[name] = self.like(name) if name in reserved else name

    def __getitem__(self, name: str) -> str:
        return self._spelled[name]

    def like(self, name: str) -> str:
        """A name with as many trailing underscores as it takes to be free."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def temporary(self, prefix: str) -> str:
        """v1, v2, ..."""
        while True:
            k = self._counters[prefix] = self._counters.get(prefix, 0) + 1
            if f"{prefix}{k}" not in self._taken:
                return f"{prefix}{k}"


def dim_text(dim: Dim, names: Names) -> Text:
    parts = []
    for monomial, k in dim.terms:
        factors = ([str(k)] if k != 1 or not monomial else []) + [names[n] for n in monomial]
        parts.append(" * ".join(factors))
    if len(parts) == 1:
        return Text(parts[0], MUL if " " in parts[0] else ATOM)
    return Text(" + ".join(parts) or "0", ADD)


def dims_in(op: Op) -> Dims:
    """The sizes that the text of an op may name."""
    if op.kind == "size":
        assert isinstance(op.data, Dim)
        return (op.data,)
    return op.dims if op.kind in ("fill", "eye") else ()


def live(result: Op) -> list[Op]:
    """The ops that the result needs, arguments first."""
    order: list[Op] = []
    seen: set[Op] = set()
    stack: list[tuple[Op, bool]] = [(result, False)]
    while stack:
        op, ready = stack.pop()
        if ready:
            order.append(op)
        elif op not in seen:
            seen.add(op)
            stack.append((op, True))
            stack.extend((arg, False) for arg in reversed(_read(op)))
    return order


def _read(op: Op) -> tuple[Op, ...]:
    """The arguments that the text of an op names: a constant in a sum is broadcast."""
    if op.kind == "add" and op.rank and not all(arg.kind == "fill" for arg in op.args):
        return tuple(arg.args[0] if arg.kind == "fill" else arg for arg in op.args)
    if op.kind == "fill" and op.args[0].kind == "number":
        return ()
    return op.args


class Body:
    """The statements of the function."""

    def __init__(self, result: Op, order: list[Op], names: Names) -> None:
        self.result, self.order, self.names = result, order, names
        self.sizes: set[str] = set()
        self.jacobians: dict[str, str] = {}
        self._functions: dict[object, str] = {}
        self._statements: list[str] = []
        self._texts: dict[Op, Text] = {}
        self._uses: dict[Op, int] = {}
        for op in order:
            for arg in _read(op):
                self._uses[arg] = self._uses.get(arg, 0) + 1

    def lines(self) -> list[str]:
        for op in self.order:
            text = self._texts[op] = self._expression(op)
            trivial = op.kind in _TRIVIAL or not op.args
            view = op.kind == "T" and op.args[0].kind == "name"
            if trivial or view or op is self.result:
                continue
            if self._uses[op] > 1 or len(text.text) > _LONG or text.depth > _DEEP:
                self._name(op)
        return [*self._statements, f"return {self._returned()}"]

    def _returned(self) -> str:
        """A float, or an array that is not a view of an argument."""
        op, text = self.result, self._texts[self.result].text
        if op.kind == "number" and isinstance(op.data, Fraction):
            return _float(op.data)
        if not op.rank:
            return f"float({text})"
        inner = op.args[0] if op.kind == "T" else op
        view = inner.kind == "call" and _VIEWS.match(str(inner.data)) is not None
        return f"np.array({text})" if view or inner.kind == "name" else text

    def _name(self, op: Op) -> None:
        """Give a value a name, unless it has one."""
        text = self._texts[op].text
        if not text.isidentifier():
            name = self.names.temporary("svM"[op.rank])
            self._statements.append(f"{name} = {text}")
            self._texts[op] = Text(name)

    def _shorten(self, args: Iterable[Op]) -> None:
        """Name arguments, the longest first, until together they fit on a line."""
        each = dict.fromkeys(args)
        by_length = sorted(each, key=lambda arg: len(self._texts[arg].text), reverse=True)
        total = sum(len(self._texts[arg].text) for arg in by_length)
        for arg in by_length:
            if total <= _LONG or len(self._texts[arg].text) < 12:
                return
            total -= len(self._texts[arg].text) - 2
            self._name(arg)

    def _depth(self, args: Iterable[Op]) -> int:
        return 1 + max((self._texts[arg].depth for arg in args), default=0)

    def _dims(self, dims: Dims) -> str:
        """One size, or a tuple of sizes."""
        texts = [self._dim(dim).text for dim in dims]
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

    def _dim(self, dim: Dim) -> Text:
        self.sizes |= dim.names
        return dim_text(dim, self.names)

    def _expression(self, op: Op) -> Text:
        match op.kind:
            case "number":
                assert isinstance(op.data, Fraction)
                return _number(op.data)
            case "name":
                return Text(self.names[str(op.data)])
            case "function":
                return Text(self.names[str(op.data)])
            case "jacobian":
                return Text(self._jacobian(str(op.data)))
            case "size":
                assert isinstance(op.data, Dim)
                return self._dim(op.data)
            case "eye":
                return Text(f"np.eye({self._dim(op.dims[0]).text})")
            case "fill":
                return self._fill(op)
            case "add":
                return self._sum(op)
            case "mul":
                return self._product(op)
        if op.kind != "call" or len(op.args) > 1:
            self._shorten(op.args)
        text = self._call(op) if op.kind == "call" else self._array(op)
        return Text(text.text, text.binds, self._depth(op.args))

    def _jacobian(self, name: str) -> str:
        if name not in self._functions:
            made = self.names.like(f"D{name}")
            self._functions[name] = made
            self.jacobians[made] = name
        return self._functions[name]

    def _array(self, op: Op) -> Text:
        """Linear algebra."""
        first, *rest = (self._texts[arg] for arg in op.args)
        last = rest[0] if rest else first
        match op.kind:
            case "pow":
                return Text(f"{first.at(ATOM)} ** {last.at(ATOM)}", POWER)
            case "T":
                return Text(f"{first.at(ATOM)}.T")
            case "matmul":
                if op.args[0].kind == "T" and op.args[1].rank == 1:  # A' x is x @ A
                    stem = op.args[0].args[0]
                    if stem in self._texts and self._texts[op.args[0]].text.endswith(".T"):
                        matrix = self._texts[op.args[0]].text[:-2]
                        return Text(f"{last.at(UNARY)} @ {matrix}", MUL)
                left = first.text if op.args[0].kind == "matmul" else first.at(UNARY)
                return Text(f"{left} @ {last.at(UNARY)}", MUL)
            case "outer":
                return Text(f"np.outer({first.text}, {last.text})")
            case "solve":
                return Text(f"np.linalg.solve({first.text}, {last.text})")
            case "inverse":
                return Text(f"np.linalg.inv({first.text})")
            case "matrix power":
                exponent = last.text if op.args[1].kind == "number" else f"int({last.text})"
                return Text(f"np.linalg.matrix_power({first.text}, {exponent})")
            case "rows":
                return Text(f"{first.at(ATOM)}[:, None] * {last.at(UNARY)}", MUL)
            case "columns":
                return Text(f"{last.at(UNARY)} * {first.at(UNARY)}", MUL)
            case "total":
                axis = "" if op.data is None else f", axis={op.data}"
                return Text(f"np.sum({first.text}{axis})")
        raise AssertionError(f"no such operation: {op.kind}")

    def _call(self, op: Op) -> Text:
        """A template; an argument used twice must be an atom."""
        template = str(op.data)
        for k, arg in enumerate(op.args):
            if template.count(f"{{{k}}}") > 1 and arg.kind not in _TRIVIAL:
                self._name(arg)
        return filled(template, [self._texts[arg] for arg in op.args])

    def _fill(self, op: Op) -> Text:
        dims, value = self._dims(op.dims), op.args[0]
        if value.kind != "number":
            return Text(f"np.full({dims}, {self._texts[value].text}, dtype=float)", ATOM, 1)
        assert isinstance(value.data, Fraction)
        known = {Fraction(0): f"np.zeros({dims})", Fraction(1): f"np.ones({dims})"}
        return Text(known.get(value.data) or f"np.full({dims}, {_float(value.data)})")

    # --- sums and products -------------------------------------------------------------------

    def _sum(self, op: Op) -> Text:
        assert isinstance(op.data, tuple)
        if len(op.args) <= _FEW:
            self._shorten(_read(op))
        terms = sorted(zip(_read(op), op.data), key=lambda term: term[1] < 0)
        pieces = [self._term(arg, c) for arg, c in terms]
        return Text(self._joined(op, pieces), ADD, self._depth(_read(op)))

    def _term(self, arg: Op, c: Fraction) -> str:
        """A term with its sign, as it stands inside a sum."""
        sign = " - " if c < 0 else " + "
        if arg.kind == "number":
            assert isinstance(arg.data, Fraction)
            return sign + _number(abs(c) * arg.data).at(MUL)
        if len(self._texts[arg].text) > _LONG:
            self._name(arg)
        text = self._texts[arg]
        if abs(c) == 1:
            return sign + text.at(MUL)
        if abs(c).numerator == 1 and _is_quotient(c):
            return f"{sign}{text.at(UNARY)} / {c.denominator}"
        return f"{sign}{_number(abs(c)).at(UNARY)} * {text.at(UNARY)}"

    def _joined(self, op: Op, pieces: list[str]) -> str:
        """Operators with operands in one expression; where it is long, in several statements."""
        name, line = "", ""
        for piece in pieces:
            if line and len(line) + len(piece) > WIDE:
                name, line = self._flush(name, line, op)
            line += piece
        return _leading(name, line)

    def _flush(self, name: str, line: str, op: Op) -> tuple[str, str]:
        made = name or self.names.temporary("svM"[op.rank])
        self._statements.append(f"{made} = {_leading(name, line)}")
        return made, ""

    def _product(self, op: Op) -> Text:
        """Scalars first, so that an array is multiplied once."""
        assert isinstance(op.data, tuple)
        c, count = op.data
        if len(op.args) <= _FEW:
            self._shorten(op.args)
        pieces: list[str] = []
        whole, over = (Fraction(c.numerator), c.denominator) if _is_quotient(c) else (c, 1)
        ups = [(arg, " * ") for arg in op.args[:count]]
        downs = [(arg, " / ") for arg in op.args[count:]]
        arrays = [pair for pair in ups + downs if pair[0].rank]
        scalars = [pair for pair in ups + downs if not pair[0].rank]
        if abs(whole) != 1 or not ups:
            pieces.append(" * " + _number(abs(whole)).at(UNARY))
        if over != 1:
            scalars.append((self.result, str(over)))
        if not pieces and not any(sign == " * " for _, sign in scalars):
            scalars, arrays = [], arrays + scalars  # x / s rather than 1 / s * x
        for arg, sign in scalars + arrays:
            if sign not in (" * ", " / "):
                pieces.append(f" / {sign}")
                continue
            if len(self._texts[arg].text) > _LONG:
                self._name(arg)
            pieces.append(sign + self._texts[arg].at(UNARY))
        first = next(k for k, piece in enumerate(pieces) if piece.startswith(" * "))
        pieces.insert(0, pieces.pop(first))
        text = self._joined(op, pieces)
        if whole < 0:
            text = f"-{text}"
        single = len(pieces) == 1
        return Text(text, UNARY if single else MUL, self._depth(op.args))


def _leading(name: str, line: str) -> str:
    """Operators with operands as an expression: after a name, or without the first operator."""
    if name:
        return name + line
    if line.startswith(" - "):
        return "-" + line[3:]
    return line[3:]


def filled(template: str, texts: Iterable[Text]) -> Text:
    """A template of texts; one that is not alone between brackets must be an atom."""
    outside = template
    while outside != (outside := re.sub(r"\([^()]*\)|\[[^][]*\]", "", outside)):
        pass
    binds = ADD if " " in outside else MUL if "/" in outside or "*" in outside else ATOM
    for k, text in enumerate(texts):
        alone = re.search(rf"([([]|, )\{{{k}\}}([])]|,)", template)
        template = template.replace(f"{{{k}}}", text.text if alone else text.at(ATOM))
    return Text(template, binds)


# --- numbers ---------------------------------------------------------------------------------


def _is_short(value: Fraction) -> bool:
    """An integer, or exactly a short decimal number."""
    if value.denominator == 1:
        return True
    text = _float(value)
    return len(text) <= 8 and text[-1].isdigit() and Fraction(text) == value


def _is_quotient(value: Fraction) -> bool:
    """Neither short nor too large to be written as a quotient of integers that floats hold."""
    return not _is_short(value) and max(abs(value.numerator), value.denominator) < 2**53


def _float(value: Fraction) -> str:
    try:
        return repr(float(value))
    except OverflowError:
        return "-np.inf" if value < 0 else "np.inf"


def _number(value: Fraction) -> Text:
    """An integer, a decimal number or a quotient of integers."""
    if _is_quotient(value):
        return Text(f"{value.numerator} / {value.denominator}", MUL)
    whole = value.denominator == 1 and abs(value) < 2**53
    return Text(str(value) if whole else _float(value), UNARY if value < 0 else ATOM)
