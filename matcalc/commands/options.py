"""What the commands share: options, and how they are told from expressions."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import click

from matcalc.commands import streams
from matcalc.output.formats import FORMATS, offered

_F = TypeVar("_F", bound=Callable[..., Any])
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


def _options(*decorators: Callable[[_F], _F]) -> Callable[[_F], _F]:
    """Several click options as one decorator, in the order of ``--help``."""

    def decorate(function: _F) -> _F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


expression = _options(
    click.argument("expr", required=False),
    click.option("--file", metavar="FILE", help="Read the expression from FILE; EXPR is left out."),
    click.option(
        "--where",
        multiple=True,
        metavar="DECL",
        help='Declarations and definitions, as in "Q: n x n symmetric" or "y = H x".',
    ),
)
output = _options(
    click.option("-q", "--quiet", is_flag=True, help="No notes."),
    click.option("-o", "--output", metavar="FILE", help="Write the answer to FILE, in one step."),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colours on a terminal.",
    ),
)


def formats(kind: str) -> Callable[[_F], _F]:
    """``--to`` for a kind of answer and its short forms, as ``fmt``: None if it is left to us."""
    names = offered(kind)
    short = [name for name in names if FORMATS[name].short]
    choices: list[Callable[[Any], Any]] = [
        click.option("--to", type=click.Choice(names), help="Format of the answer."),
        *(click.option(f"--{n}", is_flag=True, help=f"The same as --to {n}.") for n in short),
    ]

    def decorate(function: _F) -> _F:
        @wraps(function)
        def command(to: str | None, **rest: Any) -> Any:
            asked = {name for name in short if rest.pop(name)} | ({to} if to else set())
            if len(asked) > 1:
                raise streams.usage(f"Choose one format: {' or '.join(sorted(asked))}.")
            return function(fmt=asked.pop() if asked else None, **rest)

        return cast(_F, _options(*choices)(command))

    return decorate
