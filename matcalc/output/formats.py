"""The one table of formats: what they are, and which kind of answer can be written in each.

The formats that the command line offers, ``to()`` of the API and the README's table are made from
it.  A cell is the writer, ``module.function`` below ``matcalc``, which is loaded when it is first
used: reading the table costs nothing.
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
        derivative="output.lines.in_text",
        steps="output.steps_text.plain",
        expression="output.lines.in_text",
        expansion="output.lines.in_text",
        shape="output.lines.dimensions",
        verdict="output.lines.verdict",
        between="\n",
    ),
    "latex": Format(
        "ASCII that needs amsmath only",
        derivative="output.lines.in_latex",
        steps="output.steps_text.aligned",
        expression="output.lines.in_latex",
        expansion="output.steps_text.expansion",
        short=True,
        between="\n",
    ),
    "markdown": Format(
        "for a notebook: displayed formulas, and what belongs to them as a list",
        derivative="output.markdown.derivative",
        steps="output.steps_text.markdown",
        expression="output.markdown.expression",
        expansion="output.markdown.expansion",
    ),
    "json": Format(
        "everything, as the schema `matcalc/1`",
        derivative="output.json_document.derivatives",
        steps="output.json_document.derivations",
        expression="output.json_document.expression",
        expansion="output.json_document.expansion",
        shape="output.json_document.expression",
        verdict="output.json_document.verdict",
        short=True,
        between="",
    ),
    "numpy": Format(
        "a module with one function, `derivative`, of all the symbols",
        derivative="code.module.numpy_code",
        expression="code.module.numpy_code",
    ),
    "sympy": Format(
        "a script that builds the result in SymPy's matrix language",
        derivative="code.sympy_script.sympy_code",
        expression="code.sympy_script.sympy_code",
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
    module, _, function = getattr(row, kind).rpartition(".")
    write: Callable[..., str] = getattr(import_module(f"matcalc.{module}"), function)
    return (lambda *answers: row.between.join(map(write, answers))) if row.between else write
