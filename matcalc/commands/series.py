"""Commands about how derivatives come about: perturb, taylor, rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from matcalc.commands import options, streams
from matcalc.commands.options import Request
from matcalc.commands.reference import unknown

if TYPE_CHECKING:
    from rich.console import Console

    from matcalc.api import Expansion
    from matcalc.tables.laws import Law


@click.command(cls=options.ExpressionCommand)
@click.option("--wrt", required=True, metavar="X", help="What is perturbed.")
@click.option("--order", type=int, default=2, show_default=True, help="The highest order, 0 to 4.")
@options.question("expansion")
def perturb(request: Request, wrt: str, order: int) -> None:
    """The expansion of f(X + dX), grouped by order."""
    import matcalc

    with streams.placed_in(request.source):
        expansion = matcalc.perturb(request.source, wrt, where=request.where, order=order)
    _answer(request, expansion)


@click.command(cls=options.ExpressionCommand)
@click.option("--wrt", required=True, metavar="X", help="The variable, a vector or a scalar.")
@click.option("--at", default="", metavar="X0", help="A new name (default: that of X and 0), or 0.")
@click.option("--order", type=int, default=2, show_default=True, help="The highest order.")
@options.question("expansion")
def taylor(request: Request, wrt: str, at: str, order: int) -> None:
    """The Taylor polynomial of EXPR at a point.

    Order 1 or 2 for a scalar function of a vector; up to 4 for a function of a scalar, which may
    be expanded at any number.
    """
    import matcalc

    with streams.placed_in(request.source):
        expansion = matcalc.taylor(request.source, wrt, where=request.where, at=at, order=order)
    _answer(request, expansion)


def _answer(request: Request, expansion: Expansion) -> None:
    def show(console: Console, quiet: bool) -> None:
        from matcalc.output.terminal import show_expansion

        show_expansion(expansion, console, quiet)

    request.answer([expansion], expansion.notes, show)


# --- laws -----------------------------------------------------------------------------------------


@click.command()
@click.argument("name", required=False)
def rules(name: str | None) -> None:
    """The laws there are, or one of them: statement, conditions, proof, an example."""
    from matcalc.tables.laws import LAWS

    if name is None:
        width = max(map(len, LAWS))
        click.echo("\n".join(f"{law.name:<{width}}  {law.title}" for law in LAWS.values()))
        return
    law = LAWS.get(name)
    if law is None:
        raise unknown("law", name, list(LAWS), "rules")
    click.echo("\n".join(_explained(law)))


def _explained(law: Law) -> list[str]:
    small = f", to first order in {', '.join(law.small)}" if law.small else ""
    options = [f'--where "{declaration}"' for declaration in law.given]
    if law.structure != "independent":
        options.append(f"--structure {law.structure}")
    command = ["matcalc", "diff", f'"{law.example[0]}"', "--wrt", law.example[1], *options]
    facts = {
        "where": "; ".join(law.where),
        "proof": law.proof,
        "example": " ".join([*command, "--steps"]),
    }
    lines = [f"{law.name}: {law.title}", "", f"  {law.left}  {law.relation}  {law.right}{small}"]
    lines += ["", *(f"  {label:<9}{fact}" for label, fact in facts.items()), *_run(law)]
    return lines


def _run(law: Law) -> list[str]:
    """The step of the example that uses the law, else the result."""
    import matcalc

    derivative = matcalc.diff(*law.example, where=law.given, structure=law.structure)
    for i, step in enumerate(derivative.steps):
        if step.rule == law.name:
            before = derivative.steps[i - 1].text if i else derivative.source
            relation = "=" if step.relation == "=>" else step.relation
            return [f"  {'':<9}{before}", f"  {relation:>8} {step.text}"]
    return [f"  {'':<9}{derivative}"]


COMMANDS = (perturb, taylor, rules)
