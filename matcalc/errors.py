"""Diagnostics: every way in which matcalc says no.

A failure is a :class:`MatcalcError` that carries a stable code, a kind, the place in what was typed
and a hint that would mend it.  The codes and their explanations are one table, ``CODES``; raising
an unknown code is a programming error, found at once.  Nothing here knows how an error is drawn
on a terminal (that is ``output.errors``) or which exit code it becomes (that is ``cli``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from typing import NamedTuple, NoReturn


def assert_never(value: NoReturn) -> NoReturn:
    """What ends a ``match`` over a closed union: mypy proves that it is never reached."""
    raise AssertionError(f"no case for {value!r}")


class Span(NamedTuple):
    """A half-open range ``[start, end)`` of 0-based character offsets into one source text."""

    start: int
    end: int

    def __or__(self, other: object) -> Span:
        """The smallest span that covers both."""
        if not isinstance(other, Span):
            return NotImplemented
        return Span(min(self.start, other.start), max(self.end, other.end))


class Option(NamedTuple):
    """An option of a question, with or without a value, as messages name it.

    ``str`` spells it as the Python API does, ``order=2`` or ```order```; whoever reports an error
    may spell it otherwise, since the error has its options as data.
    """

    name: str
    value: object = None

    def __str__(self) -> str:
        return f"`{self.name}`" if self.value is None else f"{self.name}={self.value!r}"


@dataclass(frozen=True)
class Code:
    """One row of the table of error codes: the text of ``matcalc explain CODE``."""

    kind: str
    title: str
    explanation: str
    example: str


KINDS = (
    "syntax",
    "name",
    "arity",
    "shape",
    "ambiguous",
    "declaration",
    "domain",
    "unsupported",
    "limit",
    "usage",
)


@dataclass(eq=False, repr=False)
class MatcalcError(Exception):
    """The input (or the mathematics) is at fault.

    ``code``    a key of ``CODES``, stable across versions
    ``kind``    one of ``KINDS``
    ``message`` one sentence, without the place
    ``start``, ``end``  0-based character offsets into ``source`` (0, 0 if there is no place)
    ``hint``    what would mend it; may be empty
    ``label``   a word on the place itself
    ``others``  further places, each a span and a word on it (a dimension conflict has two)
    ``source``  the text that the offsets count in (the expression, or one of the declarations)
    ``options`` those that message and hint name
    """

    code: str
    message: str
    span: Span | None = None
    _: KW_ONLY
    hint: str = ""
    others: tuple[tuple[Span, str], ...] = ()
    label: str = ""
    source: str = ""
    options: tuple[Option, ...] = ()

    def __post_init__(self) -> None:
        super().__init__(self.message)
        self.kind = CODES[self.code].kind

    @property
    def start(self) -> int:
        return self.span.start if self.span else 0

    @property
    def end(self) -> int:
        return self.span.end if self.span else 0

    def spelled(self, spell: Callable[[Option], str]) -> MatcalcError:
        """The same error, its options named otherwise."""
        message, hint = self.message, self.hint
        for option in self.options:
            message = message.replace(str(option), spell(option))
            hint = hint.replace(str(option), spell(option))
        return replace(self, message=message, hint=hint, options=())

    def in_source(self, source: str) -> MatcalcError:
        """The same error, told which text its offsets count in (kept if it already knows)."""
        if not self.source:
            self.source = source
        return self


CODES: dict[str, Code] = {}


def _code(name: str, title: str, explanation: str, example: str, kind: str = "") -> None:
    assert (kind or name) in KINDS and name not in CODES
    CODES[name] = Code(kind or name, title, explanation, example)


_code(
    "syntax",
    "the text is not an expression",
    "The parser met something that cannot stand where it stands.  The caret shows the first "
    "character that does not fit; the hint names what is usually meant.",
    'matcalc diff "a\' X +" --wrt X',
)
_code(
    "character",
    "a character that matcalc does not read",
    "Expressions consist of Latin and Greek letters, digits, operators and brackets, and of the "
    "Unicode signs that look like these.  Letters of other alphabets that only look Latin, and "
    "characters that do not show at all, are refused and named.",
    'matcalc diff "x\'x | y" --wrt x',
    kind="syntax",
)
_code(
    "number",
    "a number cannot be read",
    "Numbers are written 2, 0.5, .5, 2. or 1e-3, in decimal and with at most one point.  Two "
    "numbers side by side are not multiplied.",
    'matcalc diff "1.2.3 x" --wrt x',
    kind="syntax",
)
_code(
    "bracket",
    "brackets do not match",
    "Every ( [ { < and || is closed by its counterpart, in the order of opening.",
    'matcalc diff "tr(A X" --wrt X',
    kind="syntax",
)
_code(
    "exponent",
    "an exponent cannot be read",
    "A power is X^2, X^-1, x^(a + 1) or X^{2}; a transpose X' or X^T.  Two exponents in a row are "
    "an error unless the later is T, `**` is no operator, and e^x is written exp(x).",
    'matcalc diff "x**2" --wrt x',
    kind="syntax",
)
_code(
    "call",
    "a function stands without parentheses",
    "Arguments of functions are always in parentheses: sin(x), log(det(X)).",
    'matcalc diff "sin x" --wrt x',
    kind="syntax",
)
_code(
    "block",
    "a block matrix cannot be read",
    "A block matrix is written [A, B; C, D], with at least two blocks; commas separate the blocks "
    "of a row, semicolons the rows.  Inside, a product is written with * or in parentheses.",
    'matcalc diff "[A B; C D] x" --wrt x',
    kind="syntax",
)
_code(
    "unknown-function",
    "no function has this name",
    "A name directly before a parenthesis is a function call unless it is a declared variable or "
    "a single upper-case letter, and `matcalc functions` lists the functions there are.",
    'matcalc diff "trace_of(X)" --wrt X',
    kind="name",
)
_code(
    "unknown-variable",
    "the variable of differentiation does not occur",
    "The variable stands neither in the expression nor in a declaration, so the derivative would "
    "be zero for no good reason.",
    'matcalc diff "x\'x" --wrt y',
    kind="name",
)
_code(
    "arity",
    "a function has the wrong number of arguments",
    "`matcalc functions NAME` shows how a function is called.",
    'matcalc diff "tr(X, Y)" --wrt X',
)
_code(
    "shape",
    "dimensions do not conform",
    "Two places ask for different dimensions of the same thing.  Both are shown, with the two "
    "dimensions and where each comes from.",
    'matcalc diff "tr(X)" --wrt X --where "X: m x n"',
)
_code(
    "ambiguous",
    "the expression can be read in two ways",
    "Both readings conform and need equally few assumptions.  Declare one of the names listed.",
    'matcalc diff "u v" --wrt u',
)
_code(
    "declaration",
    "a declaration cannot be read or contradicts another",
    "Declarations look like `X: m x n symmetric`, `x: n`, `t: scalar`, `f: R^n -> R^p`, `y = H x`.",
    'matcalc diff "x\'x" --wrt x --where "x: n q"',
)
_code(
    "domain",
    "the function is not defined or not differentiable there",
    "The value asked for lies outside the domain of a function.",
    'matcalc diff "log(0 t)" --wrt t',
)
_code(
    "unsupported",
    "matcalc has no closed form for this derivative",
    "The input is understood, and refusing is better than a wrong answer.  The message says what "
    "is missing.",
    'matcalc diff "X^k" --wrt X',
)
_code(
    "limit",
    "the input or the answer is too large",
    "An expression has at most 100,000 characters, a name at most 64.  An answer of which the "
    "parts repeat is written with names for them, `... where S = ...`; a derivation is not, and "
    "none of its expressions may have more than 1,000,000 characters.",
    f'matcalc diff "x\'{"long" * 16}x" --wrt x',
)
_code(
    "usage",
    "the command or the call is not of the right form",
    "`matcalc COMMAND --help` shows the options of a command.",
    'matcalc diff "x\'x"',
)
