"""The one table of formats: what they are, and which kind of answer can be written in each.

The choices of ``--to``, ``to()`` of the API and the README's table are made from it.  A cell is the
writer, ``module.function`` below ``matcalc.render``, which is loaded when it is first used: reading
the table costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from matcalc.errors import MatcalcError

# kinds of answers, and the commands that give them
KINDS = {
    "derivative": "diff",
    "steps": "diff --steps",
    "expression": "simplify",
    "expansion": "perturb, taylor",
    "shape": "shape",
    "verdict": "check",
}


@dataclass(frozen=True)
class Format:
    """``short`` formats have an option of their own; ``between`` separates several answers.

    A format without ``between`` has a writer that takes all of them.  The other fields are the
    writers of each kind of answer, "" if there is none.
    """

    doc: str
    derivative: str
    steps: str = ""
    expression: str = ""
    expansion: str = ""
    shape: str = ""
    verdict: str = ""
    short: bool = False
    between: str = "\n\n"


FORMATS: dict[str, Format] = {
    "text": Format(
        "a line in matcalc's own language, which reads back",
        derivative="text.expression",
        steps="derivation.plain",
        expression="text.expression",
        expansion="text.expression",
        shape="text.dimensions",
        verdict="text.verdict",
        between="\n",
    ),
    "latex": Format(
        "ASCII that needs amsmath only",
        derivative="latex.expression",
        steps="derivation.aligned",
        expression="latex.expression",
        expansion="expansion.aligned",
        short=True,
        between="\n",
    ),
    "markdown": Format(
        "for a notebook: displayed formulas, and what belongs to them as a list",
        derivative="markdown.derivative",
        steps="derivation.markdown",
        expression="markdown.expression",
        expansion="markdown.expansion",
    ),
    "json": Format(
        "everything, as the schema `matcalc/1`",
        derivative="machine.derivatives",
        steps="machine.derivations",
        expression="machine.expression",
        expansion="machine.expansion",
        shape="machine.expression",
        verdict="machine.verdict",
        short=True,
        between="",
    ),
    "numpy": Format(
        "a module with one function, `derivative`, of all the symbols",
        derivative="numpy_code.numpy_code",
        expression="numpy_code.numpy_code",
    ),
    "sympy": Format(
        "a script that builds the result in SymPy's matrix language",
        derivative="sympy_code.sympy_code",
        expression="sympy_code.sympy_code",
    ),
}


def offered(kind: str) -> list[str]:
    """The formats of a kind of answer."""
    return [name for name, row in FORMATS.items() if getattr(row, kind)]


def writer(kind: str, form: str) -> Callable[..., str]:
    """What writes answers of a kind, any number of them, in a format.

    Raises MatcalcError (usage) if there is no such writer.
    """
    names = offered(kind)
    if form not in names:
        hint = f"{', '.join(names[:-1])} or {names[-1]}"
        raise MatcalcError("usage", f"the {kind} cannot be written as {form}", hint=hint)
    row = FORMATS[form]
    module, _, function = getattr(row, kind).partition(".")
    write: Callable[..., str] = getattr(import_module(f"matcalc.render.{module}"), function)
    return (lambda *answers: row.between.join(map(write, answers))) if row.between else write
