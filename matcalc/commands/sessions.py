"""Many questions in one process: ``matcalc batch`` and ``matcalc repl``.

A batch keeps its output aligned with its input: a line that fails leaves an empty line (``null``
in JSON), so that ``paste`` and friends work.  The interactive loop keeps declarations.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout

import click

from matcalc.commands import streams

Run = Callable[[list[str]], int]

_WRT = re.compile(r"(?P<expression>.*\S)\s+wrt\s+(?P<names>[^\s,]+(?:\s*,\s*[^\s,]+)*)", re.DOTALL)
_DECLARES = re.compile(r"\s*(?P<name>\w+)\s*(?::|=|\bin\b|∈)(?!=)")
_HELP = """\
x'Q x wrt x      a derivative; several variables are separated by commas
x'Q x            an expression, simplified
Q: n x n         a declaration, or y = H x, a definition: kept for what follows
show, forget     the declarations: list them, drop them
quit             leave (also Ctrl-D)"""


def batch(lines: Iterable[str], run: Run, as_json: bool) -> int:
    """Answer every line, the words after ``matcalc diff`` quoted as in a shell; the exit code."""
    worst = 0
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        answer = io.StringIO()
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise streams.usage(f"Line {number} is not quoted as in a shell: {error}.") from None
        with redirect_stdout(answer):
            code = run(["diff", *words, *(["--json"] if as_json else [])])
        if code == 130:
            return code
        if code:
            click.echo(f"(line {number})", err=True)
        worst = max(worst, code)
        click.echo(_one_line(answer.getvalue(), as_json))
    return worst


def _one_line(answer: str, as_json: bool) -> str:
    return json.dumps(json.loads(answer or "null")) if as_json else answer.rstrip("\n")


def repl(run: Run) -> None:
    """Read, answer, and go on after errors, until the end of input."""
    declared: dict[str, str] = {}
    for line in _lines():
        match line.split():
            case []:
                continue
            case ["quit" | "exit"]:
                return
            case ["help" | "?"]:
                click.echo(_HELP)
            case ["show"]:
                click.echo("\n".join(declared.values()) or "nothing is declared")
            case ["forget"]:
                declared.clear()
            case _:
                _answer(line, declared, run)


def _answer(line: str, declared: dict[str, str], run: Run) -> None:
    """One line: a derivative, a declaration or an expression."""
    where = [word for text in declared.values() for word in ("--where", text)]
    found = _WRT.fullmatch(line.strip())
    if found:
        run(["diff", *where, "--wrt", found["names"], "--", found["expression"]])
    elif declares := _DECLARES.match(line):
        # a declaration is kept if it can be read, together with the others
        kept = {**declared, declares["name"]: line.strip()}
        words = [word for text in kept.values() for word in ("--where", text)]
        if _quietly(run, ["shape", *words, "--", "1"]) == 0:
            declared.update(kept)
    else:
        run(["simplify", *where, "--", line.strip()])


def _quietly(run: Run, words: Sequence[str]) -> int:
    with redirect_stdout(io.StringIO()):
        return run([*words[:1], "-q", *words[1:]])


def _lines() -> Iterator[str]:
    """Lines from a terminal with editing and history, or from a pipe without a prompt."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    try:
        import readline  # noqa: F401
    except ImportError:  # no line editing on this platform
        click.echo("(lines cannot be edited here)", err=True)
    click.echo("x'Q x wrt x differentiates, help says more, quit leaves")
    while True:
        try:
            yield input("matcalc> ")
        except EOFError:
            click.echo()
            return
        except KeyboardInterrupt:
            click.echo()
