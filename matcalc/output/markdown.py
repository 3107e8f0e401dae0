"""Markdown: a displayed formula, with what belongs to it as a list.

Formulas stand between dollar signs, as notebooks, GitHub and most static site generators read them.
"""

from __future__ import annotations

from matcalc.answer import Answer, Derivative, Expansion, Expression
from matcalc.language.latex import latex, latex_name
from matcalc.output import steps_text
from matcalc.output.lines import in_latex, quotient


def derivative(answer: Derivative) -> str:
    """The derivative by its name, its dimensions, symbols and conditions."""
    tree, named = answer.named
    names = (f"${latex_name(name)} = {latex(value, answer.shapes)}$" for name, value in named)
    facts = [f"{_shape(answer)}, layout: {answer.layout}"]
    facts += [f"needs: `{condition}`" for condition in answer.conditions]
    facts += [f"check: {found.message}" for found in (answer.check, answer.proof) if found]
    formula = f"{quotient(answer)} = {latex(tree, answer.shapes)}"
    return _page(formula, facts, answer, ", ".join(names))


def expression(answer: Expression) -> str:
    """The expression and its dimensions."""
    return _page(in_latex(answer), [_shape(answer)], answer)


def expansion(answer: Expansion) -> str:
    """The sum of the terms of every order."""
    return _page(steps_text.expansion(answer), [], answer)


def _shape(answer: Expression) -> str:
    rows, cols = map(str, answer.shape)
    return f"shape: {rows} × {cols}"


def _page(formula: str, facts: list[str], answer: Answer, where: str = "") -> str:
    symbols = [
        f"${latex_name(symbol.name)}$: {symbol.shape.rows} × {symbol.shape.cols}"
        for symbol in answer.symbols
    ]
    facts = [*facts, f"symbols: {'; '.join(symbols)}"] if symbols else facts
    facts = [*facts, *(f"note: {note}" for note in answer.notes), f"as text: `{answer}`"]
    lines = ["$$", formula, "$$", "", *([f"where {where}", ""] if where else [])]
    return "\n".join([*lines, *(f"- {fact}" for fact in facts)])
