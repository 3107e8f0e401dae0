r"""A derivation as text, LaTeX or Markdown, a law and an expression per step; an expansion.

As text it is the steps themselves, one in a line, which read back.  LaTeX is one ``aligned`` block
with the laws at the side, Markdown a numbered law and a displayed formula each; both abbreviate
what repeats (``outline``) and break long lines at signs, or between factors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from matcalc.answer import Derivative, Expansion, Step, Words
from matcalc.derivation.abbreviate import Row, outline
from matcalc.errors import assert_never
from matcalc.language.latex import latex, latex_name
from matcalc.language.sizes import Shape
from matcalc.language.text import text
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
)
from matcalc.output.lines import quotient
from matcalc.tables.functions import FUNCTIONS

_RELATIONS = {"=": "=", "~": r"\approx", "=>": "="}
LINE = 68  # characters of plain text that fit a line of a page


def plain(derivative: Derivative) -> str:
    """The steps, one in a line."""
    steps = derivative.steps
    width = max((len(step.rule) for step in steps), default=0)
    return "\n".join(
        f"{i:>2}  {step.rule:<{width}}  {step.relation:>2}  {step.text}{_note(step)}"
        for i, step in enumerate(steps, 1)
    )


def _note(step: Step) -> str:
    return f"   ({step.note})" if step.note else ""


# --- LaTeX ----------------------------------------------------------------------------------------


def _rows(derivative: Derivative) -> list[Row]:
    taken = {symbol.name for symbol in derivative.symbols} | {derivative.steps[0].moving}
    return outline(derivative.steps, taken)


def aligned(derivative: Derivative) -> str:
    """The steps below each other in one block."""
    partial = quotient(derivative)
    lines: list[str] = []
    for row in _rows(derivative):
        first, *more = _lines(row)
        lines.append(f"{_left(row, partial)} {first} && {_text_of(row.rule)}")
        lines += [rf"&\qquad {line}" for line in more]
        lines += [rf"&\qquad {line}" for line in _remarks(row)]
    return _aligned(lines)


def expansion(answer: Expansion) -> str:
    """One line, or one line for each order in an ``aligned`` block."""
    lines: list[str] = []
    for part in answer.orders:
        first, *more = broken(part.tree, {})
        lines += [_signed(first) if lines else first, *more]
    if answer.left_out is not None:
        left_out = latex(answer.left_out)
        tall = r"\left" in left_out or r"\frac" in left_out
        lines.append(rf"+ O\left({left_out}\right)" if tall else f"+ O({left_out})")
    if len(text(answer.tree)) <= LINE:
        return " ".join(lines)
    return _aligned([f"& {'{}' if i else ''}{line}" for i, line in enumerate(lines)])


def _aligned(lines: Sequence[str]) -> str:
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _lines(row: Row) -> list[str]:
    """The expression in lines; where it is sorted by order, a line begins with each order."""
    if not row.orders or not isinstance(row.tree, Add):
        return broken(row.tree, row.shapes)
    lines: list[str] = []
    for _, tree in row.orders:
        first, *more = broken(tree, row.shapes)
        lines += [f"{{}}{_signed(first)}" if lines else first, *more]
    last = latex(row.tree.terms[-1], row.shapes)
    minus = rf"\left({last}\right)" if isinstance(row.tree.terms[-1], Add) else last
    return [*lines[:-1], f"{lines[-1]} - {minus}"]


def _signed(line: str) -> str:
    """A term that follows others."""
    return f"- {line[1:]}" if line.startswith("-") else f"+ {line}"


def _left(row: Row, partial: str) -> str:
    if row.relation == "=>":
        return f"{partial} &="
    delta = r"\Delta f " if row.rule == "perturb" else ""
    return f"{delta}&{_RELATIONS[row.relation]}"


def _remarks(row: Row) -> Iterator[str]:
    """The names that are introduced, and the formula that was used."""
    if row.names:
        definitions = (f"{latex_name(n)} = {latex(t, row.shapes)}" for n, t in row.names)
        yield r"\text{where } " + r",\quad ".join(definitions)
    elif not row.orders and any(isinstance(word, Tree) for word in row.words):
        yield from _sentence(row.words, row.shapes)


def _sentence(words: Words, shapes: Mapping[Tree, Shape]) -> Iterator[str]:
    """Words and formulas in lines, broken at the commas and semicolons between them."""
    line, length = "", 0
    for word in words:
        if isinstance(word, Tree):
            line += f" {latex(word, shapes)}"
            length += len(text(word))
            continue
        for piece in re.split(r"(?<=[,;]) ", word):
            line += f" {_said(piece)}"
            length += len(piece)
            if length > LINE and piece.endswith((",", ";")):
                yield line.strip()
                line, length = "", 0
    if line:
        yield line.strip()


_FORMULA = re.compile(
    r"\[d(?P<a>\w+)/d(?P<b>\w+)\]|\bd(?P<c>\w+)/d(?P<d>\w+)|\((?P<m>\S+) x (?P<n>\S+)\)"
    r"|(?P<sign>[=,;()])|(?P<arrow>->)|(?P<differential>\bd(?= $|$))"
)


def _said(words: str) -> str:
    """Words as text, and what is a formula in them as mathematics."""
    made: list[str] = []
    place = 0
    for found in _FORMULA.finditer(words):
        made.append(_text_of(words[place : found.start()]))
        made.append(_formula(found))
        place = found.end()
    made.append(_text_of(words[place:]))
    return " ".join(filter(None, made))


def _formula(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "b":
            a, b = latex_name(found["a"]), latex_name(found["b"])
            return rf"\left[\frac{{\partial {a}}}{{\partial {b}}}\right]"
        case "d":
            c, d = latex_name(found["c"]), latex_name(found["d"])
            return rf"\frac{{\partial {c}}}{{\partial {d}}}"
        case "n":
            return rf"\;({latex_name(found['m'])} \times {latex_name(found['n'])})"
        case "arrow":
            return r"\to"
        case "differential":
            return r"\mathrm{d}"
    return found[0] if found[0] in "=()" else rf"{found[0]}\;"


def _text_of(words: str) -> str:
    if not words.strip():
        return ""
    escaped = re.sub(r"[_%&#{}$]", lambda found: f"\\{found[0]}", words)
    escaped = escaped.replace("^", r"\textasciicircum{}")
    return rf"\text{{{escaped}}}"


def broken(tree: Tree, shapes: Mapping[Tree, Shape]) -> list[str]:
    """LaTeX in lines that fit a page, as far as signs and factors at the top allow."""
    if len(text(tree)) <= LINE:
        return [latex(tree, shapes)]
    match tree:
        case Add():
            return _broken_sum(tree, shapes)
        case Negative(arg=Multiply() | Call()):
            first, *more = broken(tree.arg, shapes)
            return [f"-{first}", *more]
        case Call(args=(Add() as inner,)) if command := _command(tree):
            lines = _enclosed(command, "", inner, shapes)
            return lines if len(lines) > 1 else [latex(tree, shapes)]
        case Call(args=(Multiply(factors=(Add() as inner, *rest)) as product,)) if (
            command := _command(tree)
        ):
            if all(op in ("", " ") for op in product.ops):
                after = " ".join(_factor(factor, shapes) for factor in rest)
                lines = _enclosed("", f" {after}\\bigr)", inner, shapes)
                return [rf"{command}\bigl({lines[0]}", *lines[1:]]
        case Multiply() if all(op in ("", " ") for op in tree.ops):
            return _broken_product(tree, shapes)
        case Number() | Name() | Call() | Negative() | Multiply() | Power() | Transpose() | Block():
            pass
        case _:
            assert_never(tree)
    return [latex(tree, shapes)]


def _command(tree: Call) -> str:
    """The command before the parentheses of a call; empty where it is not written like that."""
    row = FUNCTIONS.get(tree.function)
    return row.latex if row is not None and "#" not in row.latex else ""


def _broken_sum(tree: Add, shapes: Mapping[Tree, Shape]) -> list[str]:
    lines: list[str] = []
    length = LINE
    for i, (sign, term) in enumerate(zip(tree.signs, tree.terms, strict=True)):
        bracketed = isinstance(term, Add)
        first, *more = [_factor(term, shapes)] if bracketed else broken(term, shapes)
        mark = "- " if sign < 0 else "+ " if i else ""
        length = _append(lines, length, term, mark + first, "{}" if mark else "")
        if more:
            lines += more
            length = LINE
    return lines


def _broken_product(tree: Multiply, shapes: Mapping[Tree, Shape]) -> list[str]:
    lines: list[str] = []
    length = LINE
    for factor in tree.factors:
        length = _append(lines, length, factor, _factor(factor, shapes))
    return lines


def _append(lines: list[str], length: int, tree: Tree, shown: str, lead: str = "") -> int:
    """Write a term or factor on the last line, or the next one if it is full; its new length."""
    size = len(text(tree))
    if lines and length + size <= LINE:
        lines[-1] += f" {shown}"
        return length + size
    lines.append(lead + shown)
    return size


def _enclosed(before: str, after: str, inner: Add, shapes: Mapping[Tree, Shape]) -> list[str]:
    r"""before \bigl( ... \bigr) after, the sum inside broken."""
    lines = _broken_sum(inner, shapes)
    lines[0] = rf"{before}\bigl({lines[0]}"
    lines[-1] += rf"\bigr){after}"
    return lines


def _factor(tree: Tree, shapes: Mapping[Tree, Shape]) -> str:
    written = latex(tree, shapes)
    return rf"\left({written}\right)" if isinstance(tree, Add | Multiply | Negative) else written


# --- Markdown -------------------------------------------------------------------------------------


def markdown(derivative: Derivative) -> str:
    """The steps as a numbered list of displayed formulas."""
    partial = quotient(derivative)
    blocks: list[str] = []
    for i, row in enumerate(_rows(derivative), 1):
        said = "" if row.names or row.orders else _prose(row)
        blocks.append(f"**{i}. {row.rule}**" + (f": {said}" if said else ""))
        lines = _lines(row)
        left = _left(row, partial)
        block = _aligned([f"{left} {lines[0]}", *(rf"&\qquad {line}" for line in lines[1:])])
        blocks.append(f"$$\n{block}\n$$")
        if row.names:
            names = (f"${latex_name(n)} = {latex(t, row.shapes)}$" for n, t in row.names)
            blocks.append(f"where {', '.join(names)}")
        blocks += [f"- order {j}: ${latex(tree, row.shapes)}$" for j, tree in row.orders]
    return "\n\n".join(blocks)


def _prose(row: Row) -> str:
    if not any(isinstance(word, Tree) for word in row.words):
        return re.sub(r"([_*^])", r"\\\1", "".join(map(str, row.words)))
    return f"${' '.join(_sentence(row.words, row.shapes))}$"
