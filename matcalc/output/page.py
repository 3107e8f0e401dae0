"""The answer on a terminal: the result with the dimensions of its factors beneath them.

A page is first laid out as styled segments, then handed to Rich line by line.  Wrapping is ours,
because only we know where a product may be broken; Rich is left with colours.  The invariant is
that user text never passes through Rich's markup, highlighting or wrapping: it sees ``Text``
objects that already fit.  Where the stream cannot carry Unicode, the page is in ASCII.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from matcalc.answer import Answer, Derivative, Expression, Named
from matcalc.dimensions.infer import SymbolInfo
from matcalc.language.sizes import Dim, Shape
from matcalc.language.text import pretty_name, pretty_shape, text
from matcalc.language.tree import Add, Call, Multiply, Negative, Number, Tree
from matcalc.language.writer import is_ratio
from matcalc.tables.functions import FUNCTIONS

Line = list[tuple[str, str]]
PLAIN, LEFT, SHAPE, LABEL = "", "bold", "cyan", "green"
_MARGIN, _LABEL_WIDTH = "  ", 10
_SOURCES = ("declared", "inferred", "assumed")


class Column(NamedTuple):
    """A piece of the result, what stands beneath it, and whether a line may well begin with it."""

    top: str
    bottom: str = ""
    opens_term: bool = False

    @property
    def width(self) -> int:
        return max(len(self.top), len(self.bottom))


class Page:
    """Lays out answers for one width and one character set."""

    def __init__(self, width: int, encoding: str) -> None:
        self.width = max(width, 40)
        self.room = self.width - len(_MARGIN) - _LABEL_WIDTH  # beside a label
        self.unicode = _carries_unicode(encoding)
        self.minus = "−" if self.unicode else "-"

    def write(self, tree: Tree) -> str:
        return text(tree, plain=not self.unicode)

    def spell(self, name: str) -> str:
        return pretty_name(name) if self.unicode else name

    def shape(self, shape: Iterable[Dim | str]) -> str:
        """``m×n``; a scalar is called one."""
        return pretty_shape(shape, self.unicode)

    # --- the result -------------------------------------------------------------------------

    def derivative(self, derivative: Derivative) -> list[Line]:
        """``∂f/∂X = ...`` with dimensions, and the named subexpressions."""
        tree, named = derivative.named
        left = Column(derivative.quotient(self.unicode), self.shape(derivative.shape))
        lines = [*self.equation(left, tree, derivative.shapes), *self.names(named, derivative)]
        return (
            [*lines, [], *self.derivative(derivative.differential)] if derivative.by_vec else lines
        )

    def names(self, named: Named, answer: Expression) -> Iterator[Line]:
        """``where S = ...``, a line for each name."""
        for i, (name, definition) in enumerate(named):
            line = f"{self.spell(name)} = {self.write(definition)}"
            if definition in answer.shapes:
                line += f"   {self.shape(answer.shapes[definition])}"
            yield from self.labelled("where" if i == 0 else "", line)

    def equation(self, left: Column | None, tree: Tree, shapes: Mapping[Tree, Shape]) -> list[Line]:
        """The rows of ``left = tree``, broken between terms or else between factors."""
        columns = self.columns(tree, shapes)
        gap = "  " if any(column.bottom for column in columns) else " "
        indent = len(_MARGIN) + (left.width + len("  =  ") if left else 0)
        rows = self._rows(columns, self.width - indent, len(gap))
        lines: list[Line] = []
        for i, row in enumerate(rows):
            top: Line = [(" " * indent, PLAIN)]
            bottom: Line = [(" " * indent, PLAIN)]
            if left and i == 0:
                top = [(_MARGIN, PLAIN), (left.top.center(left.width), LEFT), ("  =  ", PLAIN)]
                bottom = [(_MARGIN, PLAIN), (left.bottom.center(left.width) + " " * 5, SHAPE)]
            top.append((gap.join(column.top.center(column.width) for column in row), PLAIN))
            bottom.append((gap.join(column.bottom.center(column.width) for column in row), SHAPE))
            lines.append(top)
            if any(words.strip() for words, _ in bottom):
                lines.append(bottom)
        return lines

    def columns(self, tree: Tree, shapes: Mapping[Tree, Shape]) -> list[Column]:
        """The tree cut into factors with their dimensions, signs and operators between them."""
        if not isinstance(tree, Add):
            return self._term(tree, shapes)
        columns: list[Column] = []
        for i, (sign, term) in enumerate(zip(tree.signs, tree.terms, strict=True)):
            cut = self._term(term, shapes, inner=i > 0)
            if i > 0:
                columns.append(Column("+" if sign > 0 else self.minus, opens_term=True))
            elif sign < 0:
                cut[0] = cut[0]._replace(top=self.minus + cut[0].top)
            columns += cut
        return columns

    def _term(self, tree: Tree, shapes: Mapping[Tree, Shape], inner: bool = False) -> list[Column]:
        if isinstance(tree, Negative) and not inner and not isinstance(tree.arg, Add | Negative):
            first, *rest = self._term(tree.arg, shapes)
            return [first._replace(top=self.minus + first.top), *rest]
        if self.unicode and (sign := _infix(tree)):
            first, second = (self._column(child, shapes) for child in tree.children)
            return [first, Column(sign), second]
        if not isinstance(tree, Multiply) or is_ratio(tree) or _mixes_products(tree):
            return [self._column(tree, shapes, grouped=inner)]
        columns, start = [self._column(tree.factors[0], shapes)], 1
        if isinstance(tree.factors[0], Number) and isinstance(tree.factors[1], Number):
            head = Multiply(tree.factors[:2], tree.ops[:2])
            columns, start = [Column(self.write(head))], 2
        for op, factor in zip(tree.ops[start:], tree.factors[start:], strict=True):
            if op not in (" ", "*"):
                columns.append(Column(_GLYPHS.get(op, op) if self.unicode else op))
            columns.append(self._column(factor, shapes))
        return columns

    def _column(self, tree: Tree, shapes: Mapping[Tree, Shape], grouped: bool = True) -> Column:
        top = self.write(tree)
        if grouped and (
            isinstance(tree, Add | Multiply | Negative) or (self.unicode and _infix(tree))
        ):
            top = f"({top})"
        shape = shapes.get(tree)
        scalar = isinstance(tree, Number) or shape is None or shape.is_scalar
        return Column(top, "" if scalar or shape is None else self.shape(shape))

    def _rows(self, columns: list[Column], room: int, gap: int) -> list[list[Column]]:
        """The columns in rows that fit: a term that fits a row of its own is not broken."""
        terms: list[list[Column]] = [[]]
        for column in columns:
            if column.opens_term:
                terms.append([])
            terms[-1] += _broken(column, room)
        rows: list[list[Column]] = [[]]
        for term in terms:
            together = _width(term, gap) <= room
            if rows[-1] and together and _width(rows[-1] + term, gap) > room:
                rows.append([])
            for column in term:
                if rows[-1] and _width([*rows[-1], column], gap) > room:
                    rows.append([])
                rows[-1].append(column)
        return rows

    # --- what stands below it ---------------------------------------------------------------

    def labelled(self, label: str, words: str) -> list[Line]:
        """A line with a label at its left, wrapped under its first word."""
        wrapped = textwrap.wrap(words, self.room, break_long_words=False, break_on_hyphens=False)
        return _labelled(label, wrapped or [""])

    def symbols(self, answers: Sequence[Answer]) -> list[Line]:
        """Every symbol with its dimensions, grouped by how they were known."""
        infos = {symbol.name: symbol for answer in answers for symbol in answer.symbols}
        lines: list[Line] = []
        for source in _SOURCES:
            rows: list[str] = []
            for item in (self.symbol(info) for info in infos.values() if info.source == source):
                if rows and len(rows[-1]) + 4 + len(item) <= self.room:
                    rows[-1] += " " * 4 + item
                else:
                    rows.append(item)
            lines += _labelled(source, rows)
        return lines

    def symbol(self, symbol: SymbolInfo) -> str:
        """``Q n×n symmetric``, ``k integer``, ``f: R^n -> R^p``."""
        name = self.spell(symbol.name)
        if symbol.kind == "function":
            arrow = "→" if self.unicode else "->"
            return f"{name}: R^{symbol.shape.cols} {arrow} R^{symbol.shape.rows}"
        what = symbol.kind if symbol.kind == "dimension" else self.shape(symbol.shape)
        facts = sorted(symbol.facts)
        return " ".join([name, *facts] if facts == ["integer"] else [name, what, *facts])

    def facts(self, derivatives: Sequence[Derivative]) -> list[Line]:
        """Conditions, layouts, checks and proofs, what is common only once."""
        facts = [("needs", self.condition(words)) for d in derivatives for words in d.conditions]
        facts += [("layout", d.meaning(self.unicode)) for d in derivatives]
        facts += [("check", d.check.message) for d in derivatives if d.check is not None]
        facts += [("proof", d.proof.message) for d in derivatives if d.proof is not None]
        lines: list[Line] = []
        last = ""
        for label, words in dict.fromkeys(facts):
            lines += self.labelled(label if label != last else "", words)
            last = label
        return lines

    def condition(self, words: str) -> str:
        """A condition in the spelling of the result above it: ``Σ invertible``, ``xᵀ x ≠ 0``."""
        if not self.unicode:
            return words
        words = _NAME.sub(lambda match: self.spell(match.group()), words)
        for plain, glyph in _SIGNS.items():
            words = words.replace(plain, glyph)
        return words

    def notes(self, answers: Sequence[Expression]) -> list[Line]:
        unique = dict.fromkeys(note for answer in answers for note in answer.notes)
        return [line for note in unique for line in self.labelled("note", note)]


_GLYPHS = {".*": "⊙", "./": "⊘"}
_NAME = re.compile(r"[A-Za-z_]\w*")
_SIGNS = {"'": "ᵀ", "!=": "≠", " - ": " − ", " .* ": " ⊙ "}


def _labelled(label: str, rows: Sequence[str]) -> list[Line]:
    """Rows with a label at the left of the first."""
    labels = [label, *[""] * (len(rows) - 1)]
    return [
        [(_MARGIN, PLAIN), (label.ljust(_LABEL_WIDTH), LABEL), (row, PLAIN)]
        for label, row in zip(labels, rows)
    ]


def _carries_unicode(encoding: str) -> bool:
    try:
        "∂ᵀ⁻¹×αΣ‖⊙½ₙ".encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _infix(tree: Tree) -> str:
    """The sign between the arguments of a function that is written between them: A ⊗ B."""
    row = FUNCTIONS.get(tree.function) if isinstance(tree, Call) else None
    found = re.fullmatch("#1 (.) #2", row.notation) if row is not None else None
    return found[1] if found else ""


def _mixes_products(tree: Multiply) -> bool:
    """Whether a matrix product follows an element-wise one: (x .* y) w is not cut into factors."""
    elementwise = [i for i, op in enumerate(tree.ops) if op in (".*", "./")]
    return bool(elementwise) and any(op in (" ", "*") for op in tree.ops[elementwise[0] :])


def _width(columns: Sequence[Column], gap: int) -> int:
    return sum(column.width for column in columns) + gap * max(len(columns) - 1, 0)


def _broken(column: Column, room: int) -> list[Column]:
    """A column wider than the page is cut at spaces; its dimensions go under the last part."""
    if column.width <= room:
        return [column]
    tops = textwrap.wrap(column.top, room, break_long_words=False, break_on_hyphens=False)
    last = Column(tops[-1], column.bottom)
    return [Column(tops[0], "", column.opens_term), *map(Column, tops[1:-1]), last]
