"""What happens between the lexer and the parser: names, calls, norms.

The meaning of a word depends on words far from it: ``Qx`` is a product if ``x`` is used elsewhere,
``f(x)`` a call if ``f`` is declared a function further on.  So a *survey* of all texts of a problem
comes first (:func:`survey`); then a :class:`Refiner` takes the tokens one by one, in step with the
contextual lexer: it looks back at what was read and ahead in the text, never ahead in the tokens.
A :class:`Lexeme` keeps its exact place in what was typed, whatever became of its text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from matcalc.errors import MatcalcError, Span
from matcalc.language import names
from matcalc.language.syntax_errors import WHERE, function_without_parentheses, unknown_function
from matcalc.tables.functions import ALIASES, FUNCTIONS, SYNTAX_FUNCTIONS

LONGEST_INPUT = 100_000
_LONGEST_NUMBER = 4000
_LARGEST_EXPONENT = 400

_COMMENT = re.compile(r"#[^\r\n]*")
_WHERE = re.compile(r"(?<![A-Za-z0-9_])where(?![A-Za-z0-9_])")
_HEAD = re.compile(rf"(?:^|[,;])\s*({names.WORD.pattern})(\s*(?::?=|:|∈)|\s+in(?![A-Za-z0-9_]))")
_TOKEN = re.compile(rf"[0-9.]+(?:[eE][+-]?[0-9]+)?|\.T(?![A-Za-z0-9_])|{names.WORD.pattern}")
_LONE_NAME = re.compile(rf"\s*({names.WORD.pattern})\s*[,;]\s*{names.WORD.pattern}\s*[:=∈]")
_IN_EXPONENT = re.compile(r"\^\s*(?:\{\s*)?(?:-\s*)?$")
_MADE_OF_SIZES = re.compile(r"([A-Za-z])x([A-Za-z]|[0-9]+)")
_POWER_OF_E = re.compile(r"\s*\^\s*(?!\{?\s*-?\s*T(?![A-Za-z0-9_]))")
_OPERAND_ENDS = frozenset(
    "NAME NUMBER RPAR RSQB RBRACE RANGLE NORM_CLOSE PRIME SUPERSCRIPT TOP".split()  # noqa: SIM905
)
CLOSES = {
    "RPAR": "LPAR",
    "RSQB": "LSQB",
    "RBRACE": "LBRACE",
    "RANGLE": "LANGLE",
    "NORM_CLOSE": "NORM_OPEN",
}
_OPENS = frozenset(CLOSES.values())
KNOWN_FUNCTIONS = frozenset((*FUNCTIONS, *ALIASES, *SYNTAX_FUNCTIONS))


class Lexeme(NamedTuple):
    """A token as the parser sees it; ``text`` is canonical (ASCII names, aliases resolved)."""

    type: str
    text: str
    span: Span


@dataclass(frozen=True)
class Vocabulary:
    """What the survey found: how the words of a problem are to be read.

    ``declared``   variables and sizes that a declaration names
    ``functions``  abstract functions
    ``letters``    names of one letter in use; ``runs`` the longer words that are products of such
    ``suspects``   variables of the expression that stand, once only, where a size would
    """

    declared: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    wrt: frozenset[str] = frozenset()
    letters: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    suspects: frozenset[str] = frozenset()

    def is_function(self, name: str) -> bool:
        """A declared function ``f``, its Jacobian ``Df``, or a function of the table."""
        if name in self.declared:
            return False
        return self.is_abstract(name) or name in KNOWN_FUNCTIONS

    def is_abstract(self, name: str) -> bool:
        return name in self.functions or (name[:1] == "D" and name[1:] in self.functions)


def clean(source: str) -> str:
    """The text with its comments blanked out, of the same length; ``limit`` if it is too long."""
    if len(source) > LONGEST_INPUT:
        raise MatcalcError(
            "limit",
            f"the input has {len(source):,} characters",
            Span(LONGEST_INPUT, len(source)),
            hint=f"matcalc reads at most {LONGEST_INPUT:,}; name parts with `where y = ...`",
            source=source,
        )
    return _COMMENT.sub(lambda m: " " * len(m.group()), source)


def survey(source: str, where: Sequence[str], wrt: Sequence[str]) -> Vocabulary:
    """Read all texts of a problem for the names in them, before any of them is parsed."""
    keyword = _WHERE.search(source)
    expressions = [source[: keyword.start()] if keyword else source]
    declared: set[str] = set()
    functions: set[str] = set()
    sizes: Counter[str] = Counter()
    for text in ([source[keyword.end() :]] if keyword else []) + list(where):
        heads = list(_HEAD.finditer(text))
        ends = [head.start() for head in heads[1:]] + [len(text)]
        for head, end in zip(heads, ends, strict=False):
            body = text[head.end() : end]
            if head[2].endswith("="):
                expressions.append(body)
            else:
                sizes.update(names.canonical(w) for w in names.WORD.findall(body))
            is_function = head[2].strip() == ":" and ("->" in body or "→" in body)
            (functions if is_function else declared).add(names.canonical(head[1]))
    declared |= sizes.keys() - KNOWN_FUNCTIONS - functions - {"x", "R"}
    used = {names.canonical(word) for text in expressions for word in names.WORD.findall(text)}
    letters, candidates = _letters_and_runs(
        expressions, Vocabulary(frozenset(declared), frozenset(functions), frozenset(wrt))
    )
    runs: set[str] = set()
    letters |= {name for name in (*declared, *wrt) if len(name) == 1} | {"I"}
    while found := {run for run in candidates - runs if not letters.isdisjoint(run)}:
        runs |= found
        letters.update(*found)
    return Vocabulary(
        frozenset(declared),
        frozenset(functions),
        frozenset(wrt),
        frozenset(letters),
        frozenset(runs),
        frozenset(name for name in used if sizes[name] == 1),
    )


def _letters_and_runs(texts: Iterable[str], known: Vocabulary) -> tuple[set[str], set[str]]:
    """One-letter names in use, and the runs that may be products of such."""
    letters: set[str] = set()
    runs: set[str] = set()
    for text in texts:
        for match in _TOKEN.finditer(text):
            for offset, piece in names.pieces(match.group()):
                start = match.start() + offset
                called = text.startswith("(", start + len(piece))
                if _IN_EXPONENT.search(text, max(0, start - 16), start):
                    piece = piece.removeprefix("T")
                if len(piece) == 1 and not (called and piece.islower()):
                    letters.add(names.canonical(piece))
                elif _is_run(piece, known) and not (called and piece[-1].islower()):
                    runs.add(piece)
    return letters, runs


def _is_run(piece: str, known: Vocabulary) -> bool:
    """Two or three letters that nothing makes one name."""
    if not (1 < len(piece) < 4 and piece.isascii() and piece.isalpha()):
        return False
    if piece in known.declared or piece in known.wrt or known.is_function(piece):
        return False
    rest = piece[1:]
    perturbation = piece[0] == "d" and (
        len(rest) == 1 or names.is_greek(rest) or rest in known.declared or rest in known.wrt
    )
    return not (perturbation or names.is_greek(piece) or piece == "in")


@dataclass
class Refiner:
    """Refines the tokens of one text: ``section`` is "expression", "head" or "sizes"."""

    source: str
    vocabulary: Vocabulary
    section: str
    notes: list[str] = field(default_factory=list)
    open: list[Lexeme] = field(default_factory=list)
    previous: Lexeme | None = None
    _before: Lexeme | None = None

    def refine(self, kind: str, text: str, start: int) -> Iterator[Lexeme]:
        """The lexemes that a token stands for; one counts as read once the next is asked for."""
        for lexeme in self._lexemes(kind, text, Span(start, start + len(text))):
            yield lexeme
            self._track(lexeme)
            self._before, self.previous = self.previous, lexeme

    def _lexemes(self, kind: str, text: str, span: Span) -> Iterator[Lexeme]:
        if kind == "NAME":
            if self.section == "head" and len(names.pieces(text)) > 1:
                raise MatcalcError(
                    "declaration",
                    f"{text} is more than one name",
                    span,
                    hint="a Greek letter is a name of its own; x_α and α_1 are one name each",
                )
            for offset, piece in names.pieces(text):
                yield from self._name(piece, span.start + offset)
        elif kind == "NUMBER":
            self._check_number(text, span)
            yield Lexeme(kind, text, span)
        elif kind == "NORM_OPEN":
            yield Lexeme("NORM_CLOSE" if self._closes_norm() else kind, text, span)
        elif kind == "WORD":
            word = text.lstrip(", \t\r\n")
            yield Lexeme(kind, word, Span(span.end - len(word), span.end))
        elif kind == "COMMA" and self.section == "sizes" and not self.open:
            self._check_second_size(span)
            yield Lexeme(kind, text, span)
        else:
            yield Lexeme(kind, text, span)

    def _closes_norm(self) -> bool:
        inside = bool(self.open) and self.open[-1].type == "NORM_OPEN"
        return inside and self.previous is not None and self.previous.type in _OPERAND_ENDS

    def _track(self, lexeme: Lexeme) -> None:
        """Remember open brackets, and which part of a declaration this is."""
        kind = lexeme.type
        if kind in _OPENS:
            self.open.append(lexeme)
        elif kind in CLOSES:
            if self.open and self.open[-1].type == CLOSES[kind]:
                self.open.pop()
        elif kind in ("WHERE", "SEPARATOR"):
            self.section = "head"
        elif kind in ("COLON", "IN"):
            self.section = "sizes"
        elif kind == "EQUALS":
            self.section = "expression"

    # --- names ------------------------------------------------------------------------------------

    def _name(self, piece: str, start: int) -> Iterator[Lexeme]:
        name = names.canonical(piece)
        span = Span(start, start + len(piece))
        if len(name) > names.LONGEST_NAME:
            raise names.too_long(name, span)
        if name == "where":
            raise MatcalcError(
                "syntax",
                "`where` begins the declarations that follow an expression",
                span,
                hint="write the expression first, as in x'Q x where Q: n x n",
            )
        if name == "in" and self.section == "expression":
            raise MatcalcError(
                "syntax",
                "declarations follow the expression",
                span,
                hint=f"write x'Q x where x in R^n, or use {WHERE}",
                options=(WHERE,),
            )
        if self.section == "sizes":
            yield from self._size(name, span)
        elif self.section == "head" or name in self.vocabulary.declared:
            yield Lexeme("NAME", name, span)
        else:
            yield from self._undeclared(name, span)

    def _size(self, name: str, span: Span) -> Iterator[Lexeme]:
        """``n``; or ``nxk`` and the ``xk`` of ``3xk``, where the x is the one of n x k."""
        previous = self.previous
        glued = previous is not None and previous.type == "NUMBER" and previous.span.end == span[0]
        if glued and len(name) == 2 and name[0] == "x":
            yield Lexeme("TIMES", "x", Span(span.start, span.start + 1))
            yield Lexeme("NAME", name[1:], Span(span.start + 1, span.end))
        elif match := _MADE_OF_SIZES.fullmatch(name):
            yield Lexeme("NAME", match[1], Span(span.start, span.start + 1))
            yield Lexeme("TIMES", "x", Span(span.start + 1, span.start + 2))
            kind = "NUMBER" if match[2].isdigit() else "NAME"
            yield Lexeme(kind, match[2], Span(span.start + 2, span.end))
        else:
            yield Lexeme("NAME", name, span)

    def _check_second_size(self, comma: Span) -> None:
        """The A of ``x: n, A, B: n x n`` is a name without its own declaration, not a size."""
        match = _LONE_NAME.match(self.source, comma.end)
        if match and names.canonical(match[1]) in self.vocabulary.suspects:
            raise MatcalcError(
                "declaration",
                f"is {match[1]} a size, or a name to be declared?",
                Span(*match.span(1)),
                hint=f"every name is declared on its own, as in {match[1]}: n x n; sizes are "
                f"written with x, as in n x {match[1]}",
            )

    def _undeclared(self, name: str, span: Span) -> Iterator[Lexeme]:
        known = self.vocabulary
        if self._is_exponent():
            if tail := self._after_transpose(name):
                yield Lexeme("NAME", "T", Span(span.start, span.start + 1))
                yield from self._name(tail, span.start + 1)
                return
            if len(name) == 1:
                yield Lexeme("NAME", name, span)
                return
        if known.is_function(name):
            if not self._before_parenthesis(span):
                raise function_without_parentheses(name, span, self.source, known.is_function)
            yield Lexeme("FUNCTION", name, span)
        elif name in known.runs and not (self._called(span) and name[-1].islower()):
            self._note(f"{name} is read as {' '.join(name)}")
            for i, letter in enumerate(name, span.start):
                place = Span(i, i + 1)
                if known.is_function(letter):
                    is_function = known.is_function
                    raise function_without_parentheses(letter, place, self.source, is_function)
                yield Lexeme("NAME", letter, place)
        else:
            self._check_variable(name, span)
            yield Lexeme("NAME", name, span)

    def _is_exponent(self) -> bool:
        """Whether this is the first thing after ``^`` or ``^-``."""
        last = self.previous
        if last is not None and last.type == "MINUS":
            last = self._before
        return last is not None and last.type == "CARET"

    def _after_transpose(self, name: str) -> str:
        """``Qx`` of the ``TQx`` in ``x^TQx``: as an exponent, T is always transpose."""
        tail = name[1:]
        if name[0] != "T" or not name.isalpha() or name in self.vocabulary.wrt:
            return ""
        known = self.vocabulary
        is_name = tail in known.declared or tail in known.wrt or names.is_greek(tail)
        return tail if len(tail) <= 3 or is_name or known.is_function(tail) else ""

    def _called(self, span: Span) -> bool:
        return self.source.startswith("(", span.end)

    def _before_parenthesis(self, span: Span) -> bool:
        end = span.end
        while end < len(self.source) and self.source[end].isspace():
            end += 1
        return self.source.startswith("(", end)

    def _check_variable(self, name: str, span: Span) -> None:
        """A name that is no function and is not declared: may it stand here as a variable?"""
        known = self.vocabulary
        if name == "e" and name not in known.wrt and _POWER_OF_E.match(self.source, span.end):
            raise self._power_of_e(span)
        if not self._called(span) or name in known.wrt:
            return
        if names.is_greek(name):
            letter = f"\\{name.lower()}"
            like = (row.name for row in FUNCTIONS.values() if row.latex.lower() == letter)
            hint = "".join(f"; the function is {function}" for function in like)
            self._note(f"{name}(...) is read as the product of {name} and the parentheses{hint}")
        elif len(name) > 1 or (name.islower() and name not in known.letters):
            raise unknown_function(name, span, KNOWN_FUNCTIONS)

    def _power_of_e(self, span: Span) -> MatcalcError:
        match = _POWER_OF_E.match(self.source, span.end)
        start = match.end() if match else span.end
        exponent = re.compile(r"[({]([^(){}]*)[)}]|(-?\s*(?:[0-9.]+|[A-Za-z]\w*))").match(
            self.source, start
        )
        inside = (exponent[1] or exponent[2] or "x").strip() if exponent else "..."
        return MatcalcError(
            "exponent",
            "the exponential function is written exp(x)",
            Span(span.start, exponent.end() if exponent else start),
            hint=f"write exp({inside}), or declare e if it is a variable",
        )

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    # --- numbers ----------------------------------------------------------------------------------

    def _check_number(self, text: str, span: Span) -> None:
        previous = self.previous
        if previous is not None and previous.type == "NUMBER":
            both = previous.span | span
            written = self.source[both.start : both.end]
            glued = previous.span.end == span.start
            raise MatcalcError(
                "number",
                f"{written} is not a number" if glued else "two numbers stand side by side",
                both,
                hint="a number has one decimal point"
                if glued
                else f"write {previous.text} * {text} for the product",
            )
        after_operand = previous is not None and previous.type in _OPERAND_ENDS
        if text[0] == "." and after_operand and previous and previous.span.end == span.start:
            raise MatcalcError(
                "number",
                f"{text} follows without a space",
                span,
                hint=f"write * 0{text} for a product, ^0{text} for a power",
            )
        based = re.compile(r"0(?:[xX][0-9A-Fa-f]+|[bB][01]+|[oO][0-7]+)(?!\w)")
        if text == "0" and (match := based.match(self.source, span.start)):
            raise MatcalcError(
                "number",
                f"{match.group()} is not a decimal number",
                Span(*match.span()),
                hint=f"write {int(match.group(), 0)}",
            )
        exponent = re.split("[eE]", text)[1:]
        if len(text) > _LONGEST_NUMBER or any(abs(int(e)) > _LARGEST_EXPONENT for e in exponent):
            raise MatcalcError(
                "limit",
                "the number is too long",
                span,
                hint=f"a number has at most {_LONGEST_NUMBER} digits and an exponent of at most "
                f"{_LARGEST_EXPONENT}",
            )
