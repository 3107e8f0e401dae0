"""Conditions in words, and what is said when one of them can never hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matcalc.algebra.ir import Node
from matcalc.algebra.rewrite import substitute
from matcalc.calculus.conditions import Condition, conditions, holds
from matcalc.errors import MatcalcError
from matcalc.language.problem import Problem
from matcalc.render.present import Presenter
from matcalc.render.text import text


def in_words(F: Node, problem: Problem) -> tuple[str, ...]:
    """Where an expression and its derivative have a value."""
    presenter = Presenter(problem.style)
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
    signed = "invertible" not in condition.template and "!=" not in condition.template
    tree = (presenter.present if signed else presenter.unsigned)(condition.node)
    return condition.template.format(text(tree))
