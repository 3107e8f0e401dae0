"""Plain text: matcalc's own language, and its Unicode face for terminals.

What :func:`text` prints in ASCII reads back to the same expression with the same declarations: the
parser is its inverse.  Two spellings guard that: literals side by side are an error, so they get an
explicit ``*``; and since ``.*`` before a matrix product is an error, the element-wise part of
``(x .* y) w`` is parenthesised.  The Unicode face (``plain=False``) is for reading only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from matcalc.language.names import GREEK
from matcalc.language.tree import (
    Block,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Power,
    Transpose,
    Tree,
)
from matcalc.language.writer import Level, Piece, Writer, ends_in, rows_of
from matcalc.tables.functions import FUNCTIONS

_NUMBER_AT_END = re.compile(r"(?<![A-Za-z0-9_.])[0-9.]+(?:[eE][+-]?[0-9]+)?$")
_ELEMENTWISE = (".*", "./")

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALL = "0123456789aehijklmnoprstuvx"
_SUBSCRIPT = str.maketrans(_SMALL, "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_VULGAR = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾"}
_GREEK_HEAD = re.compile(r"(d?)(" + "|".join(sorted(GREEK, key=len, reverse=True)) + r")(_?[0-9]*)")


def text(tree: Tree, plain: bool = True) -> str:
    """The tree in one line: matcalc's own language, or Unicode mathematics."""
    return (_ASCII if plain else _UNICODE).write(tree)


def pretty_name(name: str) -> str:
    """A variable's name as a terminal shows it: ``Sigma`` is Σ, ``mu0`` is μ0."""
    found = _GREEK_HEAD.fullmatch(name)
    return found[1] + GREEK[found[2]] + found[3] if found else name


def pretty_shape(shape: Iterable[object], unicode: bool = True) -> str:
    """``m×n``, or ``m x n``; a scalar is called one."""
    rows, cols = (str(size) for size in shape)
    if (rows, cols) == ("1", "1"):
        return "scalar"
    return ("×" if unicode else " x ").join((_size(rows, unicode), _size(cols, unicode)))


def _size(size: str, unicode: bool) -> str:
    spelled = " ".join(pretty_name(word) if unicode else word for word in size.split(" "))
    return f"({spelled})" if " " in spelled else spelled


class PlainText(Writer):
    """The language itself."""

    operators = {" ": " ", "*": " * ", "/": " / ", ".*": " .* ", "./": " ./ "}

    def number(self, node: Number) -> Piece:
        # 2. before ^ would be read as 2 .^
        return Piece(node.text.removesuffix("."), Level.ATOM)

    def name(self, node: Name) -> Piece:
        return Piece(node.name, Level.ATOM)

    def call(self, node: Call, args: Sequence[Piece]) -> Piece:
        return Piece(f"{node.function}({', '.join(arg.text for arg in args)})", Level.ATOM)

    def multiply(self, node: Multiply, parts: Sequence[Piece]) -> Piece:
        first = self.first_factor(node.factors[0], parts[0])
        pieces = [first.text]
        wrap = elementwise = False
        for i, (op, part) in enumerate(zip(node.ops, parts, strict=True)):
            if i == 0:
                continue
            if op in (" ", "*") and elementwise:
                pieces = ["(", *pieces, ")"]
                elementwise, wrap = False, True
            elementwise = elementwise or op in _ELEMENTWISE
            factor = self.at(part, Level.POSTFIX)
            pieces += [self.operator(node, i, pieces[-1], factor), factor]
        line = "".join(pieces)
        level = Level.PRODUCT if wrap else first.level
        # [A B, C] is an error: it might have been meant for three blocks
        sign = "-" if level is Level.NEGATIVE else ""
        entry = f"{sign}({line.removeprefix(sign)})" if " " in node.ops else ""
        return Piece(line, level, entry=entry)

    def operator(self, node: Multiply, i: int, before: str, after: str) -> str:
        """The operator before factor i, with its spaces."""
        op = node.ops[i]
        numbers = isinstance(node.factors[i - 1], Number) and isinstance(node.factors[i], Number)
        if op == "/" and numbers and node.ops[i - 1] in ("", " ", "*"):
            return "/"
        if op == " " and after[0] in "0123456789." and _NUMBER_AT_END.search(before):
            op = "*"
        return self.operators[op]

    def power(self, node: Power, base: Piece, exponent: Piece) -> Piece:
        match node.exponent:
            case Name(name="T"):
                raised = "(T)"
            case Number() | Name() | Negative(arg=Number()):
                raised = exponent.text
            case _:
                raised = f"({exponent.text})"
        caret = " .^ " if node.elementwise else "^"
        return Piece(self.at(base, Level.ATOM) + caret + raised, Level.POSTFIX)

    def transpose(self, node: Transpose, arg: Piece) -> Piece:
        return Piece(self.at(arg, Level.ATOM) + "'", Level.POSTFIX)

    def block(self, node: Block, parts: Sequence[Piece]) -> Piece:
        rows = (", ".join(each.entry or each.text for each in row) for row in rows_of(node, parts))
        return Piece(f"[{'; '.join(rows)}]", Level.ATOM)


class UnicodeText(PlainText):
    """Mathematics as a terminal can show it: Greek letters, ᵀ, ⁻¹, ‖x‖, ⊙."""

    minus = "−"
    operators = {" ": " ", "*": " ", "/": " / ", ".*": " ⊙ ", "./": " ⊘ "}

    def name(self, node: Name) -> Piece:
        return Piece(pretty_name(node.name), Level.ATOM)

    def call(self, node: Call, args: Sequence[Piece]) -> Piece:
        row = FUNCTIONS.get(node.function)
        if row is not None and row.notation:
            return self.template(row.notation, args)
        inside = ", ".join(arg.text for arg in args)
        if node.function == "eye" and all(char in _SMALL for char in inside):
            return Piece("I" + inside.translate(_SUBSCRIPT), Level.ATOM)
        return Piece(f"{pretty_name(node.function)}({inside})", Level.ATOM)

    def multiply(self, node: Multiply, parts: Sequence[Piece]) -> Piece:
        written = super().multiply(node, parts)
        head, space, rest = written.text.partition(" ")
        return written._replace(text=_VULGAR.get(head, head) + space + rest, entry="")

    def operator(self, node: Multiply, i: int, before: str, after: str) -> str:
        if node.ops[i] in (" ", "*") and isinstance(node.factors[i], Number):
            return " · "
        return super().operator(node, i, before, after)

    def power(self, node: Power, base: Piece, exponent: Piece) -> Piece:
        digits = exponent.text.replace("−", "-")
        if not node.elementwise and re.fullmatch(r"-?[0-9]+", digits):
            raised = digits.translate(_SUPERSCRIPT)
            return Piece(self.at(base, Level.ATOM) + raised, Level.POSTFIX)
        return super().power(node, base, exponent)

    def transpose(self, node: Transpose, arg: Piece) -> Piece:
        if ends_in(arg, "⁻¹"):
            return Piece(arg.text.removesuffix("⁻¹") + "⁻ᵀ", Level.POSTFIX)
        return Piece(self.at(arg, Level.ATOM) + "ᵀ", Level.POSTFIX)


_ASCII = PlainText()
_UNICODE = UnicodeText()
