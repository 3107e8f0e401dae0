"""Is a hand-derived answer right?

The answer is read with the shapes that the problem gave to its symbols, so that it needs no
declarations of its own and nothing in it is guessed; then it is compared by value.
"""

from __future__ import annotations

from matcalc.answer import Derivative, Graded
from matcalc.dimensions.infer import SymbolInfo
from matcalc.dimensions.problem import read_problem
from matcalc.errors import MatcalcError
from matcalc.language.text import text
from matcalc.language.tree import Name, postorder
from matcalc.verify.compare import compare


def grade(derivative: Derivative, answer: str) -> Graded:
    """How an answer relates to the derivative.  Raises MatcalcError if it cannot be read."""
    typed = derivative.problem.typed
    free = [info for info in derivative.symbols if info.name not in typed.definitions]
    where = [_declaration(info) for info in free if info.kind != "dimension"]
    where += [f"{name} = {text(tree)}" for name, tree in typed.definitions.items()]
    given = read_problem(answer, where).typed
    for node in postorder(given.tree):
        if isinstance(node, Name) and node.name in set(given.symbols) - set(typed.symbols):
            raise MatcalcError(
                "unknown-variable",
                f"{node.name} does not occur in the problem",
                node.span,
                hint=f"the names of the problem are {', '.join(typed.symbols)}",
                source=answer,
            )
    names = derivative.variables
    result = (derivative.tree, derivative.shapes)
    order, layout = derivative.order, derivative.layout
    found = compare(typed, names, result, (given.tree, given.shapes), order=order, layout=layout)
    return Graded(**vars(found), derivative=derivative, answer=answer)


def _declaration(info: SymbolInfo) -> str:
    """What declares a symbol."""
    if info.kind == "function":
        return f"{info.name}: R^{{{info.shape.cols}}} -> R^{{{info.shape.rows}}}"
    return f"{info.name}: {info.shape} {' '.join(sorted(info.facts))}".rstrip()
