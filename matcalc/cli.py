"""The command line.

stdout carries the answer and nothing else, and stays empty on failure; notes and errors go to
stderr.  Exit codes: 0 fine, 1 the mathematics or the input is at fault, 2 usage, 70 a defect of
matcalc, 130 interrupted.  There is never a traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from matcalc.commands import expansions, options, reference, streams
from matcalc.errors import MatcalcError
from matcalc.output.formats import writer

if TYPE_CHECKING:
    from matcalc.answer import Derivative, Expression


class Defect(Exception):
    """An answer that a check found wrong."""


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, help="The version of matcalc.")
@click.pass_context
def cli(ctx: click.Context, version: bool) -> None:
    """Matrix derivatives as a careful person would write them."""
    if version:
        from matcalc import __version__

        click.echo(f"matcalc {__version__}")
        ctx.exit()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


# --- derivatives ------------------------------------------------------------------------------


@cli.command(cls=options.ExpressionCommand)
@options.expression
@click.option("--wrt", multiple=True, required=True, metavar="X", help="The variable.")
@click.option("--order", type=click.IntRange(min=1), default=1, help="1, or 2 for the Hessian.")
@click.option(
    "--layout",
    type=click.Choice(["jacobian", "gradient"]),
    default="jacobian",
    help="gradient: a scalar by a vector is a column.",
)
@click.option(
    "--structure",
    type=click.Choice(["independent", "symmetric", "cookbook"]),
    default="independent",
    help="How a symmetric variable is differentiated.",
)
@options.formats("derivative")
@click.option("--steps", is_flag=True, help="Show the derivation.")
@click.option("--check", is_flag=True, help="Compare it, and its code, with numeric derivatives.")
@click.option("--prove", is_flag=True, help="Show entry by entry that the answer is right.")
@options.output
def diff(
    expr: str | None,
    file: str | None,
    where: tuple[str, ...],
    wrt: tuple[str, ...],
    order: int,
    layout: str,
    structure: str,
    fmt: str | None,
    steps: bool,
    check: bool,
    prove: bool,
    quiet: bool,
    output: str | None,
    color: str,
) -> None:
    """The derivative of EXPR by X.

    EXPR may be - for standard input.  Several --wrt, or --wrt x,Y, give an answer each; with
    --order 2, --wrt x,Y is the mixed second derivative.
    """
    kind = "steps" if steps else "derivative"
    writer(kind, fmt or "text")  # not every format has steps
    source = streams.read_expression(expr, file)
    names = [name for names in wrt for name in (names.split(",") if order == 1 else [names])]

    import matcalc

    with streams.placed_in(source):
        answer = matcalc.diff(
            source,
            names if len(names) > 1 else names[0],
            where=where,
            order=order,
            layout=layout,
            structure=structure,
            check=check,
            prove=prove,
        )
    derivatives = answer if isinstance(answer, list) else [answer]
    for derivative in derivatives:
        for option, found in (("--check", derivative.check), ("--prove", derivative.proof)):
            if found is not None and found.ok is False:
                said = f"the derivative by {derivative.wrt} fails {option}: {found.message}"
                raise Defect(f"{said}: {derivative}")
    if streams.fits_page(fmt, output):
        _show(derivatives, steps, quiet, color)
        return
    notes = () if quiet or fmt == "json" else _notes(derivatives)
    streams.write(kind, fmt, derivatives, notes, output, quiet)


def _show(derivatives: Sequence[Derivative], steps: bool, quiet: bool, color: str) -> None:
    """Answers on a terminal."""
    from matcalc.output.terminal import show, show_steps

    console = streams.console(color)
    if steps:
        show_steps(derivatives, console)
    show(derivatives, console, quiet)


def _notes(derivatives: Sequence[Derivative]) -> list[str]:
    """What a reader should know beside the answer, each thing once."""
    from matcalc.output.page import Page

    page = Page(streams.terminal_width(), "ascii")
    notes: list[str] = []
    for derivative in derivatives:
        notes += derivative.notes
        notes += [f"needs {condition}" for condition in derivative.conditions]
        notes.append(f"layout {page.layout(derivative)}")
        notes += [found.message for found in (derivative.check, derivative.proof) if found]
    return list(dict.fromkeys(notes))


@cli.command(cls=options.ExpressionCommand)
@options.expression
@click.option("--wrt", required=True, metavar="X", help="The variable.")
@click.option("--answer", required=True, metavar="EXPR2", help="What you found.")
@click.option("--order", type=click.IntRange(min=1), default=1, help="1, or 2 for the Hessian.")
@options.formats("verdict")
@options.output
def check(
    expr: str | None,
    file: str | None,
    where: tuple[str, ...],
    wrt: str,
    answer: str,
    order: int,
    fmt: str | None,
    quiet: bool,
    output: str | None,
    color: str,
) -> None:
    """Is EXPR2 the derivative of EXPR by X, and if not, how is it off?  Exits with 1 if not."""
    source = streams.read_expression(expr, file)
    import matcalc
    from matcalc.verify.grading import grade

    with streams.placed_in(source):
        derivative = matcalc.diff(source, wrt, where=where, order=order)
    with streams.placed_in(answer):
        graded = grade(derivative, answer)
    streams.write("verdict", fmt, [graded], [f"the derivative is {derivative}"], output, quiet)
    click.get_current_context().exit(0 if graded.ok else 1)


# --- expressions --------------------------------------------------------------------------------


@cli.command(cls=options.ExpressionCommand)
@options.expression
@click.option("--using", multiple=True, metavar="LAW", help="Apply this law; see matcalc rules.")
@options.formats("expression")
@options.output
def simplify(
    expr: str | None,
    file: str | None,
    where: tuple[str, ...],
    using: tuple[str, ...],
    fmt: str | None,
    quiet: bool,
    output: str | None,
    color: str,
) -> None:
    """EXPR, simplified; or, with --using, EXPR after the named laws and nothing else."""
    import matcalc

    source = streams.read_expression(expr, file)
    with streams.placed_in(source):
        answer = matcalc.simplify(source, where=where, using=using)
    _write_expression("expression", answer, fmt, output, quiet, color)


@cli.command(cls=options.ExpressionCommand)
@options.expression
@options.formats("shape")
@options.output
def shape(
    expr: str | None,
    file: str | None,
    where: tuple[str, ...],
    fmt: str | None,
    quiet: bool,
    output: str | None,
    color: str,
) -> None:
    """The dimensions of EXPR and of its symbols."""
    import matcalc

    source = streams.read_expression(expr, file)
    with streams.placed_in(source):
        answer = matcalc.shape(source, where=where)
    _write_expression("shape", answer, fmt, output, quiet, color)


def _write_expression(
    kind: str, answer: Expression, fmt: str | None, output: str | None, quiet: bool, color: str
) -> None:
    if streams.fits_page(fmt, output):
        from matcalc.output.terminal import show_simplified

        show_simplified(answer, streams.console(color), quiet)
        return
    streams.write(kind, fmt, [answer], answer.notes, output, quiet)


# --- sessions -----------------------------------------------------------------------------------


@cli.command()
@click.argument("file", default="-")
@click.option("--json", "as_json", is_flag=True, help="A JSON document per line.")
@click.pass_context
def batch(ctx: click.Context, file: str, as_json: bool) -> None:
    """Expression every line of FILE: what would follow "matcalc diff", quoted as in a shell."""
    from matcalc.commands import sessions

    expression, path = ("-", None) if file == "-" else (None, file)
    lines = streams.read_expression(expression, path).splitlines()
    ctx.exit(sessions.batch(lines, lambda words: _run(words, as_json), as_json))


@cli.command()
def repl() -> None:
    """Ask again and again, keeping declarations."""
    from matcalc.commands import sessions

    sessions.repl(lambda words: _run(words, False))


for command in (*expansions.COMMANDS, *reference.COMMANDS):
    cli.add_command(command)


# --- the way out --------------------------------------------------------------------------------


def main(args: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    args = sys.argv[1:] if args is None else list(args)
    as_json = _wants_json(args)
    code = 0
    try:
        code = _run(args, as_json)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
    except OSError as error:  # the disk is full
        if not code:
            streams.report(_unwritable(error), as_json)
            code = 2
        _forget_output()
    return code


def _forget_output() -> None:
    """The reader has left, or there is no room: nothing may be flushed there at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unwritable(error: OSError) -> MatcalcError:
    place = "-o FILE writes to another place"
    return MatcalcError("usage", f"cannot write: {error.strerror}", hint=place)


def _run(args: list[str], as_json: bool) -> int:
    try:
        if "_MATCALC_COMPLETE" in os.environ:
            cli.main(args, prog_name="matcalc")
        with cli.make_context("matcalc", args) as ctx:
            cli.invoke(ctx)
        return 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        raise
    except click.ClickException as error:
        hint = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            hint = f"{error.ctx.command_path} --help"
        streams.report(MatcalcError("usage", error.format_message(), hint=hint), as_json)
        return 2
    except MatcalcError as error:
        streams.report(error, as_json, _color(args))
        return 2 if error.kind == "usage" else 1
    except OSError as error:
        streams.report(_unwritable(error), as_json)
        return 2
    except Defect as defect:
        streams.report_defect(str(defect), as_json)
        return 70
    except Exception as error:
        streams.report_defect(f"{type(error).__name__}: {error}", as_json)
        return 70


def _wants_json(args: Sequence[str]) -> bool:
    following = [*args[1:], ""]
    return any(
        arg in ("--json", "--to=json") or (arg == "--to" and after == "json")
        for arg, after in zip(args, following, strict=False)
    )


def _color(args: Sequence[str]) -> str:
    """The choice of --color, for an error that left the command."""
    for arg, after in zip(args, [*args[1:], ""], strict=False):
        choice = after if arg == "--color" else arg.removeprefix("--color=")
        if choice in ("always", "never"):
            return choice
    return "auto"
