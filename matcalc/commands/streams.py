"""What goes in and out of the command line: expressions, answers, notes, errors.

Answers go to stdout or, atomically, to a file; everything else goes to stderr.  An answer is
complete before its first character is written, so that stdout is empty when anything fails.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from matcalc.errors import MatcalcError, Option, Span

if TYPE_CHECKING:
    from rich.console import Console

_LONGEST_INPUT = 1_000_000  # bytes that are read at all; the parser's own limit is lower


def usage(message: str) -> click.UsageError:
    """A usage error that knows its command."""
    return click.UsageError(message, ctx=click.get_current_context(silent=True))


def read_expression(expression: str | None, file: str | None) -> str:
    """The expression from the argument or from a file; ``-`` as either is stdin."""
    if file is not None:
        if expression is not None:
            raise usage("Give either EXPR or --file, not both.")
        if file == "-":
            return read_expression("-", None)
        try:
            with open(file, "rb") as stream:
                return _decoded(stream.read(_LONGEST_INPUT))
        except OSError as error:
            raise usage(f"Cannot read {file!r}: {error.strerror}.") from None
    if expression is None:
        raise usage("Missing argument 'EXPR'.")
    return _decoded(sys.stdin.buffer.read(_LONGEST_INPUT)) if expression == "-" else expression


def _decoded(raw: bytes) -> str:
    if len(raw) == _LONGEST_INPUT:
        raise MatcalcError(
            "limit",
            f"the input has {_LONGEST_INPUT:,} bytes or more",
            hint="matcalc reads at most 100,000 characters; name parts with `where y = ...`",
        )
    try:
        return raw.decode("utf-8-sig").rstrip()
    except UnicodeDecodeError as error:
        raise usage(f"The input is not UTF-8 text (byte {error.start}).") from None


@contextmanager
def placed_in(source: str) -> Iterator[None]:
    """An error about the expression as a whole points at the whole expression."""
    try:
        yield
    except MatcalcError as error:
        if error.span is None and error.kind != "usage":
            error.span, error.source = Span(0, len(source)), source
        raise


def write_answer(answer: str, path: str | None) -> None:
    """The answer and a final newline, to stdout or to a file."""
    answer = answer.rstrip("\n") + "\n"
    if path is None:
        click.echo(answer, nl=False)
        return
    try:
        _write_file(Path(path), answer)
    except OSError as error:
        raise usage(f"Cannot write {path!r}: {error.strerror}.") from None


def _write_file(path: Path, answer: str) -> None:
    """Replace a file in one step, through a link to it; a device or a pipe is written to."""
    path = Path(os.path.realpath(path))
    mode = path.stat().st_mode if path.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        path.write_text(answer, encoding="utf-8")
        return
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(answer)
        os.chmod(temporary, stat.S_IMODE(mode) if mode is not None else 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_notes(notes: Iterable[str]) -> None:
    """Notes for the reader, on stderr, each once."""
    from matcalc.output.errors import escape

    for note in dict.fromkeys(notes):
        click.echo(f"note: {escape(note)}", err=True)


def report(error: MatcalcError, as_json: bool, color: str = "auto") -> None:
    """An error, drawn or as data, on stderr."""
    from matcalc.output.errors import draw_error
    from matcalc.output.json_document import error_dict

    error = error.spelled(_flag)
    if as_json:
        click.echo(json.dumps(error_dict(error)), err=True)
        return
    drawn = draw_error(error, terminal_width(), use_color(sys.stderr, color))
    click.echo(drawn, err=True, color=True)


def _flag(option: Option) -> str:
    """How an option of a question is typed: ``order=2`` is --order 2."""
    return f"--{option.name}" if option.value is None else f"--{option.name} {option.value}"


def report_defect(message: str, as_json: bool) -> None:
    """A fault of matcalc's own, in one line."""
    from matcalc.output.errors import escape
    from matcalc.output.json_document import error_dict

    message = " ".join(escape(message).split())
    if as_json:
        document = error_dict(MatcalcError("unsupported", message, hint="please report it"))
        document["error"]["code"] = "defect"  # which is not among the codes that input can have
        click.echo(json.dumps(document), err=True)
    else:
        click.echo(f"error[defect]: {message} (a fault of matcalc, please report it)", err=True)


def use_color(stream: TextIO, choice: str) -> bool:
    """Whether to colour what goes to a stream: ``auto`` heeds NO_COLOR and TERM=dumb."""
    if choice != "auto":
        return choice == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def terminal_width() -> int:
    return shutil.get_terminal_size().columns


def console(color: str) -> Console:
    """Rich on stdout: colours are decided here, wrapping and markup are left to the page."""
    from rich.console import Console

    return Console(
        file=sys.stdout,
        width=terminal_width(),
        color_system="standard" if use_color(sys.stdout, color) else None,
        markup=False,
        highlight=False,
        emoji=False,
    )
