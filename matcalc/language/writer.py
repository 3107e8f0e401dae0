"""The precedence-aware walker that every linear notation shares.

A :class:`Writer` folds a surface tree into one string.  Its invariant: the text of a node is in
parentheses exactly where leaving them out would be read as another tree, so plain text reads back
to what was printed, and LaTeX and terminal output group the same way.  Notations differ in how a
node is spelled, never in when it needs parentheses; that is why there is one walker and not one per
format.  The fold does not recurse: ten thousand nested parentheses are ordinary input.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from matcalc.errors import MatcalcError, assert_never
from matcalc.language.tree import (
    Add,
    Block,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Power,
    Transpose,
    Tree,
    fold,
)

MOST = 1_000_000  # characters of one expression
_ENCLOSED = re.compile(r"(?:\\lVert |\\langle |[|‖⟨{]|, )#[0-9]")


class Level(IntEnum):
    """How tightly the outermost operator of a text binds."""

    SUM = 0
    NEGATIVE = 1
    PRODUCT = 2
    POSTFIX = 3
    ATOM = 4


class Piece(NamedTuple):
    """The text of a node and what its parent must know to place it.

    ``level``  how tightly it binds
    ``tall``   whether it is higher than a line (LaTeX)
    ``entry``  how it is written between the commas of a block matrix, if not like ``text``
    """

    text: str
    level: Level
    tall: bool = False
    entry: str = ""


class Writer(ABC):
    """One notation.  Subclasses say how each kind of node is spelled."""

    minus = "-"

    def write(self, tree: Tree) -> str:
        """The text of a tree.  Raises MatcalcError (limit) if it is longer than anybody reads."""
        return fold(tree, self._bounded).text

    def _bounded(self, node: Tree, parts: Sequence[Piece]) -> Piece:
        piece = self.piece(node, parts)
        if len(piece.text) > MOST:  # what repeats is one tree, so the length may be exponential
            raise MatcalcError(
                "limit",
                f"the answer is too long to be written: it has more than {MOST:,} characters",
                hint="give the parts of the expression names of their own and ask about those",
            )
        return piece

    def piece(self, node: Tree, parts: Sequence[Piece]) -> Piece:
        """The piece of a node from those of its children."""
        match node:
            case Number():
                return self.number(node)
            case Name():
                return self.name(node)
            case Call():
                return self.call(node, parts)
            case Negative():
                arg = parts[0]
                negative = self.minus + self.at(arg, Level.PRODUCT)
                entry = self.minus + arg.entry if arg.level is Level.PRODUCT and arg.entry else ""
                return Piece(negative, Level.NEGATIVE, arg.tall, entry)
            case Add():
                return self.add(node, parts)
            case Multiply():
                return self.multiply(node, parts)
            case Power():
                return self.power(node, parts[0], parts[1])
            case Transpose():
                return self.transpose(node, parts[0])
            case Block():
                return self.block(node, parts)
            case _:
                assert_never(node)

    def at(self, piece: Piece, level: Level) -> str:
        """The text, parenthesised unless it binds at least as tightly as ``level``."""
        return piece.text if piece.level >= level else self.parentheses(piece)

    def parentheses(self, piece: Piece) -> str:
        return f"({piece.text})"

    def add(self, node: Add, parts: Sequence[Piece]) -> Piece:
        """Terms and signs; only the first term may show a minus of its own."""
        texts: list[str] = []
        entries: list[str] = []
        for i, (sign, part) in enumerate(zip(node.signs, parts, strict=True)):
            operator = (" + " if sign > 0 else f" {self.minus} ") if i else self.minus
            lead = operator if i or sign < 0 else ""
            bare = Level.PRODUCT if lead else Level.NEGATIVE
            shown = self.at(part, bare)
            texts.append(lead + shown)
            entries.append(lead + (part.entry if part.entry and part.level >= bare else shown))
        tall = any(part.tall for part in parts)
        entry = "".join(entries) if any(part.entry for part in parts) else ""
        return Piece("".join(texts), Level.SUM, tall, entry)

    def template(self, template: str, args: Sequence[Piece]) -> Piece:
        """Fill a template; an argument that it does not enclose is parenthesised where needed."""
        enclosed = bool(_ENCLOSED.search(template))
        infix = template.startswith("#1 ") and template.endswith(" #2")
        tall = any(arg.tall for arg in args) or (not enclosed and r"\left" in template)
        for i, arg in enumerate(args):
            shown = arg.text if enclosed else self.at(arg, Level.POSTFIX if infix else Level.ATOM)
            template = template.replace(f"#{i + 1}", shown)
        return Piece(
            template,
            Level.ATOM if enclosed else Level.PRODUCT if infix else Level.POSTFIX,
            tall,
        )

    def first_factor(self, factor: Tree, part: Piece) -> Piece:
        """The piece that a product starts with: -a b needs no parentheses, (-a b) c does."""
        if isinstance(factor, Negative) and not isinstance(factor.arg, Multiply | Negative):
            return part
        shown = part.text if isinstance(factor, Number) else self.at(part, Level.POSTFIX)
        return Piece(shown, Level.PRODUCT, part.tall)

    @abstractmethod
    def number(self, node: Number) -> Piece: ...

    @abstractmethod
    def name(self, node: Name) -> Piece: ...

    @abstractmethod
    def call(self, node: Call, args: Sequence[Piece]) -> Piece: ...

    @abstractmethod
    def multiply(self, node: Multiply, parts: Sequence[Piece]) -> Piece: ...

    @abstractmethod
    def power(self, node: Power, base: Piece, exponent: Piece) -> Piece: ...

    @abstractmethod
    def transpose(self, node: Transpose, arg: Piece) -> Piece: ...

    @abstractmethod
    def block(self, node: Block, parts: Sequence[Piece]) -> Piece: ...


def is_ratio(tree: Tree) -> bool:
    """Whether a tree is a quotient of two number literals."""
    match tree:
        case Multiply(factors=(Number(), Number()), ops=("", "/")):
            return True
    return False


def ends_in(piece: Piece, exponent: str) -> bool:
    """Whether a piece is a base with this exponent, as an inverse may be."""
    return piece.level is Level.POSTFIX and piece.text.endswith(exponent)


def rows_of(node: Block, parts: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces of a block matrix, row by row."""
    rest = iter(parts)
    return [[next(rest) for _ in row] for row in node.rows]
