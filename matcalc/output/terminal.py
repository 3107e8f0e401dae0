"""Answers on a terminal: pages, handed to Rich line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.answer import Derivative, Expansion, Expression
from matcalc.output.page import Line, Page
from matcalc.output.steps_page import expansion_lines, step_lines

if TYPE_CHECKING:
    from rich.console import Console


def show(derivatives: Sequence[Derivative], console: Console, quiet: bool = False) -> None:
    """Print derivatives one below the other, then the symbols and notes that they share."""
    page = Page(console.width, console.encoding)
    lines: list[Line] = []
    for derivative in derivatives:
        lines += [[], *page.derivative(derivative)]
    lines += [[], *page.symbols(derivatives)]
    lines += page.facts(derivatives)
    notes = [] if quiet else page.notes(derivatives)
    _print([*lines, *notes, []], console)


def show_simplified(simplified: Expression, console: Console, quiet: bool = False) -> None:
    """Print a simplified expression with its dimensions."""
    page = Page(console.width, console.encoding)
    tree, named = simplified.brief
    lines = [*page.equation(None, tree, simplified.shapes), *page.names(named, simplified)]
    lines += [[], *page.labelled("shape", page.shape(simplified.shape))]
    notes = [] if quiet else page.notes([simplified])
    _print([[], *lines, *page.symbols([simplified]), *notes, []], console)


def show_steps(derivatives: Sequence[Derivative], console: Console) -> None:
    """Print derivations, one numbered law per step."""
    page = Page(console.width, console.encoding)
    for derivative in derivatives:
        _print([[], *step_lines(page, derivative)], console)


def show_expansion(expansion: Expansion, console: Console, quiet: bool = False) -> None:
    """Print an expansion, a line for each order."""
    page = Page(console.width, console.encoding)
    lines = expansion_lines(page, expansion)
    notes = [note for note in expansion.notes if not quiet and not note.startswith("remainder")]
    told = [line for note in notes for line in page.labelled("note", note)]
    _print([[], *lines, [], *page.symbols([expansion]), *told, []], console)


def page(kind: str, answers: Sequence[Any], console: Console, quiet: bool) -> None:
    """Print what is answered: any number of derivatives, or one answer of another kind."""
    match kind, answers:
        case (("derivative" | "steps"), _):
            if kind == "steps":
                show_steps(answers, console)
            show(answers, console, quiet)
        case "expansion", [expansion]:
            show_expansion(expansion, console, quiet)
        case _, [expression]:
            show_simplified(expression, console, quiet)


def _print(lines: Iterable[Line], console: Console) -> None:
    from rich.text import Text

    for line in lines:
        shown = Text(no_wrap=True, overflow="ignore")
        for words, style in line:
            shown.append(words, style or None)
        shown.rstrip()
        console.print(shown, crop=False, soft_wrap=True)
