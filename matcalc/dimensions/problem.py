"""A problem: a text read, its names typed, ready to become IR.

``read_problem`` is the way in from text; ``Problem.node`` the way on to the algebra.  The variables
of differentiation are lowered as *bare* symbols, without the facts that would let the normal form
identify entries (X' = X): the derivative is that of independent entries, and ``Problem.facts`` says
what may be put back afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from matcalc.algebra import normal
from matcalc.algebra.interpret import Reader
from matcalc.algebra.ir import Node, Symbol, make_symbol
from matcalc.dimensions.infer import SymbolInfo, Typed, infer, kind_of
from matcalc.errors import MatcalcError
from matcalc.language.sizes import Dim
from matcalc.language.syntax import parse
from matcalc.language.tree import Tree
from matcalc.present.style import Style
from matcalc.tables.facts import FREE, implied


@dataclass
class Problem:
    """An expression with the meaning of its names."""

    source: str
    wrt: tuple[str, ...]
    typed: Typed
    notes: tuple[str, ...]
    style: Style = field(default_factory=Style)

    @property
    def tree(self) -> Tree:
        return self.typed.tree

    def symbol(self, name: str, bare: bool = False) -> Node:
        """The node of a variable; ``bare`` without the facts that tie entries."""
        info = self.typed.symbols.get(name)
        if info is None:  # a defined name, taken as a variable
            return make_symbol(name, self.typed.shapes[self.typed.definitions[name]])
        if info.kind == "dimension":
            return normal.size(Dim.named(name))
        if info.kind == "function":
            return make_symbol(name, info.shape, frozenset(), "function")
        facts = implied(info.facts) & FREE if bare else implied(info.facts)
        if info.shape.is_scalar:
            facts &= FREE
        return make_symbol(name, info.shape, facts)

    def variable(self, name: str) -> Symbol:
        """The bare symbol of a variable of differentiation."""
        node = self.symbol(name, bare=True)
        if not isinstance(node, Symbol) or node.role != "variable":
            raise MatcalcError(
                "usage",
                f"{name} is a {self.typed.symbols[name].kind}, not a variable",
                hint="differentiate with respect to a scalar, a vector or a matrix",
            )
        return node

    def facts(self, names: Collection[str]) -> dict[Node, Node]:
        """The substitution that gives the named variables their declared facts back."""
        pairs = ((self.symbol(name, bare=True), self.symbol(name)) for name in names)
        return {bare: full for bare, full in pairs if bare is not full}

    def with_variables(self, more: Iterable[Symbol]) -> Problem:
        """The problem with further variables, perturbations of those that it has."""
        found = {
            dX.name: SymbolInfo(dX.name, dX.shape, kind_of(dX.shape), "inferred", frozenset())
            for dX in more
        }
        symbols = {**self.typed.symbols, **found}
        return replace(self, typed=replace(self.typed, symbols=symbols)) if found else self

    def node(self, bare: Collection[str] = ()) -> Node:
        """The expression as IR.  Raises MatcalcError (domain, unsupported)."""
        reader, _ = self._reader(bare)
        try:
            root = reader.read(self.tree)
        except MatcalcError as error:
            raise error.in_source(self.source) from None
        self.style.observe(self.tree, reader.nodes)
        self.style.reserved = frozenset(self.typed.symbols)
        return root

    def defined_nodes(self, bare: Collection[str] = ()) -> dict[str, Node]:
        """The definitions as IR."""
        return self._reader(bare)[1]

    def _reader(self, bare: Collection[str]) -> tuple[Reader, dict[str, Node]]:
        names = {name: self.symbol(name, bare=name in bare) for name in self.typed.symbols}
        sizes = {name: Dim.named(name) for name in self.typed.sizes}
        shapes = self.typed.shapes
        reader = Reader(names, sizes, identity=lambda tree: shapes[tree].rows)
        defined: dict[str, Node] = {}
        for name, definition in self.typed.definitions.items():  # dependencies come first
            if name in bare:
                names[name] = self.symbol(name, bare=True)
            else:
                names[name] = defined[name] = reader.read(definition)
                self.style.observe(definition, reader.nodes)
        return reader, defined


def read_problem(source: str, where: Sequence[str] = (), wrt: Sequence[str] = ()) -> Problem:
    """Parse and type a problem.  Raises MatcalcError for everything wrong with the input."""
    parsed = parse(source, where, wrt)
    try:
        typed = infer(parsed, source)
    except MatcalcError as error:
        raise error.in_source(source) from None
    return Problem(source, parsed.wrt, typed, (*parsed.notes, *typed.notes))
