"""Markdown: a derivative as a displayed formula, with what belongs to it as a list.

Formulas stand between dollar signs, as notebooks, GitHub and most static site generators read them.
"""

from __future__ import annotations

from matcalc.language.tree import Tree
from matcalc.render.answer import DerivativeAnswer
from matcalc.render.latex import latex, latex_name
from matcalc.render.text import text


def markdown(derivative: DerivativeAnswer) -> str:
    """The derivative by its name, its dimensions, symbols and conditions."""
    tree, named = derivative.named

    def math(tree: Tree) -> str:
        return latex(tree, derivative.shapes)

    lines = ["$$", f"{quotient(derivative)} = {math(tree)}", "$$"]
    if named:
        where = ", ".join(f"${latex_name(name)} = {math(value)}$" for name, value in named)
        lines += ["", f"where {where}"]
    rows, cols = map(str, derivative.shape)
    lines += ["", f"- shape: {rows} × {cols}, layout: {derivative.layout}"]
    symbols = [
        f"${latex_name(symbol.name)}$: {symbol.shape.rows} × {symbol.shape.cols}"
        for symbol in derivative.symbols
    ]
    if symbols:
        lines.append(f"- symbols: {'; '.join(symbols)}")
    lines += [f"- needs: `{condition}`" for condition in derivative.conditions]
    lines += [f"- note: {note}" for note in derivative.notes]
    lines.append(f"- as text: `{text(derivative.tree)}`")
    return "\n".join(lines)


def quotient(derivative: DerivativeAnswer) -> str:
    r"""The left-hand side: \frac{\partial f}{\partial X}."""
    names = [latex_name(name.strip()) for name in derivative.wrt.split(",")]
    order = max(derivative.order, len(names))
    power = f"^{{{order}}}" if order > 1 else ""
    below = " ".join(rf"\partial {name}" for name in names) + (power if len(names) == 1 else "")
    return rf"\frac{{\partial{power} f}}{{{below}}}"
