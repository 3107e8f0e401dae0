"""A derivation on a terminal: numbered laws, the perturbation in colour, what changed in bold.

Every step is laid out as words with styles and wrapped here, before signs where that is possible.
An expression of more lines than anybody reads is cut, and what was left out is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter

from matcalc.answer import Derivative, Expansion, Words
from matcalc.derivation.abbreviate import Row, outline
from matcalc.language.tree import Name, Tree, fold, rebuilt
from matcalc.output.page import Line, Page

_PLAIN, _BOLD, _NOTE, _LABEL, _MOVING = "", "bold", "cyan", "green", "magenta"
_INDENT, _LAW = 5, 15
_LINES = 8  # of an expression
_TOKENS = 600  # beyond which changes are not looked for
_PIECE = re.compile(r"\S+")
_RELATIONS = {"=": "=", "~": "≈", "=>": "⇒"}

Styled = tuple[str, bool]  # a word, and whether it is new


def step_lines(page: Page, derivative: Derivative) -> list[Line]:
    """The derivation of a derivative, line by line."""
    return list(_StepsPage(page, derivative).lines())


def expansion_lines(page: Page, expansion: Expansion) -> list[Line]:
    """An expansion, order by order."""
    moving = expansion.perturbation if expansion.kind == "perturb" else ""
    sheet = _Sheet(page, expansion.wrt, moving)
    lines: list[Line] = []
    for part in expansion.orders:
        lines += sheet.expression(f"order {part.order}:".ljust(10), sheet.written(part.tree))
    if expansion.left_out is not None:
        lines += sheet.expression("remainder ", f"O({sheet.written(expansion.left_out)})")
    return lines


class _Sheet:
    """Expressions in which a perturbation stands out."""

    def __init__(self, page: Page, variable: str, dX: str) -> None:
        self.page, self.dX = page, dX
        self.shown = f"Δ{page.spell(variable)}" if page.unicode and dX else dX
        self.moving = re.compile(rf"(?<![A-Za-z0-9_])({re.escape(self.shown)})(?![A-Za-z0-9_])")
        self.named = re.compile(rf"\b{re.escape(self.dX)}\b")

    def expression(self, label: str, written: str, before: str = "") -> Iterator[Line]:
        indent = " " * _INDENT
        words = _marked(written, before)
        lines = _wrapped(words, self.page.width - _INDENT - len(label))
        left = len(lines) - _LINES
        for i, line in enumerate(lines[:_LINES] if left > 1 else lines):
            lead = label if i == 0 else " " * len(label)
            yield [(indent, _PLAIN), (lead, _NOTE), *self._coloured(line, _PLAIN)]
        if left > 1:
            more = f"... ({left} more lines; the formats text and json have them)"
            yield [(indent + " " * len(label), _PLAIN), (more, _NOTE)]

    def _coloured(self, line: Sequence[Styled], style: str) -> Line:
        made: Line = []
        if not self.dX:
            return [(" ".join(word for word, _ in line), style)]
        for i, (word, new) in enumerate(line):
            own = " ".join(filter(None, (_BOLD if new else "", style)))
            parts = self.moving.split(word if i == 0 else " " + word)  # every second one moves
            made += [(part, f"bold {_MOVING}" if j % 2 else own) for j, part in enumerate(parts)]
        pieces = groupby((piece for piece in made if piece[0]), key=itemgetter(1))
        return [("".join(text for text, _ in piece), style) for style, piece in pieces]

    def written(self, tree: Tree) -> str:
        return self.page.write(self._renamed(tree))

    def _renamed(self, tree: Tree) -> Tree:
        """dX as ΔX."""
        if self.shown == self.dX:
            return tree

        def combine(node: Tree, parts: Sequence[Tree]) -> Tree:
            if isinstance(node, Name) and node.name == self.dX:
                return Name(self.shown)
            return rebuilt(node, parts)

        return fold(tree, combine)

    def _words(self, words: Words) -> str:
        return "".join(
            self._said(word) if isinstance(word, str) else self.written(word) for word in words
        )

    def _said(self, words: str) -> str:
        if self.page.unicode:
            words = re.sub(r"\bd(\w+)/d(\w+)", r"∂\1/∂\2", words).replace("->", "→")
            words = re.sub(r"\((\S+) x (\S+)\)", r"(\1×\2)", words)
        return self.named.sub(self.shown, words)


class _StepsPage(_Sheet):
    def __init__(self, page: Page, derivative: Derivative) -> None:
        self.derivative, self.steps = derivative, derivative.steps
        super().__init__(page, derivative.variables[-1], self.steps[0].moving)

    def lines(self) -> Iterator[Line]:
        taken = {symbol.name for symbol in self.derivative.symbols} | {self.dX}
        before = ""
        for number, row in enumerate(outline(self.steps, taken), 1):
            yield from self._heading(number, row)
            if row.orders:
                parts = [(order, self.written(tree)) for order, tree in row.orders]
                for order, written in parts:
                    yield from self.expression(f"order {order}:".ljust(10), written)
                before = " + ".join(written for _, written in parts)
            else:
                written = self.written(row.tree)
                yield from self.expression(self._relation(row), written, before)
                before = written
            for i, (name, tree) in enumerate(row.names):
                label = ("where" if i == 0 else "").ljust(10)
                yield from self.expression(label, f"{name} = {self.written(tree)}")
            yield []

    def _heading(self, number: int, row: Row) -> Iterator[Line]:
        """Number and law, with the words beside them if they fit and below if not."""
        title: Line = [(f"{number:>3}  ", _LABEL), (row.rule, _BOLD)]
        words = "" if row.orders else self._words(self._without_names(row))
        room = self.page.width - _INDENT - _LAW
        start = [*title, (" " * max(_LAW - len(row.rule), 2), _PLAIN)]
        lines = _wrapped([(word, False) for word in words.split()], room)
        if not lines:
            yield title
        for i, line in enumerate(lines):
            lead: Line = start if i == 0 else [(" " * (_INDENT + _LAW), _PLAIN)]
            yield [*lead, *self._coloured(line, _NOTE)]

    @staticmethod
    def _without_names(row: Row) -> Words:
        """The words up to " with S = ...", which stands below the expression."""
        if not row.names:
            return row.words
        cut = [i for i, w in enumerate(row.words) if isinstance(w, str) and w.startswith(" with ")]
        return row.words[: cut[0]] if len(cut) == 1 and len(row.names) == 2 else row.words

    def _relation(self, row: Row) -> str:
        sign = _RELATIONS[row.relation] if self.page.unicode else row.relation
        if row.relation == "=>":
            return f"{sign}  {self.derivative.quotient(self.page.unicode)} = "
        delta = ("Δf" if self.page.unicode else "df") if row.rule == "perturb" else "  "
        return f"{delta} {sign} "


def _marked(written: str, before: str) -> list[Styled]:
    """The words of an expression, those that the one before does not have marked as new."""
    words = _PIECE.findall(written)
    old = _PIECE.findall(before)
    if not old or len(words) + len(old) > _TOKENS:
        return [(word, False) for word in words]
    same: set[int] = set()
    for block in SequenceMatcher(None, old, words, autojunk=False).get_matching_blocks():
        same |= set(range(block.b, block.b + block.size))
    if len(same) * 4 < len(words):  # nearly all is new
        return [(word, False) for word in words]
    return [(word, i not in same) for i, word in enumerate(words)]


def _wrapped(words: Sequence[Styled], room: int) -> list[list[Styled]]:
    """Words in lines; a line that gets too long is cut before its last sign in the right half."""
    lines: list[list[Styled]] = []
    line: list[Styled] = []
    length = 0
    for word in words:
        while line and length + 1 + len(word[0]) > room:
            cut = _sign(line)
            lines.append(line[:cut])
            line = line[cut:]
            length = max(sum(len(text) + 1 for text, _ in line) - 1, 0)
        line.append(word)
        length += len(word[0]) + (1 if len(line) > 1 else 0)
    return [*lines, line] if line else lines


def _sign(line: Sequence[Styled]) -> int:
    """Where the last term in the right half of a line begins, or the end."""
    depth, best, place = 0, len(line), 0
    half = sum(len(text) + 1 for text, _ in line) / 2
    for i, (text, _) in enumerate(line):
        if text in ("+", "-", "−") and depth == 0 and place > half:
            best = i
        depth += text.count("(") - text.count(")")
        place += len(text) + 1
    return best
