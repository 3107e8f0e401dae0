"""Where the result holds: the conditions of the functions that an expression is made of.

Read off the normal form, so that norm(x)^2 (which is x'x) asks for nothing while norm(x) asks for x
not to be zero.  What the declared facts or the form of an expression already grant is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from matcalc.algebra import normal
from matcalc.algebra.interpret import Reader, formula, row_formula
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, postorder
from matcalc.algebra.rewrite import substitute
from matcalc.algebra.sympy_bridge import sign
from matcalc.dimensions.problem import Problem
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.text import text
from matcalc.present.patterns import norm_argument
from matcalc.present.presenter import Presenter
from matcalc.present.style import Style
from matcalc.tables.facts import FACTS
from matcalc.tables.functions import FUNCTIONS

_RELATION = re.compile(r"(?P<left>.*) (?P<operator>!=|>|<) (?P<right>-?\d+)( entry-wise)?")
_INVERTIBLE = "{} invertible"


class Condition(NamedTuple):
    """``template`` with ``{}`` for the text of ``node``."""

    template: str
    node: Node

    @property
    def fact(self) -> str:
        """The fact that is asked for, "" where it is a relation."""
        word = self.template.removeprefix("{} ")
        return word if word in FACTS else ""


def conditions(root: Node) -> list[Condition]:
    """The conditions under which an expression is defined and differentiable."""
    found: dict[Condition, None] = {}
    for node in postorder(root):
        for condition in map(_simpler, _of(node)):
            if not _granted(condition):
                found.setdefault(condition)
    return list(found)


def holds(condition: Condition) -> bool | None:
    """Is the condition true, whatever values the symbols have?  None if that depends on them."""
    node = condition.node
    relation = _RELATION.fullmatch(condition.template)
    if relation is None:
        return False if normal.is_zero(node) else None
    entry = normal.constant_entry(node) or node
    reader = Reader({"x": entry}, {}, entrywise=True)
    left = reader.read(formula(relation["left"].replace("{}", "x")))
    right = normal.mul(normal.number(int(relation["right"])), normal.ones_matrix(left.shape))
    found = sign(normal.sub(left, right))
    if found is None:
        return None
    return {"!=": found != 0, ">": found > 0, "<": found < 0}[relation["operator"]]


def _of(node: Node) -> list[Condition]:
    match node:
        case Product():
            scalars = [_power(b, e, "{}") for b, e in node.scalars]
            chain = [
                _invertible(b) for b, e in node.chain if not isinstance(e, Number) or e.value < 0
            ]
            return [c for c in scalars if c is not None] + chain
        case Apply(head="epow"):
            entry = _power(node.args[0], node.args[1], "{} entry-wise")
            return [entry] if entry is not None else []
        case Apply() if node.head in FUNCTIONS and FUNCTIONS[node.head].domain:
            row = FUNCTIONS[node.head]
            if row.arity > 1 and (relation := _RELATION.fullmatch(row.domain)):
                text = relation["left"].replace("{", "").replace("}", "")
                left = row_formula(row, text, node.args, node.shape)
                entries = "" if left.shape.is_scalar else " entry-wise"
                return [Condition(row.domain.replace(relation["left"], "{}") + entries, left)]
            template = row.domain.replace(f"{{{row.parameters[0]}}}", "{}")
            if template == _INVERTIBLE:
                return _all_invertible(node.args[0])
            if normal.is_elementwise(node) and not node.shape.is_scalar:
                template += " entry-wise"
            arg = node.args[0]
            if row.transpose:  # f(X)' is made of X': one condition for both
                arg = min(arg, normal.transpose(arg), key=lambda M: M.primes)
            return [Condition(template, arg)]
        case Number() | Symbol() | Sum() | Apply():
            return []
        case _:
            assert_never(node)


def _invertible(base: Node) -> Condition:
    return Condition(_INVERTIBLE, min(base, normal.transpose(base), key=lambda M: M.primes))


def _all_invertible(node: Node) -> list[Condition]:
    """A product of square matrices is invertible if each of them is."""
    if isinstance(node, Product) and all(b.shape.is_square for b, _ in node.chain):
        return [_invertible(b) for b, _ in node.chain]
    return [_invertible(node)]


def _power(base: Node, e: Node, entry: str) -> Condition | None:
    suffix = entry.removeprefix("{}")
    if isinstance(e, Number):
        if e.value.denominator > 1:
            inside = norm_argument(base)
            if inside is not None and e.value.denominator == 2:
                return Condition("{} != 0", inside)
            return Condition("{} > 0" + suffix, base)
        return Condition("{} != 0" + suffix, base) if e.value < 0 else None
    if normal.is_integer(e):
        return None
    return Condition("{} > 0" + suffix, base)


def _simpler(condition: Condition) -> Condition:
    """abs(u) > 0 says that u is not 0."""
    template, node = condition
    if template.startswith("{} > 0") and (u := normal.argument_of_abs(node)) is not None:
        return Condition(template.replace("> 0", "!= 0"), u)
    if template == "{} > 0" and isinstance(node, Product) and not node.chain:
        return _of_product(condition, node)
    return condition


def _of_product(condition: Condition, node: Product) -> Condition:
    """c s^2 > 0 says that s is not 0, c s > 0 that s > 0, for c > 0."""
    left = [(b, e) for b, e in node.scalars if not normal.positive(b)]
    if node.coefficient < 0 or len(left) != 1:
        return condition
    base, e = left[0]
    k = normal.integer(e)
    if k is None:
        return condition
    return Condition("{} > 0" if k % 2 else "{} != 0", base)


def _granted(condition: Condition) -> bool:
    """Does the condition follow from declared facts or from the form?"""
    template, node = condition
    if condition.fact:
        return isinstance(node, Symbol) and condition.fact in node.facts
    if template.startswith("{} != 0") and normal.inside_det(node) is not None:
        return True  # the determinant's own condition says it
    return holds(condition) is True


# --- in words -------------------------------------------------------------------------------------


def in_words(F: Node, style: Style) -> tuple[str, ...]:
    """Where an expression and its derivative have a value."""
    presenter = Presenter(style)
    found = dict.fromkeys(_written(c, presenter) for c in conditions(F))
    stronger = {c: c.replace("!= 0", "> 0") for c in found}
    return tuple(c for c, other in stronger.items() if other == c or other not in found)


def require_possible(F: Node, problem: Problem, wrt: Sequence[str]) -> None:
    """Raises MatcalcError (domain) if a condition fails for all values of the variables."""
    for words in _impossible(F, problem, wrt):
        declared = sorted({fact for name in wrt for fact in _facts(problem, name)})
        given = f" of what is declared {' and '.join(declared)}" if declared else ""
        raise MatcalcError(
            "domain",
            f"there is no derivative: it needs `{words}`, which never holds{given}",
            hint="a norm has none where its argument is zero, a function none outside its domain",
        )


def _impossible(F: Node, problem: Problem, wrt: Sequence[str]) -> Iterator[str]:
    facts = problem.facts(wrt)
    for condition in conditions(F):
        if holds(Condition(condition.template, substitute(condition.node, facts))) is False:
            yield _written(condition, Presenter(problem.style))


def _facts(problem: Problem, name: str) -> frozenset[str]:
    info = problem.typed.symbols.get(name)
    return frozenset() if info is None else frozenset(info.facts)


def _written(condition: Condition, presenter: Presenter) -> str:
    signed = not condition.fact and "!=" not in condition.template
    tree = (presenter.present if signed else presenter.unsigned)(condition.node)
    return condition.template.format(text(tree))
