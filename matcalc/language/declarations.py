"""Declarations: what a ``where`` clause says of each name, checked and put together.

The methods are those of the declaration part of the grammar.  What is said of one name in several
places adds up to one :class:`Declaration`; what contradicts itself is an error here, so that nobody
further on has to decide whom to believe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from matcalc.errors import MatcalcError, Span
from matcalc.language.lexing import KNOWN_FUNCTIONS, Lexeme
from matcalc.language.names import KINDS
from matcalc.language.sizes import ONE, SCALAR, Dim, Shape
from matcalc.language.syntax_errors import Mistake
from matcalc.language.tree import Declaration
from matcalc.tables.facts import SPELLINGS, SQUARE


@dataclass(frozen=True)
class _Size:
    dim: Dim
    span: Span


@dataclass(frozen=True)
class _Said:
    """The right-hand side of a declaration, as far as it has been read."""

    sizes: tuple[_Size, ...] = ()
    words: tuple[Lexeme, ...] = ()
    function: tuple[Dim, Dim] | None = None


class Declarations:
    """Called by the parser with the children of each rule, from the leaves up."""

    def declarations(self, children: list[Any]) -> list[Declaration]:
        return _listed(children)

    def defined(self, children: list[Any]) -> Declaration:
        name, _, definition = children
        _check_name(name)
        return Declaration(name.text, name.span, definition=definition)

    def declared(self, children: list[Any]) -> Declaration:
        name, _, said = children[:3]
        if len(children) == 4:
            said = replace(said, words=tuple(children[3]))
        _check_name(name)
        if said.function is not None:
            return Declaration(name.text, name.span, function=said.function)
        facts, kinds = _facts_and_kinds(said.words)
        shape = _shape(said.sizes)
        if "scalar" in kinds or kinds == ["integer"]:
            shape = shape or SCALAR
        kind = ""
        if not said.sizes:
            kind = next((k for k in ("square", "scalar", "vector", "matrix") if k in kinds), "")
            kind = kind or ("integer" if "integer" in kinds else "")
        declaration = Declaration(name.text, name.span, shape, kind, facts)
        for word in (*kinds, *facts):
            _check_possible(declaration, word)
        return declaration

    def description(self, children: list[Any]) -> _Said:
        said = _Said()
        for child in children:
            if isinstance(child, _Said):
                said = replace(said, sizes=child.sizes)
            elif isinstance(child, list):
                said = replace(said, words=said.words + tuple(child))
        return said

    def words(self, children: list[Any]) -> list[Lexeme]:
        return _listed(children)

    def mapping(self, children: list[Any]) -> _Said:
        source, arrow, target = children
        if len(source.sizes) > 1 or len(target.sizes) > 1:
            hint = "declare f: R^n -> R^p, and apply it to vec(X)"
            message = "abstract functions take and return vectors"
            raise MatcalcError("unsupported", message, arrow.span, hint=hint)
        dims = [space.sizes[0].dim if space.sizes else ONE for space in (source, target)]
        return _Said(function=(dims[0], dims[1]))

    def reals(self, children: list[Any]) -> _Said:
        name = children[0]
        if name.text != "R" and len(children) > 1 and name.text.islower():  # n^2
            raise Mistake(
                "declaration",
                "sizes are not computed with ^",
                name.span,
                "a size is an integer, a name or a product such as 2 n or {0}*{0}",
                name.span,
            )
        if name.text != "R":
            hint = "all variables are real: X in R^{m x n}, x in R^n, t in R"
            if len(children) == 1:  # n -> p
                hint = f"write R^{name.text}, as in x in R^n or f: R^n -> R^p"
            raise _wrong(f"{name.text} is not a space that matcalc knows", name.span, hint)
        shapes = [child for child in children if isinstance(child, _Said)]
        return shapes[0] if shapes else _Said(sizes=(_Size(ONE, name.span),))

    def shape(self, children: list[Any]) -> _Said:
        return _Said(sizes=tuple(child for child in children if isinstance(child, _Size)))

    def size(self, children: list[Any]) -> _Size:
        if len(children) == 1:
            return children[0]  # type: ignore[no-any-return]
        left, _, right = children
        return _Size(left.dim * right.dim, left.span | right.span)

    def factor(self, children: list[Lexeme]) -> _Size:
        dim = reduce(Dim.__mul__, map(_dim, children))
        return _Size(dim, children[0].span | children[-1].span)


def _listed(children: list[Any]) -> list[Any]:
    """A list that grows by the last of the children, or begins with the only one."""
    if len(children) == 1:
        return children
    listed: list[Any] = children[0]
    listed.append(children[-1])
    return listed


def _wrong(message: str, span: Span, hint: str) -> MatcalcError:
    return MatcalcError("declaration", message, span, hint=hint)


def _dim(lexeme: Lexeme) -> Dim:
    if lexeme.type == "NAME":
        return _named(lexeme)
    if not lexeme.text.isdigit() or int(lexeme.text) < 1:
        hint = "a size is an integer from 1 on, a name, or a product of them"
        raise _wrong(f"{lexeme.text} is not a size", lexeme.span, hint)
    return Dim.of(int(lexeme.text))


def _named(lexeme: Lexeme) -> Dim:
    """A size that has a name; a word that is nearly a property is a slip of the pen."""
    if len(lexeme.text) > 5:
        from difflib import get_close_matches

        words = [*SPELLINGS, *KINDS]
        if near := get_close_matches(lexeme.text.lower(), words, n=1, cutoff=0.8):
            hint = f"did you mean {near[0]}?"
            raise _wrong(f"{lexeme.text} is not a property", lexeme.span, hint)
    return Dim.named(lexeme.text)


def _shape(sizes: tuple[_Size, ...]) -> Shape | None:
    if not sizes:
        return None
    return Shape(sizes[0].dim, sizes[1].dim if len(sizes) == 2 else ONE)


def _check_name(name: Lexeme) -> None:
    if name.text in ("where", "in"):
        message = f"{name.text} is a word of the language"
        raise _wrong(message, name.span, "choose another name")


def _facts_and_kinds(words: Iterable[Lexeme]) -> tuple[tuple[str, ...], list[str]]:
    texts = [re.sub(r"[\s-]+", " ", word.text) for word in words]
    facts = dict.fromkeys(SPELLINGS[text] for text in texts if text in SPELLINGS)
    return tuple(facts), [text for text in texts if text in KINDS]


def _check_possible(declaration: Declaration, word: str) -> None:
    """Sizes are rigid, so that a symmetric m x n matrix, or a vector 2 x 3, is a contradiction."""
    shape, kind = declaration.shape, declaration.kind
    wrong = ""
    if word in SQUARE or word == "square":
        if shape is not None and not shape.is_square:
            wrong = f"a matrix of size {shape} is not {word}"
        elif kind == "vector":
            wrong = f"a vector is not {word}"
    elif word == "scalar" and shape is not None and not shape.is_scalar:
        wrong = f"a matrix of size {shape} is not a scalar"
    elif word == "vector" and (
        (shape is not None and not (shape.is_row or shape.is_column)) or kind not in ("", word)
    ):
        what = f"matrix of size {shape}" if shape is not None else kind
        wrong = f"a {what} is not a vector"
    elif word == "matrix" and kind in ("vector", "scalar"):
        wrong = f"a {kind} is not a matrix"
    if wrong:
        message, hint = f"{declaration.name}: {wrong}", "leave out the size or the property"
        raise _wrong(message, declaration.span, hint)


# --- several declarations of one name -------------------------------------------------------------


def merge(declarations: Iterable[Declaration]) -> tuple[Declaration, ...]:
    """One declaration for each name, in the order in which the names first appear."""
    merged: dict[str, Declaration] = {}
    for new in declarations:
        if new.function is not None and new.name in KNOWN_FUNCTIONS:
            message = f"{new.name} is a function that matcalc knows"
            hint = "choose another name for the abstract function"
            raise _wrong(message, new.span, hint).in_source(new.source)
        old = merged.get(new.name)
        merged[new.name] = new if old is None else _both(old, new)
    return tuple(merged.values())


def _both(old: Declaration, new: Declaration) -> Declaration:
    if old.function is not None or new.function is not None:
        if old.function != new.function:
            one = None in (old.function, new.function)
            what = "a function and otherwise" if one else "two functions"
            raise _contradiction(old, new, f"declared as {what}")
        return old
    if old.definition is not None and new.definition is not None:
        raise _contradiction(old, new, "defined twice")
    if old.shape is not None and new.shape is not None and old.shape != new.shape:
        raise _contradiction(old, new, f"declared as {old.shape} and as {new.shape}")
    base, other = (new, old) if new.definition is not None else (old, new)
    kinds = {old.kind, new.kind} - {""}
    if kinds == {"square", "matrix"}:
        kinds = {"square"}
    if kinds == {"integer", "scalar"}:
        kinds = {"integer"}
    if len(kinds) > 1:
        raise _contradiction(old, new, f"declared as {old.kind} and as {new.kind}")
    shape, facts = base.shape or other.shape, tuple(dict.fromkeys(old.facts + new.facts))
    both = replace(base, shape=shape, kind=next(iter(kinds), ""), facts=facts)
    try:
        for word in (both.kind, *both.facts):
            _check_possible(both, word)
    except MatcalcError as error:
        raise _contradiction(old, new, error.message.partition(": ")[2]) from None
    if both.shape is None or both.kind in ("scalar", "integer"):
        return both
    return replace(both, kind="")  # with sizes there is nothing left for the word to say


def _contradiction(old: Declaration, new: Declaration, what: str) -> MatcalcError:
    same_text = old.source == new.source
    return MatcalcError(
        "declaration",
        f"{new.name} is {what}" if not what.startswith("a ") else f"{new.name}: {what}",
        new.span,
        hint=f"declare {new.name} once",
        others=((old.span, "first here"),) if same_text else (),
        source=new.source,
    )
