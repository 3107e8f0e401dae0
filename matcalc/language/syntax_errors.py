"""Syntax errors in plain language: what was meant, and how to write it.

The parser only knows which token does not fit where.  A :class:`Stop` looks at the text around that
place (what stood before, which brackets are open) and says what is wrong in the reader's words.
Names of terminals never reach a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from matcalc.errors import MatcalcError, Option, Span
from matcalc.language import names
from matcalc.tables.facts import SPELLINGS


class Token(Protocol):
    """A lexeme: its kind, its text and its place."""

    @property
    def type(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def span(self) -> Span: ...


_OPERATORS = frozenset(("PLUS", "MINUS", "OPERATOR", "STAR", "CARET"))
_OPENERS = {"LPAR": ")", "LSQB": "]", "LBRACE": "}", "LANGLE": ">", "NORM_OPEN": "||"}
_CLOSED_BY = {"⟨": "⟩", "〈": "〉", "‖": "‖", "∥": "∥"}
_CLOSERS = {"RPAR", "RSQB", "RBRACE", "RANGLE", "NORM_CLOSE"}
_OPERAND = re.compile(r"\s*(\w+)((?:'|\^\w+)*)")
_SEVERAL = re.compile(r"[,;]\s*([^\W\d]\w*)\s*,\s*[^\W\d]\w*\s*[,:]")  # ..., A, B: n x n
_NAMES_AND_SHAPE = re.compile(r"([^:=]*):\s*([^,;=:]*[^,;=:\s])")  # A, B: n x n
_RAISED = re.compile(r"\s*(\^\s*-?[0-9]+)\s*")
_DECLARATIONS = "a declaration is X: m x n, x: n, t: scalar, Q: symmetric, f: R^n -> R^p or y = H x"

WHERE = Option("where")


class Mistake(Exception):
    """An error whose message or hint quotes the text: ``{0}`` is the first of ``quotes``."""

    def __init__(self, code: str, message: str, span: Span, hint: str, *quotes: Span) -> None:
        super().__init__(message)
        self.code, self.message, self.span, self.hint = code, message, span, hint
        self.quotes = quotes

    def error(self, source: str) -> MatcalcError:
        quoted = [source[span.start : span.end] for span in self.quotes]
        return MatcalcError(
            self.code,
            self.message.format(*quoted) if quoted else self.message,
            self.span,
            hint=self.hint.format(*quoted) if quoted else self.hint,
        )


# --- functions ------------------------------------------------------------------------------------


def unknown_function(name: str, span: Span, known: Collection[str]) -> MatcalcError:
    """``trc(X)``: with the function that is nearest in spelling, if one is near."""
    import difflib

    folded = {f.lower(): f for f in sorted(known)}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    suggestion = f"did you mean {folded[near[0]]}? " if near else ""
    if len(name) == 1:
        suggestion = f"declare it ({name}: R^n -> R), or "
    elif not near:
        suggestion = "`matcalc functions` lists the functions; "
    return MatcalcError(
        "unknown-function",
        f"there is no function {name}",
        span,
        hint=f"{suggestion}for a product put a space or * before the parenthesis",
    )


def function_without_parentheses(
    name: str, span: Span, source: str, is_function: Callable[[str], bool]
) -> MatcalcError:
    """``sin x``, ``log det X``, ``sin^2 x``: the hint writes the call."""
    chain, at, power = [name], span.end, ""
    if raised := _RAISED.match(source, at):
        power, at = raised[1].replace(" ", ""), raised.end()
    if power == "^-1" and is_function("a" + name):
        chain, power = ["a" + name], ""
    while (word := _OPERAND.match(source, at)) and is_function(word[1]) and len(chain) < 8:
        chain.append(word[1])
        at = word.end()
    if source[at:].lstrip().startswith("("):
        operand = _parenthesised(source, at)
    else:
        operand = word[1] + word[2] if word and word[1] != "where" else "x"
    call = "(".join(chain) + f"({operand}" + ")" * len(chain) + power
    return MatcalcError(
        "call",
        f"{name} is a function and needs parentheses",
        span,
        hint=f"write {call}" if len(call) < 80 else f"write {name}(...)",
    )


def _parenthesised(source: str, at: int) -> str:
    """What stands in the parentheses that open next."""
    start = source.index("(", at)
    depth, end = 0, start
    for end in range(start, len(source)):
        depth += {"(": 1, ")": -1}.get(source[end], 0)
        if depth == 0:
            break
    return source[start + 1 : end].strip()


# --- the parser stopped ---------------------------------------------------------------------------


def _by_text(rows: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {text: words for texts, words in rows.items() for text in texts.split()}


_COMPARISON = (
    "{0} compares, and there is nothing to compare with",
    "an inner product is <C, X>; relu, abs and step are functions",
)
_SECOND_SIZE = "a matrix has two sizes, rows and columns", "write m x n"
# what cannot stand where it stands, whatever is around it: message and hint, {0} for the text
_IN_EXPRESSION = _by_text(
    {
        "where": (
            "`where` is written once, after the expression",
            "separate declarations with commas: x'Q y where y = H x, Q: n x n",
        ),
        "= :=": (
            "an equation is not an expression",
            "definitions follow the expression: exp(-y'y) where y = H x",
        ),
        ": ∈": (
            "declarations follow the expression",
            f"write x'Q x where Q: n x n, or use {WHERE}",
        ),
        "{": (
            "braces stand only around exponents, as in X^{{-1}}",
            "group with parentheses ( )",
        ),
        "< ⟨": _COMPARISON,
        "' ’ ′ ᵀ ⊤ .T": (
            "there is nothing before {0} to transpose",
            "a transpose follows what it transposes, as in X'",
        ),
        "→ ×": (
            "{0} stands only in declarations",
            "a product is A B; functions are declared by f: R^n -> R^p",
        ),
    }
)
_IN_SIZES = _by_text(
    {
        "x ×": _SECOND_SIZE,
        "- −": ("a size is at least 1", "write a positive integer or a name"),
        "+ ^ /": (
            "sizes are not computed with {0}",
            "a size is an integer, a name or a product such as 2 n or m*n; "
            "give other sizes a name of their own",
        ),
        "= :=": (
            "a name is either declared or defined here",
            "write x: n, and after a comma x = ...",
        ),
    }
)


def _syntax(message: str, span: Span, hint: str, code: str = "syntax") -> MatcalcError:
    return MatcalcError(code, message, span, hint=hint, options=(WHERE,))


def _declaration(message: str, span: Span, hint: str = _DECLARATIONS) -> MatcalcError:
    return _syntax(message, span, hint, "declaration")


class Stop:
    """The parser cannot go on at ``token`` (None: the end of the text) after ``previous``."""

    def __init__(
        self,
        source: str,
        token: Token | None,
        previous: Token | None,
        opened: Sequence[Token],
        section: str,
    ) -> None:
        end = len(source.rstrip())
        self.source, self.opened, self.section = source, opened, section
        self.span = token.span if token is not None else Span(end, end + 1)
        self.type = token.type if token is not None else ""
        self.text = self.typed(self.span)
        self.before_span = previous.span if previous is not None else Span(0, 0)
        self.after = previous.type if previous is not None else ""
        self.before = self.typed(self.before_span)

    def error(self) -> MatcalcError:
        """What is wrong there."""
        if not self.type:
            return self.at_end()
        error = self.closing() if self.type in _CLOSERS else None
        if error is None and self.section != "expression":
            error = self.in_head() if self.section == "head" else self.in_sizes()
        return error or self.in_expression()

    def typed(self, span: Span) -> str:
        return self.source[span.start : span.end]

    def missing_between(self) -> MatcalcError:
        message = f"something is missing between {self.before} and {self.text}"
        return _syntax(message, self.span, "write what comes there, or delete it")

    def no_right_hand_side(self) -> MatcalcError:
        message = "a definition is missing its right-hand side"
        return _syntax(message, self.before_span, _DECLARATIONS)

    def at_end(self) -> MatcalcError:
        before, span = self.before, self.before_span
        if not before:
            return _syntax("there is nothing to read", span, "type an expression such as x'A x")
        if self.section != "expression":
            if self.section == "head" and self.after == "NAME":
                return self.colon_missing()
            if before in ("x", "×"):
                message, hint = _SECOND_SIZE
                return _declaration(message, span, hint)
            return _declaration(f"the declarations end after {before}", span)
        if self.after in _OPERATORS:
            hint = f"write what comes after {before}, or delete it"
            return _syntax(f"something is missing after {before}", span, hint)
        if self.opened:
            return self.not_closed()
        if self.after == "EQUALS":
            return self.no_right_hand_side()
        return _syntax("the expression is not complete", self.span, "write what comes next")

    # --- brackets ---------------------------------------------------------------------------------

    def not_closed(self) -> MatcalcError:
        opener = self.opened[-1]
        text = self.typed(opener.span)
        hint = f"add {_CLOSED_BY.get(text, _OPENERS[opener.type])}"
        if opener.type == "LANGLE":
            hint = "an inner product is <C, X>; there are no comparisons"
        return _syntax(f"this {text} is never closed", opener.span, hint, "bracket")

    def closing(self) -> MatcalcError | None:
        """A closing bracket, or the end of a norm, where none can stand."""
        text, span = self.text, self.span
        if self.after in _OPERATORS or self.after in ("COMMA", "SEMICOLON"):
            return self.missing_between()
        if text == _OPENERS.get(self.after):
            code = "block" if text == "]" else "bracket"
            hint = "a block matrix is [A, B; C, D]" if text == "]" else "write what goes inside"
            message = f"there is nothing between {self.before} and {text}"
            return _syntax(message, self.before_span | span, hint, code)
        if not self.opened:
            if self.type == "RANGLE":
                message, hint = _COMPARISON
                return _syntax(message.format(text), span, hint)
            hint = f"delete {text}, or open it further left"
            return _syntax(f"this {text} closes nothing", span, hint, "bracket")
        last = self.opened[-1]
        if last.type == "LANGLE":
            message = "an inner product takes two arguments, separated by a comma"
            hint = "write <C, X>; there are no comparisons"
            return _syntax(message, last.span | span, hint, "bracket")
        if text != _OPENERS[last.type]:
            return MatcalcError(
                "bracket",
                f"this {text} does not close {self.typed(last.span)}",
                span,
                hint=f"write {_OPENERS[last.type]} first",
                others=((last.span, "opened here"),),
            )
        return None

    # --- expressions ------------------------------------------------------------------------------

    def in_expression(self) -> MatcalcError:
        text, span = self.text, self.span
        if text == self.before == "*" and self.before_span.end == span.start:
            hint = "write ^ instead of **"
            return _syntax("a power is written with ^", self.before_span | span, hint, "exponent")
        if text in _IN_EXPRESSION:
            message, hint = _IN_EXPRESSION[text]
            return _syntax(message.format(text), span, hint)
        if text[0] in ",;":
            return self.comma()
        if self.type in _OPERATORS:
            return self.operator()
        if self.type == "SUPERSCRIPT" or (self.after in _OPERATORS and "^" in self.before):
            hint = "an exponent is a number, a name or in parentheses: x^2, X^-1, x^(a + 1)"
            return _syntax(f"{text} is not an exponent", span, hint, "exponent")
        hint = "put an operator, or parentheses, around it"
        return _syntax(f"{text} cannot stand here", span, hint)

    def comma(self) -> MatcalcError:
        text, span = self.text, self.span
        if self.after in (*_OPERATORS, *_OPENERS, "COMMA", "SEMICOLON"):
            return self.missing_between()
        if self.opened and self.opened[-1].type == "LANGLE":
            return _syntax("an inner product takes two arguments", span, "write <C, X>")
        if self.opened:
            return self.not_closed()
        if self.after == "EQUALS":
            return self.no_right_hand_side()
        digit = re.compile(r"\s*[0-9]").match(self.source, span.end)
        if self.after == "NUMBER" and digit:
            both, hint = self.before_span | Span(*digit.span()), "write 1.5 for one and a half"
            return _syntax("a number is written with a point", both, hint, "number")
        return _syntax(
            f"a {'comma' if text[0] == ',' else 'semicolon'} separates arguments, blocks "
            "and declarations only",
            span,
            "put blocks in brackets [x; y], declarations after `where`",
        )

    def operator(self) -> MatcalcError:
        text, before, span = self.text, self.before, self.span
        if self.after == "CARET":
            hint = "a transpose is X', an inverse X^-1"
            return _syntax(f"{text} is not an exponent", span, hint, "exponent")
        if self.after not in _OPERATORS:
            where = f"after {before}" if before else "at the beginning"
            hint = f"write what {text} applies to, or delete it"
            return _syntax(f"{text} has nothing on its left {where}", span, hint)
        return _syntax(
            f"two operators in a row, {before} and {text}",
            self.before_span | span,
            f"delete one of them, or write what stands between {before} and {text}",
        )

    # --- declarations -----------------------------------------------------------------------------

    def in_head(self) -> MatcalcError:
        if self.after != "NAME":
            return _declaration(
                f"a declaration begins with a name, not with {self.text}", self.span
            )
        if self.text[0] in ",;":
            return self.several_names(self.before_span)
        if self.text == "(":
            return _declaration(
                "a function of its own cannot be defined by a formula",
                self.before_span | self.span,
                f"define a variable: {self.before} = ...; or declare {self.before}: R^n -> R",
            )
        return self.colon_missing()

    def in_sizes(self) -> MatcalcError:
        text, span = self.text, self.span
        if text == "where":
            return self.in_expression()
        if text in _IN_SIZES:
            message, hint = _IN_SIZES[text]
            return _declaration(message.format(text), span, hint)
        if text[0] in ",;":
            if several := _SEVERAL.match(self.source, span.start):
                return self.several_names(Span(*several.span(1)))
            hint = "delete it, or write what follows, as in Q: n x n"
            return _declaration(f"a declaration is missing after {text[0]}", span, hint)
        if self.type == "NUMBER" and text[0] == ".":
            return _declaration("a size is a whole number", span, "write 1, 2, 3 or a name")
        if self.after == "NAME" and text[0].isalnum():
            return self.unknown_word()
        return _declaration(f"{text} is not part of a declaration", span)

    def several_names(self, first: Span) -> MatcalcError:
        found = _NAMES_AND_SHAPE.match(self.source, first.start)
        heads = [head.strip() for head in found[1].split(",")] if found else []
        one_by_one = ""
        if found and all(names.WORD.fullmatch(head) for head in heads):
            one_by_one = ": " + ", ".join(f"{head}: {found[2]}" for head in heads)
        hint = f"declare them one by one{one_by_one}"
        return _declaration("every name is declared on its own", first, hint)

    def colon_missing(self) -> MatcalcError:
        name = self.before
        hint = f"write {name}: m x n for its size, or {name} = ... to define it"
        return _declaration(f"it is not said what {name} is", self.before_span, hint)

    def unknown_word(self) -> MatcalcError:
        from difflib import get_close_matches

        text, size = self.text, self.before
        near = get_close_matches(text.lower(), (*SPELLINGS, *names.KINDS), n=1, cutoff=0.7)
        if near:
            return _declaration(f"{text} is not a property", self.span, f"did you mean {near[0]}?")
        return _declaration(
            f"{text} after the size {size} is neither a property nor a size",
            self.span,
            f"sizes are {size} x {text} or {size}*{text}; properties are "
            "symmetric, diagonal, invertible, positive definite, ...",
        )
