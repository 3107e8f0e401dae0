"""Text to Tree.

The grammar is ``grammar/matcalc.lark``; this is the only module that knows lark.  A parse is one
pass: the contextual lexer, the :class:`Refiner` that refines its tokens and the LALR parser advance
together, token by token, without recursion.  The parser is built once per process and only when
something is parsed.  Every failure is a :class:`MatcalcError` with a span into the very text that
was typed; nothing of lark, neither its exceptions nor its names, gets out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, UnexpectedCharacters, UnexpectedToken

from matcalc.errors import MatcalcError, Span
from matcalc.language import names
from matcalc.language.build import Expressions
from matcalc.language.declarations import Declarations, merge
from matcalc.language.lexing import KNOWN_FUNCTIONS, Lexeme, Refiner, Vocabulary, clean, survey
from matcalc.language.names import canonical_name
from matcalc.language.syntax_errors import Mistake, Stop
from matcalc.language.tree import Declaration, Tree
from matcalc.tables.facts import SPELLINGS

__all__ = ["Parsed", "canonical_name", "grammar", "parse", "parse_expression"]


@dataclass(frozen=True)
class Parsed:
    """An expression with what is said of its names.

    ``declarations`` one for each name, the inline ones first
    ``wrt``          canonical names
    ``notes``        readings that were a choice, such as "Qx is read as Q x"
    """

    tree: Tree
    declarations: tuple[Declaration, ...]
    wrt: tuple[str, ...]
    notes: tuple[str, ...]


class _Builder(Expressions, Declarations):
    """What the parser calls for each rule."""

    def bare(self, children: list[Any]) -> tuple[Tree, list[Declaration]]:
        return children[0], []

    def qualified(self, children: list[Any]) -> tuple[Tree, list[Declaration]]:
        return children[0], children[2]


def parse(source: str, where: Sequence[str] = (), wrt: Sequence[str] = ()) -> Parsed:
    """Read an expression, with declarations and the variables of differentiation.

    Raises :class:`MatcalcError`; its ``source`` is the text, ``source`` itself or one of
    ``where``, that its offsets count in.
    """
    variables = tuple(canonical_name(name) for name in wrt)
    text, others = clean(source), [clean(each) for each in where]
    vocabulary = survey(text, others, variables)
    refiner = Refiner(text, vocabulary, "expression")
    tree, declarations = _read("problem", source, refiner)
    declarations = [replace(each, source=source) for each in declarations]
    notes = refiner.notes
    for original, other in zip(where, others, strict=True):
        refiner = Refiner(other, vocabulary, "head")
        found = _read("declarations", original, refiner)
        declarations += [replace(each, source=original) for each in found]
        notes += refiner.notes
    _check_wrt(variables, vocabulary)
    return Parsed(tree, merge(declarations), variables, tuple(dict.fromkeys(notes)))


@lru_cache(maxsize=4096)
def parse_expression(source: str) -> Tree:
    """Read one expression that declares nothing, as the tables of functions and laws have them."""
    text = clean(source)
    refiner = Refiner(text, survey(text, (), ()), "expression")
    tree: Tree = _read("problem", source, refiner)[0]
    return tree


def _read(start: str, source: str, refiner: Refiner) -> Any:
    """Run lexer, refiner and parser over a text; ``source`` is the text before cleaning."""
    try:
        return _feed(_lark().parse_interactive(refiner.source, start=start), refiner)
    except MatcalcError as found:
        error = found
    except Mistake as mistake:
        error = mistake.error(source)
    except UnexpectedCharacters as stopped:
        error = names.bad_character(source, stopped.pos_in_stream or 0)
    except UnexpectedToken as stopped:
        last = _lexeme(stopped.token)
        error = Stop(source, last, refiner.previous, refiner.open, refiner.section).error()
    raise error.in_source(source)


def _feed(parser: Any, refiner: Refiner) -> Any:
    """The parser's value; the lexer sees each state of the parser before it reads on."""
    state = parser.parser_state
    for token in parser.lexer_thread.lex(state):
        for lexeme in refiner.refine(token.type, str(token), token.start_pos):
            state.feed_token(lexeme)
    end = len(refiner.source)
    return state.feed_token(Lexeme("$END", "", Span(end, end)), is_end=True)


def _lexeme(token: Any) -> Lexeme | None:
    """The token that lark stopped at, None for the end of the text."""
    if token.type == "$END":
        return None
    if isinstance(token, Token):
        start = token.start_pos or 0
        return Lexeme(token.type, str(token), Span(start, start + len(token)))
    assert isinstance(token, Lexeme)
    return token


def _check_wrt(variables: Sequence[str], vocabulary: Vocabulary) -> None:
    for name in variables:
        if name not in vocabulary.declared and (
            name in KNOWN_FUNCTIONS or name in vocabulary.functions
        ):
            raise MatcalcError(
                "unknown-variable",
                f"{name} is a function, not a variable",
                hint=f"differentiate by a variable, or declare {name} as one",
            )


def grammar() -> str:
    """The grammar, with the words of the tables: beside the package, else from the checkout."""
    words = sorted((*SPELLINGS, *names.KINDS), key=len, reverse=True)  # the longest that fits
    pattern = "|".join(words).replace(" ", r"[ \t\r\n\-]+")
    package = Path(__file__).parent.parent
    for folder in (package, package.parent):
        path = folder / "grammar" / "matcalc.lark"
        if path.is_file():
            return path.read_text(encoding="utf-8").replace("{words}", pattern)
    raise FileNotFoundError("grammar/matcalc.lark")


@cache
def _lark() -> Lark:
    return Lark(
        grammar(),
        parser="lalr",
        lexer="contextual",
        start=["problem", "declarations"],
        transformer=_Builder(),
        maybe_placeholders=False,
    )
