"""SymPy code: a script that builds ``derivative`` in SymPy's matrix language.

Every name is a ``Symbol`` or a ``MatrixSymbol`` of its shape, vectors being n x 1; a scalar that
is a product of matrices is written as its trace, because SymPy's 1 x 1 matrices are no scalars.
The forms chosen are those that SymPy 1.14 evaluates once sizes and matrices are explicit: the sum
of the entries of V is tr(J' V) with J = V mapped to ones, and s + v is v mapped, since it leaves
products and sums with a OneMatrix as they are; V .^ k is mapped, since it leaves a HadamardPower;
entries such as (x'A x)[0, 0] are avoided, since they keep the old sizes of A when these change.
The text is made from the IR and not by SymPy's printers, and nothing is imported here: SymPy is
needed to run the script, not to write it.  What SymPy cannot say (vec, abstract functions of
vectors, the position of the largest entry) is refused.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold, postorder
from matcalc.answer import Expression
from matcalc.dimensions.infer import SymbolInfo
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import Dim, Shape
from matcalc.tables.functions import FUNCTIONS

_ADD, _MUL, _POWER, _ATOM = range(1, 5)
_LONG = 70  # characters of an expression that still goes into another one
_CHUNK = 8  # operands in one statement


class _Text(NamedTuple):
    """Code of an expression, and how tightly it binds."""

    text: str
    binds: int = _ATOM

    def at(self, binds: int) -> str:
        return self.text if self.binds >= binds else f"({self.text})"


def sympy_code(answer: Expression) -> str:
    """The script.  Raises MatcalcError (unsupported) for what SymPy has no expression for."""
    problem = answer.problem
    defined = set(problem.typed.definitions) - set(problem.wrt)
    symbols = {n: s for n, s in sorted(problem.typed.symbols.items()) if n not in defined}
    writer = _Writer({*symbols, *problem.typed.sizes})
    result = writer.write(answer.node)
    used = {node.name for node in postorder(answer.node) if isinstance(node, Symbol)}
    kept = {n: s for n, s in symbols.items() if s.kind != "function" or n in used}
    lines = [*writer.declarations(kept), *writer.statements, f"derivative = {result}"]
    return "\n".join(["import sympy as sp", "", *lines])


class _Writer:
    """The statements of the script."""

    def __init__(self, names: Iterable[str]) -> None:
        self.statements: list[str] = []
        self._taken = {*keyword.kwlist, "sp", "derivative"}
        self._spelled: dict[str, str] = {}
        self._uses: dict[Node, int] = {}
        self._count = 0
        self._entry = ""  # the variable of element-wise functions that have no name
        self.sizes: set[str] = set()
        free = sorted(set(names))
        reserved = frozenset(self._taken)
        self._taken |= set(free)
        for name in free:
            self._spelled[name] = self._free(name) if name in reserved else name

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def declarations(self, symbols: Mapping[str, SymbolInfo]) -> list[str]:
        """The symbols, sizes first."""
        matrices: list[str] = []
        scalars: list[str] = []
        for name, info in symbols.items():
            spelled = self._spelled[name]
            if info.kind == "function":
                raise _unsupported(f"the abstract function {name}")
            if info.kind == "dimension":
                self.sizes.add(name)
            elif info.shape.is_scalar:
                facts = "integer=True" if info.kind == "integer" else "real=True"
                positive = ", positive=True" if "positive" in info.facts else ""
                scalars.append(f'{spelled} = sp.Symbol("{name}", {facts}{positive})')
            else:
                rows, cols = self._dim(info.shape.rows), self._dim(info.shape.cols)
                matrices.append(f'{spelled} = sp.MatrixSymbol("{name}", {rows}, {cols})')
        sizes = (
            f'{self._spelled[name]} = sp.Symbol("{name}", integer=True, positive=True)'
            for name in sorted(self.sizes)
        )
        return [*sizes, *scalars, *matrices]

    def write(self, root: Node) -> str:
        """The expression; what it shares becomes statements."""
        for node in postorder(root):
            for child in node.children:
                self._uses[child] = self._uses.get(child, 0) + 1
        texts: dict[Node, _Text] = {}

        def combine(node: Node, done: dict[Node, _Text]) -> _Text:
            text = self._expression(node, done)
            leaf = isinstance(node, Number | Symbol) or not node.children
            shared = self._uses.get(node, 0) > 1 and not leaf and len(text.text) > 12
            long = len(text.text) > _LONG and node is not root
            return self._named(text) if shared or long else text

        text = fold(root, combine, texts).text
        return f"sp.Integer({text})" if re.fullmatch(r"-?\d+", text) else text

    def _named(self, text: _Text) -> _Text:
        """The name of a new intermediate."""
        name = ""
        while not name or name in self._taken:
            self._count += 1
            name = f"e{self._count}"
        self.statements.append(f"{name} = {text.text}")
        return _Text(name)

    # --- nodes -------------------------------------------------------------------------------

    def _expression(self, node: Node, done: Mapping[Node, _Text]) -> _Text:
        match node:
            case Number():
                return _number(node.value)
            case Symbol():
                return self._symbol(node)
            case Sum():
                return self._sum(node, done)
            case Product():
                return self._product(node, done)
            case Apply():
                return self._apply(node, [done[arg] for arg in node.args])
            case _:
                assert_never(node)

    def _symbol(self, node: Symbol) -> _Text:
        if node.role == "constant":
            return _Text("sp.pi")
        if node.role == "function":
            raise _unsupported(f"the abstract function {node.name}")
        if node.role == "dimension":
            self.sizes.add(node.name)
        return _Text(self._spelled[node.name])

    def _sum(self, node: Sum, done: Mapping[Node, _Text]) -> _Text:
        if not node.terms:
            return self._shaped("ZeroMatrix", node.shape)
        constants, varying = [], []
        for term, c in sorted(node.terms, key=lambda t: t[1] < 0):
            scalar = None if node.shape.is_scalar else self._constant_entry(term, done)
            if scalar is None:
                varying.append(_term(c, done[term], term is normal.ONE))
            else:
                constants.append(_term(c, scalar, scalar.text == "1"))
        if constants and varying:  # s + v, entry by entry
            rule = self._mapping(self._joined([" + {0}", *constants]))
            base = self._joined(varying)
            base = base if base.isidentifier() else f"({base})"
            return _Text(f"{base}.applyfunc({rule})")
        terms = [_term(c, done[term], term is normal.ONE) for term, c in node.terms]
        return _Text(self._joined(varying or terms), _ADD)

    def _constant_entry(self, term: Node, done: Mapping[Node, _Text]) -> _Text | None:
        """s where the term is s times an array of ones."""
        if normal.is_ones(term) or normal.is_ones(normal.transpose(term)):
            return _Text("1")
        if not isinstance(term, Product) or not term.chain or term.shape.is_scalar:
            return None
        bases = [base for base, _ in term.chain]
        if not all(normal.is_ones(b) or normal.is_ones(normal.transpose(b)) for b in bases):
            return None
        pieces = [f"*{_power(done[b], e, done)}" for b, e in term.scalars]
        return _Text(self._joined(pieces), _MUL) if pieces else _Text("1")

    def _joined(self, pieces: list[str]) -> str:
        """Operators with operands, in as many statements as it takes."""
        name = ""
        for start in range(0, len(pieces), _CHUNK):
            line = "".join(pieces[start : start + _CHUNK])
            if name:
                line = name + line
            elif line.startswith(" - "):
                line = "-" + line[3:]
            else:
                line = line.lstrip(" +*")
            name = line if start + _CHUNK >= len(pieces) else self._named(_Text(line)).text
        return name

    def _product(self, node: Product, done: Mapping[Node, _Text]) -> _Text:
        if not (node.scalars or node.chain):
            matrix, c = self._shaped("Identity", node.shape), _number(node.coefficient)
            return matrix if c.text == "1" else _Text(f"{c.at(_MUL)}*{matrix.text}", _MUL)
        pieces = [f"*{_power(done[b], e, done)}" for b, e in node.scalars]
        if node.chain and node.shape.is_scalar:
            pieces.append(f"*{self._scalar_chain(node.chain, done)}")
        elif node.chain:
            chain = self._joined([f"*{self._factor(b, e, done)}" for b, e in node.chain])
            pieces.append(f"*{chain}")
        elif not node.shape.is_scalar:
            pieces.append(f"*{self._shaped('Identity', node.shape).text}")
        if abs(node.coefficient) != 1:
            pieces.insert(0, f"*{_number(abs(node.coefficient)).text}")
        text = self._joined(pieces)
        if node.coefficient < 0:
            text = f"-{text}"
        alone = not node.scalars and node.shape.is_scalar and node.coefficient == 1
        return _Text(text, _ATOM if alone else _MUL)

    def _scalar_chain(self, chain: normal.Chain, done: Mapping[Node, _Text]) -> str:
        """u' A v as a trace, ones' A v as the sum of the entries of A v."""
        first, last = normal.is_ones(normal.transpose(chain[0][0])), normal.is_ones(chain[-1][0])
        inner = chain[first : len(chain) - last]
        text = self._joined([f"*{self._factor(b, e, done)}" for b, e in inner])
        return self._total(text) if first or last else f"sp.Trace({text})"

    def _total(self, text: str) -> str:
        """The sum of all entries."""
        V = text if text.isidentifier() else self._named(_Text(text)).text
        return f"sp.Trace({V}.applyfunc({self._mapping('1')}).T*{V})"

    def _mapping(self, rule: str) -> str:
        """A function of an entry, which the rule calls {0}."""
        if not self._entry:
            self._entry = self._free("entry")
            self.statements.append(f'{self._entry} = sp.Dummy("entry")')
        return f"sp.Lambda({self._entry}, {rule.replace('{0}', self._entry)})"

    def _factor(self, base: Node, e: Node, done: Mapping[Node, _Text]) -> str:
        """A matrix power."""
        k = normal.integer(e)
        if e is normal.ONE:
            return done[base].at(_POWER)
        if k is None:
            return f"{done[base].at(_ATOM)}**{done[e].at(_ATOM)}"
        inverse = f"sp.Inverse({done[base].text})" if k < 0 else done[base].at(_ATOM)
        return inverse if abs(k) == 1 else f"{inverse}**{abs(k)}"

    def _apply(self, node: Apply, args: list[_Text]) -> _Text:
        first = args[0] if args else _Text("")
        match node.head:
            case "transpose":
                return _Text(f"{first.at(_ATOM)}.T")
            case "ones":
                return self._shaped("OneMatrix", node.shape)
            case "hadamard":
                return _Text(f"sp.HadamardProduct({', '.join(arg.text for arg in args)})")
            case "epow":
                rule = self._mapping(f"{{0}}**{args[1].at(_ATOM)}")
                return _Text(f"{first.at(_ATOM)}.applyfunc({rule})")
            case "tr":
                return _Text(f"sp.Trace({first.text})")
            case "det":
                return _Text(f"sp.Determinant({first.text})")
            case "logdet":
                return _Text(f"sp.log(sp.Abs(sp.Determinant({first.text})))")
            case "diag":
                return _Text(f"sp.DiagMatrix({first.text})")
            case "diagonal":
                return self._diagonal(node, first)
            case "logsumexp" | "softmax":
                return self._exponentials(node, first)
        return self._function(node, args)

    def _diagonal(self, node: Apply, M: _Text) -> _Text:
        """(I .* M) 1, since DiagonalOf cannot be evaluated once M is explicit (SymPy 1.14)."""
        eye = self._shaped("Identity", node.args[0].shape).text
        column = self._shaped("OneMatrix", node.shape).text
        return _Text(f"sp.HadamardProduct({eye}, {M.text})*{column}", _MUL)

    def _exponentials(self, node: Apply, x: _Text) -> _Text:
        """softmax(x) = exp(x) / sum(exp(x)), logsumexp(x) = log(sum(exp(x)))."""
        powers = self._named(_Text(f"{x.at(_ATOM)}.applyfunc(sp.exp)")).text
        if node.head == "logsumexp":
            return _Text(f"sp.log({self._total(powers)})")
        return _Text(f"{powers}/{self._total(powers)}", _MUL)

    def _function(self, node: Apply, args: list[_Text]) -> _Text:
        """An element-wise function of the table, through its row's SymPy spelling."""
        row = FUNCTIONS.get(node.head)
        if row is None or not row.sympy or not row.is_elementwise:
            raise _unsupported(node.head)
        (argument,) = args
        if "{0}" not in row.sympy:
            if node.shape.is_scalar:
                return _Text(f"sp.{row.sympy}({argument.text})")
            return _Text(f"{argument.at(_ATOM)}.applyfunc(sp.{row.sympy})")
        if node.shape.is_scalar:
            return _Text(_qualified(row.sympy).replace("{0}", argument.at(_ATOM)), _ADD)
        rule = self._mapping(_qualified(row.sympy))
        return _Text(f"{argument.at(_ATOM)}.applyfunc({rule})")

    def _shaped(self, constant: str, shape: Shape) -> _Text:
        dims = shape[:1] if constant == "Identity" else shape
        sizes = [self._dim(dim) for dim in dims]
        return _Text(f"sp.{constant}({', '.join(sizes)})")

    def _dim(self, dim: Dim) -> str:
        self.sizes |= dim.names
        terms = []
        for monomial, k in dim.terms:
            factors = ([str(k)] if k != 1 or not monomial else []) + [
                self._spelled[name] for name in monomial
            ]
            terms.append("*".join(factors))
        return " + ".join(terms) or "0"


def _unsupported(what: str) -> MatcalcError:
    return MatcalcError(
        "unsupported",
        f"{what} has no equivalent in SymPy's matrix language",
        hint="numpy or latex",
    )


def _qualified(template: str) -> str:
    """A spelling of the table with its functions taken from ``sp``."""
    for name in ("log", "exp", "Max", "Heaviside"):
        template = template.replace(f"{name}(", f"sp.{name}(")
    return template


def _power(base: _Text, e: Node, done: Mapping[Node, _Text]) -> str:
    if e is normal.ONE:
        return base.at(_POWER)
    if e is normal.HALF:
        return f"sp.sqrt({base.text})"
    return f"{base.at(_ATOM)}**{done[e].at(_ATOM)}"


def _term(c: Fraction, text: _Text, is_one: bool) -> str:
    """A term of a sum with its sign."""
    sign = " - " if c < 0 else " + "
    if is_one:
        return sign + _number(abs(c)).text
    factor = "" if abs(c) == 1 else f"{_number(abs(c)).text}*"
    return sign + factor + text.at(_POWER if factor else _MUL)


def _number(value: Fraction) -> _Text:
    """An exact number; an integer is made SymPy's where division would make a float of it."""
    if value.denominator == 1:
        return _Text(str(value), _ATOM if value >= 0 else _ADD)
    return _Text(f"sp.Rational({value.numerator}, {value.denominator})")
