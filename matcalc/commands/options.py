"""What the commands share: options, and how they are told from expressions."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

import click

from matcalc.commands import streams
from matcalc.output.formats import FORMATS, offered, writer
from matcalc.tables.laws import STRUCTURES
from matcalc.tables.layouts import FORMS, LAYOUTS

_LONG_OPTION = re.compile(r"--[a-z][a-z-]+(=.*)?", re.DOTALL)
_SHORT_OPTION = re.compile(r"-[A-Za-z]\w*")


class ExpressionCommand(click.Command):
    """A command whose argument may begin with ``-``: ``matcalc diff "-x' A x" --wrt x``.

    What looks like a long option is one; ``-x`` is the expression if there is no other.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {
            name: parameter
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            for name in parameter.opts
        }
        options: list[str] = []
        arguments: list[str] = []
        doubtful: list[str] = []
        rest = list(reversed(args))
        while rest:
            arg = rest.pop()
            if arg == "--":
                arguments += reversed(rest)
                break
            if arg in known:
                options.append(arg)
                if not known[arg].is_flag:
                    if not rest:
                        raise click.BadOptionUsage(arg, f"Option {arg!r} requires a value.", ctx)
                    options.append(rest.pop())
            elif _LONG_OPTION.fullmatch(arg):
                options.append(arg)
            elif _SHORT_OPTION.fullmatch(arg):
                doubtful.append(arg)
            else:
                arguments.append(arg)
        if doubtful and not arguments and not any(o.startswith("--file") for o in options):
            arguments.append(doubtful.pop(0))
        return super().parse_args(ctx, [*options, *doubtful, "--", *arguments])


layout = click.option(
    "--layout",
    type=click.Choice(list(LAYOUTS)),
    default="jacobian",
    help="; ".join(f"{row.name}: {row.doc}" for row in LAYOUTS.values()) + ".",
)
structure = click.option(
    "--structure",
    type=click.Choice(list(STRUCTURES)),
    default="independent",
    help="What the variable is, and stays as it varies; cookbook: symmetric, each entry once.",
)
form = click.option(
    "--form",
    type=click.Choice(FORMS),
    default=FORMS[0],
    help="differential: the linear map itself, dF = A dX B, instead of its matrix.",
)

COLORS = ("auto", "always", "never")
_COMMON = ("expr", "file", "where", "quiet", "output", "color")


@dataclass
class Request:
    """What every question has: an expression with its declarations, and where the answer goes.

    ``kind``  of the answer, a key of ``formats.KINDS``
    ``form``  the format asked for, None if it is left to us
    """

    kind: str
    form: str | None
    expr: str | None
    file: str | None
    where: tuple[str, ...]
    quiet: bool
    output: str | None
    color: str

    @cached_property
    def source(self) -> str:
        """The expression as it was typed."""
        return streams.read_expression(self.expr, self.file)

    def require(self, kind: str) -> None:
        """The answer is of another kind, which not every format can write."""
        self.kind = kind
        writer(kind, self.form or "text")

    def answer(self, answers: Sequence[Any], notes: Iterable[str]) -> None:
        """A page for a person at a terminal, unless a line says it all; else in a format."""
        to_person = self.form is None and self.output is None and sys.stdout.isatty()
        if to_person and self.kind != "verdict":
            from matcalc.output import terminal

            terminal.page(self.kind, answers, streams.console(self.color), self.quiet)
            return
        streams.write_answer(writer(self.kind, self.form or "text")(*answers), self.output)
        if not self.quiet and self.form != "json":
            streams.write_notes(notes)


def question(kind: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command with the options that all questions have, which it is given as a Request."""
    names = offered(kind)
    short = [name for name in names if FORMATS[name].short]
    shared: list[Callable[[Any], Any]] = [
        click.argument("expr", required=False),
        click.option("--file", metavar="FILE", help="Read EXPR, which is left out, from FILE."),
        click.option(
            "--where",
            multiple=True,
            metavar="DECL",
            help='Declarations and definitions, as in "Q: n x n symmetric" or "y = H x".',
        ),
        click.option("--to", type=click.Choice(names), help="Format of the answer."),
        *(click.option(f"--{n}", is_flag=True, help=f"The same as --to {n}.") for n in short),
        click.option("-q", "--quiet", is_flag=True, help="No notes."),
        click.option("-o", "--output", metavar="FILE", help="Write the answer to FILE at once."),
        click.option(
            "--color", type=click.Choice(COLORS), default="auto", help="Colours on a terminal."
        ),
    ]

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def command(to: str | None, **given: Any) -> None:
            asked = {name for name in short if given.pop(name)} | ({to} if to else set())
            if len(asked) > 1:
                raise streams.usage(f"Choose one format: {' or '.join(sorted(asked))}.")
            common = {name: given.pop(name) for name in _COMMON}
            function(Request(kind, asked.pop() if asked else None, **common), **given)

        made: Callable[..., None] = command
        for option in reversed(shared):
            made = option(made)
        return made

    return decorate
