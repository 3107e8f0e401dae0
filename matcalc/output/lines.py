"""Answers in one line."""

from __future__ import annotations

from matcalc.answer import Derivative, Expansion, Expression, Graded
from matcalc.language import latex


def in_text(answer: Expression | Expansion) -> str:
    """The answer, which reads back."""
    return str(answer)


def in_latex(answer: Expression) -> str:
    """The answer as LaTeX."""
    tree, names = answer.brief
    return latex.latex(tree, answer.shapes, names)


def dimensions(answer: Expression) -> str:
    """The shape: ``m x n``."""
    return " x ".join(map(str, answer.shape))


def verdict(graded: Graded) -> str:
    """What is said of somebody's answer."""
    return graded.message


def quotient(derivative: Derivative) -> str:
    r"""The left-hand side: \frac{\partial f}{\partial X}."""
    names = [latex.latex_name(name) for name in derivative.variables]
    order = max(derivative.order, len(names))
    power = f"^{{{order}}}" if order > 1 else ""
    below = " ".join(rf"\partial {name}" for name in names) + (power if len(names) == 1 else "")
    return rf"\frac{{\partial{power} f}}{{{below}}}"
