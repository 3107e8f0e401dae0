"""Commands about how derivatives come about: perturb, taylor, rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from matcalc.commands import options, streams
from matcalc.commands.options import Request
from matcalc.commands.reference import unknown
from matcalc.errors import MatcalcError

if TYPE_CHECKING:
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
    request.answer([expansion], expansion.notes)


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
    request.answer([expansion], expansion.notes)


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
    command, before, relation, after = example(law)
    facts = {"where": "; ".join(law.where), "proof": law.proof, "example": command}
    lines = [f"{law.name}: {law.title}", "", f"  {law.left}  {law.relation}  {law.right}{small}"]
    lines += ["", *(f"  {label:<9}{fact}" for label, fact in facts.items())]
    return [*lines, f"  {'':<9}{before}", f"  {relation:>8} {after}"]


def example(law: Law) -> tuple[str, str, str, str]:
    """A command in which the law acts, and the lines before and after it, with their relation."""
    import matcalc

    if len(law.example) == 2:
        source, wrt = law.example
        words = ["matcalc", "diff", f'"{source}"', "--wrt", wrt, *_where(law.given)]
        if law.structure != "independent":
            words.append(f"--structure {law.structure}")
        derivative = matcalc.diff(source, wrt, where=law.given, structure=law.structure)
        texts = [source, *(step.text for step in derivative.steps)]
        at = next(i for i, step in enumerate(derivative.steps) if step.rule == law.name)
        relation = derivative.steps[at].relation
        command = " ".join([*words, "--steps"])
        return command, texts[at], "=" if relation == "=>" else relation, texts[at + 1]
    source = law.example[0] if law.example else law.left
    using = [law.name] if law.by_name else []
    given = law.given or law.where
    after = str(matcalc.simplify(source, given, using))
    try:  # what can be inferred need not be said
        if not law.given and str(matcalc.simplify(source, (), using)) == after:
            given = ()
    except MatcalcError:
        pass
    words = ["matcalc", "simplify", f'"{source}"', *_where(given), *(f"--using {n}" for n in using)]
    return " ".join(words), source, "=", after


def _where(declarations: Sequence[str]) -> list[str]:
    return [f'--where "{declaration}"' for declaration in declarations]


COMMANDS = (perturb, taylor, rules)
