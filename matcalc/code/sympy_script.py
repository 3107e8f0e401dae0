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

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold, postorder
from matcalc.answer import Expression
from matcalc.code.printer import ADD, ATOM, MUL, POWER, Names, Text, dim_text, filled
from matcalc.dimensions.infer import SymbolInfo
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import Dim, Shape
from matcalc.tables.functions import FUNCTIONS

_LONG = 70  # characters of an expression that still goes into another one
_CHUNK = 8  # operands in one statement


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
        self._names = Names({*keyword.kwlist, "sp", "derivative"}, names)
        self._uses: dict[Node, int] = {}
        self._entry = ""
        self.sizes: set[str] = set()

    def declarations(self, symbols: Mapping[str, SymbolInfo]) -> list[str]:
        """The symbols, sizes first."""
        matrices: list[str] = []
        scalars: list[str] = []
        for name, info in symbols.items():
            spelled = self._names[name]
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
            f'{self._names[name]} = sp.Symbol("{name}", integer=True, positive=True)'
            for name in sorted(self.sizes)
        )
        return [*sizes, *scalars, *matrices]

    def write(self, root: Node) -> str:
        """The expression; what it shares becomes statements."""
        for node in postorder(root):
            for child in node.children:
                self._uses[child] = self._uses.get(child, 0) + 1
        texts: dict[Node, Text] = {}

        def combine(node: Node, done: dict[Node, Text]) -> Text:
            text = self._expression(node, done)
            leaf = isinstance(node, Number | Symbol) or not node.children
            shared = self._uses.get(node, 0) > 1 and not leaf and len(text.text) > 12
            long = len(text.text) > _LONG and node is not root
            return self._named(text) if shared or long else text

        text = fold(root, combine, texts).text
        return f"sp.Integer({text})" if re.fullmatch(r"-?\d+", text) else text

    def _named(self, text: Text) -> Text:
        """The name of a new intermediate."""
        name = self._names.temporary("e")
        self.statements.append(f"{name} = {text.text}")
        return Text(name)

    # --- nodes -------------------------------------------------------------------------------

    def _expression(self, node: Node, done: Mapping[Node, Text]) -> Text:
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

    def _symbol(self, node: Symbol) -> Text:
        if node.role == "constant":
            return Text("sp.pi")
        if node.role == "function":
            raise _unsupported(f"the abstract function {node.name}")
        if node.role == "dimension":
            self.sizes.add(node.name)
        return Text(self._names[node.name])

    def _sum(self, node: Sum, done: Mapping[Node, Text]) -> Text:
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
            return Text(f"{base}.applyfunc({rule})")
        terms = [_term(c, done[term], term is normal.ONE) for term, c in node.terms]
        return Text(self._joined(varying or terms), ADD)

    def _constant_entry(self, term: Node, done: Mapping[Node, Text]) -> Text | None:
        """s where the term is s times an array of ones."""
        if normal.is_ones(term) or normal.is_ones(normal.transpose(term)):
            return Text("1")
        if not isinstance(term, Product) or not term.chain or term.shape.is_scalar:
            return None
        bases = [base for base, _ in term.chain]
        if not all(normal.is_ones(b) or normal.is_ones(normal.transpose(b)) for b in bases):
            return None
        pieces = [f"*{_power(done[b], e, done)}" for b, e in term.scalars]
        return Text(self._joined(pieces), MUL) if pieces else Text("1")

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
            name = line if start + _CHUNK >= len(pieces) else self._named(Text(line)).text
        return name

    def _product(self, node: Product, done: Mapping[Node, Text]) -> Text:
        if not (node.scalars or node.chain):
            matrix, c = self._shaped("Identity", node.shape), _number(node.coefficient)
            return matrix if c.text == "1" else Text(f"{c.at(MUL)}*{matrix.text}", MUL)
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
        return Text(text, ATOM if alone else MUL)

    def _scalar_chain(self, chain: normal.Chain, done: Mapping[Node, Text]) -> str:
        """u' A v as a trace, ones' A v as the sum of the entries of A v."""
        first, last = normal.is_ones(normal.transpose(chain[0][0])), normal.is_ones(chain[-1][0])
        inner = chain[first : len(chain) - last]
        text = self._joined([f"*{self._factor(b, e, done)}" for b, e in inner])
        return self._total(text) if first or last else f"sp.Trace({text})"

    def _total(self, text: str) -> str:
        """The sum of all entries."""
        V = text if text.isidentifier() else self._named(Text(text)).text
        return f"sp.Trace({V}.applyfunc({self._mapping('1')}).T*{V})"

    def _mapping(self, rule: str) -> str:
        """A function of an entry, which the rule calls {0}."""
        entry = self._dummy()
        return f"sp.Lambda({entry}, {rule.replace('{0}', entry)})"

    def _dummy(self) -> str:
        """The variable of element-wise functions that have no name."""
        if not self._entry:
            self._entry = self._names.like("entry")
            self.statements.append(f'{self._entry} = sp.Dummy("entry")')
        return self._entry

    def _factor(self, base: Node, e: Node, done: Mapping[Node, Text]) -> str:
        """A matrix power."""
        k = normal.integer(e)
        if e is normal.ONE:
            return done[base].at(POWER)
        if k is None:
            return f"{done[base].at(ATOM)}**{done[e].at(ATOM)}"
        inverse = f"sp.Inverse({done[base].text})" if k < 0 else done[base].at(ATOM)
        return inverse if abs(k) == 1 else f"{inverse}**{abs(k)}"

    def _apply(self, node: Apply, args: list[Text]) -> Text:
        first = args[0] if args else Text("")
        match node.head:
            case "transpose":
                return Text(f"{first.at(ATOM)}.T")
            case "ones":
                return self._shaped("OneMatrix", node.shape)
            case "hadamard":
                return Text(f"sp.HadamardProduct({', '.join(arg.text for arg in args)})")
            case "epow":
                rule = self._mapping(f"{{0}}**{args[1].at(ATOM)}")
                return Text(f"{first.at(ATOM)}.applyfunc({rule})")
            case "block":
                raise _unsupported("a block matrix")
        return self._function(node, args)

    def _function(self, node: Apply, args: list[Text]) -> Text:
        """A function of the table, through its row's SymPy spelling."""
        row = FUNCTIONS.get(node.head)
        if row is None or not row.sympy:
            raise _unsupported(node.head)
        rule = re.sub(r"(?<![\w.{])[A-Za-z]\w*", r"sp.\g<0>", row.sympy)
        if row.is_elementwise and not node.shape.is_scalar:
            if row.arity > 1:
                raise _unsupported(f"{node.head} of matrices")
            mapping = self._mapping(rule) if "{" in rule else rule
            return Text(f"{args[0].at(ATOM)}.applyfunc({mapping})")
        rule = rule if "{" in rule else f"{rule}({{0}})"
        bound = row.shapes.sizes((*(arg.shape for arg in node.args), node.shape))
        for name in bound:
            if f"{{{name}}}" in rule:
                rule = rule.replace(f"{{{name}}}", self._dim(bound[name]))
        if "{entry}" in rule:
            rule = rule.replace("{entry}", self._dummy())
        for k, arg in enumerate(args):
            if rule.count(f"{{{k}}}") > 1 and not arg.text.isidentifier():
                args[k] = self._named(arg)
        return filled(rule, args)

    def _shaped(self, constant: str, shape: Shape) -> Text:
        dims = shape[:1] if constant == "Identity" else shape
        sizes = [self._dim(dim) for dim in dims]
        return Text(f"sp.{constant}({', '.join(sizes)})")

    def _dim(self, dim: Dim) -> str:
        self.sizes |= dim.names
        return dim_text(dim, self._names).text.replace(" * ", "*")


def _unsupported(what: str) -> MatcalcError:
    return MatcalcError(
        "unsupported",
        f"{what} has no equivalent in SymPy's matrix language",
        hint="numpy or latex",
    )


def _power(base: Text, e: Node, done: Mapping[Node, Text]) -> str:
    if e is normal.ONE:
        return base.at(POWER)
    if e is normal.HALF:
        return f"sp.sqrt({base.text})"
    return f"{base.at(ATOM)}**{done[e].at(ATOM)}"


def _term(c: Fraction, text: Text, is_one: bool) -> str:
    """A term of a sum with its sign."""
    sign = " - " if c < 0 else " + "
    if is_one:
        return sign + _number(abs(c)).text
    factor = "" if abs(c) == 1 else f"{_number(abs(c)).text}*"
    return sign + factor + text.at(POWER if factor else MUL)


def _number(value: Fraction) -> Text:
    """An exact number; an integer is made SymPy's where division would make a float of it."""
    if value.denominator == 1:
        return Text(str(value), ATOM if value >= 0 else ADD)
    return Text(f"sp.Rational({value.numerator}, {value.denominator})")
