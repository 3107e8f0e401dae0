r"""LaTeX: a bare fragment of one line, pure ASCII, that needs amsmath only.

It compiles in pdfTeX and renders in KaTeX, so nothing here relies on a package beyond amsmath or on
a macro of our own.  Two names of one expression never look alike: where ``x_1`` and ``x1`` both
occur, the second is spelled out.  Divisions of a product are drawn as one fraction, with a numeric
quotient in front (``1/2 x' A x / t`` is \frac{x^{\top} A x}{2 t}), as a person would write it;
divisors are scalars, so this changes no value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matcalc.language.names import GREEK
from matcalc.language.sizes import Shape
from matcalc.language.tree import (
    Block,
    Call,
    Multiply,
    Name,
    Number,
    Power,
    Transpose,
    Tree,
    postorder,
)
from matcalc.language.writer import Level, Piece, Writer, ends_in, is_ratio, rows_of
from matcalc.tables.functions import lookup

_HEAD = "|".join(sorted(GREEK, key=len, reverse=True))
_STEM = re.compile(rf"({_HEAD}|[A-Za-z]|[A-Za-z]+)(?:([0-9]+)|((?:_[A-Za-z0-9]+)+))?")
_DIFFERENTIAL = re.compile(rf"d((?:{_HEAD}|[A-Za-z]|[A-Z][A-Za-z]*)(?:[0-9]+|(?:_[A-Za-z0-9]+)+)?)")
_SCIENTIFIC = re.compile(r"([0-9.]+)[eE]([+-]?[0-9]+)")
_CONSTANTS = {"eye": "I", "ones": r"\mathbf{1}", "zeros": r"\mathbf{0}", "commutation": "K"}


def latex(
    tree: Tree,
    shapes: Mapping[Tree, Shape] | None = None,
    names: Sequence[tuple[str, Tree]] = (),
) -> str:
    """The tree as a LaTeX fragment; ``shapes`` tells element-wise powers of scalars from others.

    ``names`` are abbreviations in the tree, whose definitions follow it.
    """
    trees = [tree, *(value for _, value in names), *(Name(name) for name, _ in names)]
    used = {n.name for each in trees for n in postorder(each) if isinstance(n, Name)}
    writer = Latex(_spellings(used), shapes or {})
    where = (rf"{writer.write(Name(name))} = {writer.write(value)}" for name, value in names)
    lead = r" \quad \text{where } " if names else ""
    return writer.write(tree) + lead + r", \quad ".join(where)


def latex_name(name: str) -> str:
    r"""``theta0`` is \theta_{0}, ``X_1`` X_{1}, ``dX`` \mathrm{d}X, ``Xtrain`` is upright."""
    if name in GREEK:
        return f"\\{name}"
    if found := _DIFFERENTIAL.fullmatch(name):
        return rf"\mathrm{{d}}{_stem(found[1])}"
    return _stem(name)


def _stem(name: str) -> str:
    found = _STEM.fullmatch(name)
    if not found:
        return _upright(name)
    head, digits, subscripts = found.groups()
    stem = f"\\{head}" if head in GREEK else head if len(head) == 1 else rf"\mathrm{{{head}}}"
    if digits:
        return f"{stem}_{{{digits}}}"
    if subscripts:
        words = (_subscript(word) for word in subscripts[1:].split("_"))
        return f"{stem}_{{{','.join(words)}}}"
    return stem


def _subscript(word: str) -> str:
    if word in GREEK:
        return f"\\{word}"
    plain = len(word) == 1 or word.isdigit() or re.fullmatch(r"[ijkmnpq]+", word)
    return word if plain else rf"\mathrm{{{word}}}"


def _upright(name: str) -> str:
    return rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"


def _spellings(names: set[str]) -> dict[str, str]:
    """How each name is written, no two alike: ``x1`` beside ``x_1`` is spelled out."""
    spelled: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names, key=lambda name: ("_" not in name, name)):
        written = latex_name(name)
        spelled[name] = written if written not in taken else _upright(name)
        taken.add(written)
    return spelled


class Latex(Writer):
    """amsmath notation."""

    _OPERATORS = {".*": r" \odot ", "./": r" \oslash "}

    def __init__(self, spellings: Mapping[str, str], shapes: Mapping[Tree, Shape]) -> None:
        self.spellings = spellings
        self.shapes = shapes

    def parentheses(self, piece: Piece) -> str:
        if piece.tall:
            return rf"\left({piece.text}\right)"
        return f"({piece.text})"

    def number(self, node: Number) -> Piece:
        found = _SCIENTIFIC.fullmatch(node.text)
        mantissa = _decimal(found[1] if found else node.text)
        if not found:
            return Piece(mantissa, Level.ATOM)
        ten = f"10^{{{int(found[2])}}}"
        if mantissa == "1":
            return Piece(ten, Level.POSTFIX)
        return Piece(rf"{mantissa} \cdot {ten}", Level.PRODUCT)

    def name(self, node: Name) -> Piece:
        return Piece(self.spellings.get(node.name) or latex_name(node.name), Level.ATOM)

    def call(self, node: Call, args: Sequence[Piece]) -> Piece:
        if node.function in _CONSTANTS:
            comma = r"\times " if node.function in ("ones", "zeros") else ","
            sizes = comma.join(arg.text for arg in args)
            return Piece(f"{_CONSTANTS[node.function]}_{{{sizes}}}", Level.ATOM)
        row = lookup(node.function)
        template = row.latex if row and row.latex else _abstract(node.function)
        tall = any(arg.tall for arg in args)
        if "#1" in template:
            if not tall:
                template = re.sub(r"\\(?:left|right)(?=\\[lr]Vert|\\[lr]angle)", "", template)
            return self.template(template, args)
        inside = Piece(", ".join(arg.text for arg in args), Level.SUM, tall)
        return Piece(template + self.parentheses(inside), Level.ATOM, tall)

    def multiply(self, node: Multiply, parts: Sequence[Piece]) -> Piece:
        first = self.first_factor(node.factors[0], parts[0])
        sign = self.minus if first.level is Level.NEGATIVE else ""
        top = _Factors(first.text.removeprefix(sign), "" if sign else parts[0].text)
        bottom = _Factors()
        ratio, start = "", 1
        match node:
            case Multiply(factors=(Number(), Number(), *_), ops=("", "/", *_)):
                top, bottom, start = _Factors(), _Factors(parts[1].text), 2
                ratio = parts[0].text
        for op, part in zip(node.ops[start:], parts[start:], strict=True):
            shown = self.at(part, Level.POSTFIX)
            if op == "/":
                bottom.append("", self.at(part, Level.PRODUCT), part.text)
                continue
            if op in (" ", "*") and top.elementwise:
                tall = any(part.tall for part in parts)
                top = _Factors(self.parentheses(Piece(top.line, Level.PRODUCT, tall)))
            top.append(self._OPERATORS.get(op, ""), shown, part.text)
        return self._fraction(sign, ratio, top, bottom, any(part.tall for part in parts))

    @staticmethod
    def _fraction(sign: str, ratio: str, top: _Factors, bottom: _Factors, tall: bool) -> Piece:
        """The product ``top``, divided by ``bottom``; a numeric quotient alone stays in front."""
        plain = Level.NEGATIVE if sign else Level.PRODUCT
        if not bottom.line:
            return Piece(sign + top.line, plain, tall)
        if ratio and top.line and bottom.count == 1:
            quotient = rf"\frac{{{ratio}}}{{{bottom.line}}}"
            return Piece(_juxtapose(quotient, top.line), plain, True)
        over = _Factors(ratio)
        if ratio in ("", "1") and top.line:
            over = top if top.line != "1" else _Factors("1")
        elif top.line:
            over.append("", top.line, top.line)
        whole = rf"\frac{{{over.bare}}}{{{bottom.bare}}}"
        return Piece(sign + whole, plain if sign else Level.POSTFIX, True)

    def power(self, node: Power, base: Piece, exponent: Piece) -> Piece:
        raised = exponent.text
        if is_ratio(node.exponent):
            numbers = (child for child in node.exponent.children if isinstance(child, Number))
            raised = "/".join(number.text for number in numbers)
        scalar = node.base in self.shapes and self.shapes[node.base].is_scalar
        if node.elementwise and not scalar:
            if not isinstance(node.exponent, Number | Name):
                raised = f"({raised})"
            raised = rf"\circ {raised}"
        elif ends_in(base, "^{-1}") and isinstance(node.exponent, Number):
            stem = base.text.removesuffix("^{-1}")
            return Piece(f"{stem}^{{-{raised}}}", Level.POSTFIX, base.tall)
        return Piece(f"{self.at(base, Level.ATOM)}^{{{raised}}}", Level.POSTFIX, base.tall)

    def transpose(self, node: Transpose, arg: Piece) -> Piece:
        if ends_in(arg, "^{-1}"):
            return Piece(arg.text.removesuffix("^{-1}") + r"^{-\top}", Level.POSTFIX, arg.tall)
        return Piece(self.at(arg, Level.ATOM) + r"^{\top}", Level.POSTFIX, arg.tall)

    def block(self, node: Block, parts: Sequence[Piece]) -> Piece:
        rows = (" & ".join(entry.text for entry in row) for row in rows_of(node, parts))
        body = r" \\ ".join(rows)
        return Piece(rf"\begin{{bmatrix}} {body} \end{{bmatrix}}", Level.ATOM, tall=True)


@dataclass
class _Factors:
    """A product while it is written; ``bare`` is how it stands alone between braces."""

    line: str = ""
    bare: str = ""
    elementwise: bool = False

    def __post_init__(self) -> None:
        self.bare = self.bare or self.line
        self.count = 1 if self.line else 0

    def append(self, operator: str, factor: str, bare: str) -> None:
        """Add a factor; a leading 1 goes unless an element-wise operator needs it."""
        if not operator and self.line in ("", "1"):
            self.line, self.bare, self.count = factor, bare, 1
            return
        if operator:
            self.line, self.elementwise = self.line + operator + factor, True
        else:
            self.line = _juxtapose(self.line, factor)
        self.bare, self.count = self.line, self.count + 1


def _juxtapose(left: str, right: str) -> str:
    """Side by side: a dot before a number, a thin space around upright words."""
    if right[:1].isdigit():
        return rf"{left} \cdot {right}"
    words = right.startswith(r"\mathrm") or left.rpartition(" ")[2].startswith(r"\mathrm{")
    return rf"{left}\,{right}" if words else f"{left} {right}"


def _decimal(text: str) -> str:
    """A literal as it is printed: ``2.`` is 2, ``.5`` is 0.5."""
    text = text.removesuffix(".")
    return "0" + text if text.startswith(".") else text


def _abstract(name: str) -> str:
    r"""A function that is not in the table: ``f``, or ``Df``, its Jacobian \mathrm{D}f."""
    if re.fullmatch(r"D[a-zA-Z][A-Za-z0-9_]*", name):
        return rf"\mathrm{{D}}{_stem(name[1:])}"
    return _stem(name)
