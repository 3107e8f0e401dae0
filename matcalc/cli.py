"""The command line.

stdout carries the answer and nothing else, and stays empty on failure; notes and errors go to
stderr.  Exit codes: 0 fine, 1 the mathematics or the input is at fault, 2 usage, 70 a defect of
matcalc, 130 interrupted.  There is never a traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from matcalc.commands import options, reference, series, streams
from matcalc.commands.options import Request
from matcalc.errors import MatcalcError

if TYPE_CHECKING:
    from matcalc.answer import Derivative


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
@click.option("--wrt", multiple=True, required=True, metavar="X", help="The variable.")
@click.option("--order", type=click.IntRange(min=1), default=1, help="1, or 2 for the Hessian.")
@options.layout
@options.structure
@options.form
@click.option("--steps", is_flag=True, help="Show the derivation.")
@click.option("--check", is_flag=True, help="Compare it, and its code, with numeric derivatives.")
@click.option("--prove", is_flag=True, help="Show entry by entry that the answer is right.")
@options.question("derivative")
def diff(request: Request, wrt: tuple[str, ...], steps: bool, **asked: Any) -> None:
    """The derivative of EXPR by X.

    EXPR may be - for standard input.  Several --wrt, or --wrt x,Y, give an answer each; with
    --order 2, --wrt x,Y is the mixed second derivative.
    """
    if steps:
        request.require("steps")
    one = asked["order"] == 1
    names = [name for names in wrt for name in (names.split(",") if one else [names])]

    import matcalc

    with streams.placed_in(request.source):
        variables = names if len(names) > 1 else names[0]
        found = matcalc.diff(request.source, variables, where=request.where, **asked)
    derivatives = found if isinstance(found, list) else [found]
    _require_right(derivatives)
    request.answer(derivatives, (remark for each in derivatives for remark in each.remarks))


def _require_right(derivatives: Sequence[Derivative]) -> None:
    """Raises Defect for an answer that was found wrong."""
    for derivative in derivatives:
        for option, found in (("--check", derivative.check), ("--prove", derivative.proof)):
            if found is not None and found.ok is False:
                said = f"the derivative by {derivative.wrt} fails {option}: {found.message}"
                raise Defect(f"{said}: {derivative}")


@cli.command(cls=options.ExpressionCommand)
@click.option("--wrt", required=True, metavar="X", help="The variable.")
@click.option("--answer", required=True, metavar="EXPR2", help="What you found.")
@click.option("--order", type=click.IntRange(min=1), default=1, help="1, or 2 for the Hessian.")
@options.layout
@options.structure
@options.question("verdict")
def check(request: Request, wrt: str, answer: str, **asked: Any) -> None:
    """Is EXPR2 the derivative of EXPR by X, and if not, how is it off?  Exits with 1 if not."""
    import matcalc
    from matcalc.verify.grading import grade

    with streams.placed_in(request.source):
        derivative = matcalc.diff(request.source, wrt, where=request.where, **asked)
    with streams.placed_in(answer):
        graded = grade(derivative, answer)
    request.answer([graded], [f"the derivative is {derivative}"])
    click.get_current_context().exit(0 if graded.ok else 1)


# --- expressions --------------------------------------------------------------------------------


@cli.command(cls=options.ExpressionCommand)
@click.option("--using", multiple=True, metavar="LAW", help="Apply this law; see matcalc rules.")
@options.question("expression")
def simplify(request: Request, using: tuple[str, ...]) -> None:
    """EXPR, simplified; or, with --using, EXPR after the named laws and nothing else."""
    import matcalc

    with streams.placed_in(request.source):
        answer = matcalc.simplify(request.source, where=request.where, using=using)
        request.answer([answer], answer.notes)


@cli.command(cls=options.ExpressionCommand)
@options.question("shape")
def shape(request: Request) -> None:
    """The dimensions of EXPR and of its symbols."""
    import matcalc

    with streams.placed_in(request.source):
        answer = matcalc.shape(request.source, where=request.where)
        request.answer([answer], answer.notes)


# --- sessions -----------------------------------------------------------------------------------


@cli.command()
@click.argument("file", default="-")
@click.option("--json", "as_json", is_flag=True, help="A JSON document per line.")
@click.pass_context
def batch(ctx: click.Context, file: str, as_json: bool) -> None:
    """Answer every line of FILE: what would follow "matcalc diff", quoted as in a shell."""
    from matcalc.commands import sessions

    expression, path = ("-", None) if file == "-" else (None, file)
    lines = streams.read_expression(expression, path).splitlines()
    ctx.exit(sessions.batch(lines, lambda words: _run(words, as_json), as_json))


@cli.command()
def repl() -> None:
    """Ask again and again, keeping declarations."""
    from matcalc.commands import sessions

    sessions.repl(lambda words: _run(words, False))


for command in (*series.COMMANDS, *reference.COMMANDS):
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
    """Is an error to be written as data?  Asked before the options are read, or if they cannot."""
    return "--json" in args or "json" in _typed(args, "--to")


def _color(args: Sequence[str]) -> str:
    """The choice of --color, for an error that left the command."""
    return next((choice for choice in _typed(args, "--color") if choice in options.COLORS), "auto")


def _typed(args: Sequence[str], option: str) -> list[str]:
    """What follows an option, each time that it occurs."""
    apart = [after for arg, after in pairwise(args) if arg == option]
    return apart + [arg.partition("=")[2] for arg in args if arg.startswith(f"{option}=")]
