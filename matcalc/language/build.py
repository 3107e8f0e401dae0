"""Grammar rules to trees: one method for each rule of the expression part of the grammar.

A builder has no state, since one parser serves all texts; what must be quoted from the text is left
to the reader of a :class:`Mistake`.  Sums and products grow in place (``_Run``) and become nodes
when they are complete, so that ten thousand terms take linear time.  Parentheses leave no node,
only a wider span: that is how a nested ``Multiply`` is told from its continuation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from matcalc.errors import MatcalcError, Span
from matcalc.language.lexing import Lexeme
from matcalc.language.names import SUPERSCRIPTS
from matcalc.language.syntax_errors import Mistake
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
from matcalc.tables.functions import NOTATIONS, lookup

# the operators of the tree by every spelling
_OPS = (
    dict.fromkeys("*@·⋅∗", "*")
    | dict.fromkeys("/÷∕", "/")
    | dict.fromkeys((".*", ".∗", "⊙", "∘"), ".*")
    | {"./": "./", "⊗": "⊗"}
)

#: how the functions that are syntax are called
SIGNATURES: dict[str, tuple[str, ...]] = {
    "transpose": ("transpose(X)",),
    "eye": ("eye(n)",),
    "ones": ("ones(n)", "ones(m, n)"),
    "zeros": ("zeros(n)", "zeros(m, n)"),
    "commutation": ("commutation(m, n)",),
}


@dataclass
class _Run:
    """A sum or a product that is still growing; ``marks`` are its signs or operators."""

    items: list[Tree]
    marks: list[Any]

    @property
    def span(self) -> Span:
        return self.items[0].span | self.items[-1].span


@dataclass(frozen=True)
class _T:
    """The exponent ``T``, or ``-T``."""

    span: Span
    inverse: bool = False


class Expressions:
    """Called by the parser with the children of each rule, from the leaves up."""

    # --- sums and products ------------------------------------------------------------------------

    def expression(self, children: list[Any]) -> Tree:
        (run,) = children
        if not isinstance(run, _Run):
            return run  # type: ignore[no-any-return]
        return Add(tuple(run.items), tuple(run.marks), span=run.span)

    def sum(self, children: list[Any]) -> _Run:
        left, op, term = children
        run = left if isinstance(left, _Run) else _Run([left], [1])
        run.items.append(term)
        run.marks.append(1 if op.type == "PLUS" else -1)
        return run

    def run(self, children: list[Any]) -> Tree:
        (product,) = children
        if not isinstance(product, _Run):
            return product  # type: ignore[no-any-return]
        if "⊗" in product.marks:
            return _kronecker(product)
        return Multiply(tuple(product.items), tuple(product.marks), span=product.span)

    def product(self, children: list[Any]) -> _Run:
        left, op, factor = children
        return _multiplied(left, _OPS[op.text], factor)

    def juxtaposed(self, children: list[Any]) -> _Run:
        left, factor = children
        return _multiplied(left, " ", factor)

    def negative(self, children: list[Any]) -> Tree | _T:
        minus, arg = children
        if isinstance(arg, _T):
            return _T(minus.span | arg.span, not arg.inverse)
        return Negative(arg, span=minus.span | arg.span)

    def positive(self, children: list[Any]) -> Tree:
        return children[1]  # type: ignore[no-any-return]

    # --- exponents --------------------------------------------------------------------------------

    def exponent_name(self, children: list[Lexeme]) -> Tree | _T:
        (name,) = children
        return _T(name.span) if name.text in ("T", "⊤") else Name(name.text, span=name.span)

    def braces(self, children: list[Any]) -> Tree | _T:
        left, inside, right = children
        span = left.span | right.span
        if isinstance(inside, Lexeme) or _is_bare_t(inside):
            return _T(span)
        if isinstance(inside, Negative) and _is_bare_t(inside.arg):
            return _T(span, inverse=True)
        return replace(inside, span=span)  # type: ignore[no-any-return]

    def raised_to(self, children: list[Any]) -> Tree:
        base, op, exponent = _base_op_exponent(children)
        span = base.span | exponent.span
        if not isinstance(exponent, _T):
            return Power(base, exponent, op.text == ".^", span=span)
        if op.text == ".^":
            raise Mistake(
                "exponent",
                "T as an exponent is the transpose",
                op.span | exponent.span,
                "write {0}' for the transpose, {0} .^ (T) for a variable T",
                base.span,
            )
        if not exponent.inverse:
            return Transpose(base, span=span)
        minus_one = Negative(Number("1", span=exponent.span), span=exponent.span)
        return Transpose(Power(base, minus_one, span=span), span=span)

    def raised_again(self, children: list[Any]) -> Tree:
        base, op, exponent = _base_op_exponent(children)
        span = base.span | exponent.span
        if isinstance(exponent, _T) and not exponent.inverse and op.text == "^":
            return Transpose(base, span=span)
        raise Mistake(
            "exponent",
            "two exponents in a row",
            op.span | exponent.span,
            "write ({0}){1} if that is meant, or put the whole exponent in parentheses",
            base.span,
            op.span | exponent.span,
        )

    # --- atoms ------------------------------------------------------------------------------------

    def transpose(self, children: list[Any]) -> Tree:
        arg, prime = children
        return Transpose(arg, span=arg.span | prime.span)

    def number(self, children: list[Lexeme]) -> Tree:
        return Number(children[0].text, span=children[0].span)

    def name(self, children: list[Lexeme]) -> Tree:
        return Name(children[0].text, span=children[0].span)

    def parentheses(self, children: list[Any]) -> Tree:
        left, inside, right = children
        return replace(inside, span=left.span | right.span)  # type: ignore[no-any-return]

    def norm(self, children: list[Any]) -> Tree:
        left, inside, right = children
        return Call(NOTATIONS["‖#1‖"], (inside,), span=left.span | right.span)

    def inner(self, children: list[Any]) -> Tree:
        left, first, _, second, right = children
        return Call(NOTATIONS["⟨#1, #2⟩"], (first, second), span=left.span | right.span)

    def call(self, children: list[Any]) -> Tree:
        function, *_, right = children
        args = tuple(children[2]) if len(children) == 4 else ()
        return _call(function.text, args, function.span | right.span, function.span)

    def entries(self, children: list[Any]) -> list[Tree]:
        if len(children) == 1:
            return children
        entries: list[Tree] = children[0]
        entries.append(children[2])
        return entries

    def rows(self, children: list[Any]) -> list[list[Tree]]:
        if len(children) == 1:
            return children
        rows: list[list[Tree]] = children[0]
        rows.append(children[2])
        return rows

    def block(self, children: list[Any]) -> Tree:
        left, rows, right = children
        span = left.span | right.span
        for row in rows:
            for entry in row:
                _check_entry(entry)
        if len(rows) == 1 and len(rows[0]) == 1:
            raise Mistake(
                "block",
                "a block matrix has at least two blocks",
                span,
                "group with parentheses: ({0})",
                rows[0][0].span,
            )
        return Block(tuple(tuple(row) for row in rows), span=span)


def _multiplied(left: Tree | _Run, op: str, factor: Tree) -> _Run:
    run = left if isinstance(left, _Run) else _Run([left], [""])
    run.items.append(factor)
    run.marks.append(op)
    return run


def _kronecker(run: _Run) -> Tree:
    """A ⊗ B ⊗ C; beside another product the operands of ⊗ are to be put in parentheses."""
    at = run.marks.index("⊗")
    tree, last = run.items[at - 1], run.items[at]
    if set(run.marks[1:]) != {"⊗"}:
        raise Mistake(
            "syntax",
            "⊗ beside another product can be read in two ways",
            tree.span | last.span,
            "write ({0} ⊗ {1}), or put the product in parentheses",
            tree.span,
            last.span,
        )
    tree = run.items[0]
    for factor in run.items[1:]:
        tree = Call(NOTATIONS["#1 ⊗ #2"], (tree, factor), span=tree.span | factor.span)
    return tree


def _is_bare_t(tree: Tree) -> bool:
    return isinstance(tree, Name) and tree.name == "T" and tree.span.end - tree.span.start == 1


def _base_op_exponent(children: list[Any]) -> tuple[Tree, Lexeme, Tree | _T]:
    if len(children) == 3:
        base, op, exponent = children
        return base, op, exponent
    base, superscript = children
    op = Lexeme("CARET", "^", superscript.span)
    text = superscript.text.translate(SUPERSCRIPTS)
    if text == "-ᵀ":
        return base, op, _T(op.span, inverse=True)
    number: Tree = Number(text.lstrip("-"), span=op.span)
    return base, op, Negative(number, span=op.span) if text[0] == "-" else number


def _check_entry(entry: Tree) -> None:
    """[A B] is neither two blocks nor, without doubt, a product."""
    terms = entry.terms if isinstance(entry, Add) else (entry,)
    if entry.span.end > terms[-1].span.end:  # in parentheses
        return
    for term in terms:
        run = term.arg if isinstance(term, Negative) else term
        if not isinstance(run, Multiply) or term.span.end > run.factors[-1].span.end:
            continue
        for a, b, op in zip(run.factors, run.factors[1:], run.ops[1:], strict=False):
            if op == " " and a.span.end < b.span.start:
                raise Mistake(
                    "block",
                    "blocks are separated by commas and semicolons",
                    a.span | b.span,
                    "write {0}, {1} for two blocks, {0}*{1} for a product",
                    a.span,
                    b.span,
                )


def _call(function: str, args: tuple[Tree, ...], span: Span, name: Span) -> Tree:
    """A call with the canonical name of the function and the right number of arguments."""
    row = lookup(function)
    forms: tuple[str, ...] = (f"{function}(x)",)
    if function in SIGNATURES:
        forms = SIGNATURES[function]
    elif row is not None:
        forms = (row.call,)
    counts = {form.count(",") + 1 for form in forms}
    more = f"; `matcalc functions {function}` says more" if row is not None else ""
    if len(args) not in counts:
        wanted = " or ".join(str(n) for n in sorted(counts))
        raise MatcalcError(
            "arity",
            f"{function} takes {wanted} argument{'s' if counts != {1} else ''}, not {len(args)}",
            args[min(counts)].span | args[-1].span if len(args) > min(counts) else span,
            hint=f"write {' or '.join(forms)}{more}",
            others=((name, ""),) if len(args) > min(counts) else (),
        )
    if function == "transpose":
        return Transpose(args[0], span=span)
    return Call(row.name if row is not None else function, args, span=span)
