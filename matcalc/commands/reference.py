"""Commands that answer from tables: what functions, errors and examples there are."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import click

from matcalc.commands import streams
from matcalc.errors import CODES


@click.command()
@click.argument("name", required=False)
def functions(name: str | None) -> None:
    """The functions there are, or all about one of them."""
    from matcalc.tables.functions import ALIASES, FUNCTIONS, lookup

    if name is None:
        calls = {row.name: row.call for row in FUNCTIONS.values()}
        width = max(map(len, calls.values()))
        click.echo("\n".join(f"{calls[r.name]:<{width}}  {r.doc}" for r in FUNCTIONS.values()))
        return
    row = lookup(name)
    if row is None:
        raise unknown("function", name, [*FUNCTIONS, *ALIASES], "functions")
    facts = {
        "signature": row.signature,
        "also": ", ".join(row.aliases),
        "means": row.definition,
        "derivative": row.derivative,
        "differential": row.differential,
        "adjoint": ", ".join(filter(None, row.adjoint)),
        "transpose": row.transpose,
        "trace": row.trace,
        "needs": row.domain.replace("{", "").replace("}", ""),
        "NumPy": row.numpy,
        "reference": row.reference,
    }
    lines = [f"{row.call}  {row.doc}"]
    lines += [f"  {label:<13}{fact}" for label, fact in facts.items() if fact]
    click.echo("\n".join(lines))


@click.command()
@click.argument("code")
def explain(code: str) -> None:
    """What an error code means."""
    row = CODES.get(code)
    if row is None:
        raise unknown("code", code, list(CODES), "explain")
    click.echo(f"{code}: {row.title}\n\n{row.explanation}\n\nexample: {row.example}")


def unknown(what: str, name: str, known: Sequence[str], command: str) -> click.UsageError:
    close = get_close_matches(name, known, 1)
    hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known[:12])}, ..."
    if command == "functions" and not close:
        hint = "`matcalc functions` lists them."
    return streams.usage(f"There is no {what} {name!r}.  {hint}")


EXAMPLES = (
    ("the lecture's example", """matcalc diff "a' X' inv(A + X B) X b" --wrt X"""),
    ("a quadratic form", """matcalc diff "x'Q x + b'x" --wrt x --where "Q: n x n symmetric\""""),
    ("how it comes about", """matcalc diff "a' X' inv(A + X B) X b" --wrt X --steps"""),
    ("the terms of each order", """matcalc perturb "logdet(X)" --wrt X --order 3"""),
    ("a Taylor polynomial", """matcalc taylor "exp(-1/2 x'Q x)" --wrt x --at x0"""),
    ("its Hessian", """matcalc diff "x'Q x + b'x" --wrt x --order 2"""),
    ("least squares", """matcalc diff "norm(A x - b)^2" --wrt x --layout gradient"""),
    ("a definition", """matcalc diff "exp(-1/2 y'Q y) where y = H x" --wrt x"""),
    ("two variables at once", """matcalc diff "tr(A X B)" --wrt A --wrt X"""),
    ("a check to thirty digits", """matcalc diff "logdet(I + X X')" --wrt X --check"""),
    ("LaTeX for a paper", """matcalc diff "logsumexp(A x + b)" --wrt x --latex"""),
    ("NumPy code", """matcalc diff "sum(log(1 + exp(-y .* (X w))))" --wrt w --to numpy"""),
    ("only the dimensions", """matcalc shape "(x - mu)' inv(Sigma) (x - mu)\""""),
)


@click.command()
def examples() -> None:
    """Commands to try."""
    click.echo("\n".join(f"# {title}\n{command}" for title, command in EXAMPLES))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Completions for SHELL: put eval "$(matcalc completion bash)" into its start-up file."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(ctx.find_root().command, {}, "matcalc", "_MATCALC_COMPLETE").source())


COMMANDS = (functions, explain, examples, completion)
