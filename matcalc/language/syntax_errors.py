"""Syntax errors in plain language: what was meant, and how to write it.

The parser only knows which token does not fit where.  :func:`unexpected` looks at the text around
that place (what stood before, which brackets are open) and says what is wrong in the reader's
words.  Names of terminals never reach a message.
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
_OPENERS = {
    "LPAR": ")",
    "LSQB": "]",
    "LBRACE": "}",
    "LANGLE": ">",
    "NORM_OPEN": "||",
}
_CLOSERS = {"RPAR", "RSQB", "RBRACE", "RANGLE", "NORM_CLOSE"}
_OPERAND = re.compile(r"\s*(\w+)((?:'|\^\w+)*)")
_SEVERAL = re.compile(r"[,;]\s*([^\W\d]\w*)\s*,\s*[^\W\d]\w*\s*[,:]")  # ..., A, B: n x n
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


def unexpected(
    source: str,
    token: Token | None,
    previous: Token | None,
    opened: Sequence[Token],
    section: str,
) -> MatcalcError:
    """The parser cannot go on at ``token`` (None: the end of the text) after ``previous``."""
    if token is None:
        return _at_end(source, previous, opened, section)
    text = source[token.span.start : token.span.end]
    error = _closing(token, text, previous, opened, source) if token.type in _CLOSERS else None
    if error is None and section != "expression":
        error = _in_declaration(token, text, previous, source, section)
    return error or _in_expression(token, text, previous, opened, source)


def _syntax(message: str, span: Span, hint: str, code: str = "syntax") -> MatcalcError:
    return MatcalcError(code, message, span, hint=hint, options=(WHERE,))


def _at_end(
    source: str, previous: Token | None, opened: Sequence[Token], section: str
) -> MatcalcError:
    end = Span(len(source.rstrip()), len(source.rstrip()) + 1)
    if previous is None:
        return _syntax("there is nothing to read", Span(0, 0), "type an expression such as x'A x")
    text = source[previous.span.start : previous.span.end]
    if section != "expression":
        if section == "head" and previous.type == "NAME":
            return _colon_missing(text, previous.span)
        if text in ("x", "×"):
            return _second_size(previous.span)
        message = f"the declarations end after {text}"
        return _syntax(message, previous.span, _DECLARATIONS, "declaration")
    if previous.type in _OPERATORS:
        message = f"something is missing after {text}"
        return _syntax(message, previous.span, f"write what comes after {text}, or delete it")
    if opened:
        return _not_closed(opened[-1], source)
    if previous.type == "EQUALS":
        return _syntax("a definition is missing its right-hand side", previous.span, _DECLARATIONS)
    return _syntax("the expression is not complete", end, "write what comes next")


def _not_closed(opener: Token, source: str) -> MatcalcError:
    text = source[opener.span.start : opener.span.end]
    closer = {"⟨": "⟩", "〈": "〉", "‖": "‖", "∥": "∥"}.get(text, _OPENERS[opener.type])
    hint = f"add {closer}"
    if opener.type == "LANGLE":
        hint = "an inner product is <C, X>; there are no comparisons"
    return _syntax(f"this {text} is never closed", opener.span, hint, "bracket")


def _closing(
    token: Token, text: str, previous: Token | None, opened: Sequence[Token], source: str
) -> MatcalcError | None:
    """A closing bracket, or the end of a norm, where none can stand."""
    before = source[previous.span.start : previous.span.end] if previous else ""
    kind = previous.type if previous else ""
    if kind in _OPERATORS or kind in ("COMMA", "SEMICOLON"):
        hint = "write what comes there, or delete it"
        return _syntax(f"something is missing between {before} and {text}", token.span, hint)
    if previous is not None and text == _OPENERS.get(kind):
        code = "block" if text == "]" else "bracket"
        hint = "a block matrix is [A, B; C, D]" if text == "]" else "write what goes inside"
        span = previous.span | token.span
        return _syntax(f"there is nothing between {before} and {text}", span, hint, code)
    if not opened:
        if token.type == "RANGLE":
            return _comparison(text, token.span)
        hint = f"delete {text}, or open it further left"
        return _syntax(f"this {text} closes nothing", token.span, hint, "bracket")
    last = opened[-1]
    if last.type == "LANGLE":
        message = "an inner product takes two arguments, separated by a comma"
        hint = "write <C, X>; there are no comparisons"
        return _syntax(message, last.span | token.span, hint, "bracket")
    if text != _OPENERS[last.type]:
        opener = source[last.span.start : last.span.end]
        return MatcalcError(
            "bracket",
            f"this {text} does not close {opener}",
            token.span,
            hint=f"write {_OPENERS[last.type]} first",
            others=((last.span, "opened here"),),
        )
    return None


def _second_where(span: Span) -> MatcalcError:
    return _syntax(
        "`where` is written once, after the expression",
        span,
        "separate declarations with commas: x'Q y where y = H x, Q: n x n",
    )


def _comparison(text: str, span: Span) -> MatcalcError:
    return _syntax(
        f"{text} compares, and there is nothing to compare with",
        span,
        "an inner product is <C, X>; relu, abs and step are functions",
    )


def _in_expression(
    token: Token, text: str, previous: Token | None, opened: Sequence[Token], source: str
) -> MatcalcError:
    span = token.span
    before = source[previous.span.start : previous.span.end] if previous else ""
    after_operator = previous is not None and previous.type in _OPERATORS
    if text == "*" and before == "*" and previous and previous.span.end == span.start:
        return _syntax(
            "a power is written with ^", previous.span | span, "write ^ instead of **", "exponent"
        )
    if text == "where":
        return _second_where(span)
    if text in ("=", ":="):
        return _syntax(
            "an equation is not an expression",
            span,
            "definitions follow the expression: exp(-y'y) where y = H x",
        )
    if text in (":", "∈"):
        return _syntax(
            "declarations follow the expression",
            span,
            f"write x'Q x where Q: n x n, or use {WHERE}",
        )
    if token.type in ("COMMA", "SEMICOLON", "SEPARATOR") or text in ",;":
        return _comma(text, span, previous, opened, source)
    if text in ("{", "}"):
        return _syntax(
            "braces stand only around exponents, as in X^{-1}", span, "group with parentheses ( )"
        )
    if text in ("<", "⟨", ">", "⟩"):
        return _comparison(text, span)
    if text[:1] in "'’′ᵀ⊤" or text == ".T":
        return _syntax(
            f"there is nothing before {text} to transpose",
            span,
            "a transpose follows what it transposes, as in X'",
        )
    if token.type in _OPERATORS:
        return _operator(text, span, before, previous, after_operator)
    if text in ("->", "→", "×"):
        return _syntax(
            f"{text} stands only in declarations",
            span,
            "a product is A B; functions are declared by f: R^n -> R^p",
        )
    if token.type == "SUPERSCRIPT" or (after_operator and previous and "^" in before):
        return _syntax(
            f"{text} is not an exponent",
            span,
            "an exponent is a number, a name or in parentheses: x^2, X^-1, x^(a + 1)",
            "exponent",
        )
    return _syntax(f"{text} cannot stand here", span, "put an operator, or parentheses, around it")


def _comma(
    text: str, span: Span, previous: Token | None, opened: Sequence[Token], source: str
) -> MatcalcError:
    if previous is not None and previous.type in (*_OPERATORS, *_OPENERS, "COMMA", "SEMICOLON"):
        before = source[previous.span.start : previous.span.end]
        return _syntax(
            f"something is missing between {before} and {text}",
            span,
            "write what comes there, or delete it",
        )
    if opened and opened[-1].type == "LANGLE":
        return _syntax("an inner product takes two arguments", span, "write <C, X>")
    if opened:
        return _not_closed(opened[-1], source)
    if previous is not None and previous.type == "EQUALS":
        return _syntax("a definition is missing its right-hand side", previous.span, _DECLARATIONS)
    digit = re.compile(r"\s*[0-9]").match(source, span.end)
    if previous is not None and previous.type == "NUMBER" and digit:
        return _syntax(
            "a number is written with a point",
            previous.span | Span(*digit.span()),
            "write 1.5 for one and a half",
            "number",
        )
    return _syntax(
        f"a {'comma' if text[0] == ',' else 'semicolon'} separates arguments, blocks "
        "and declarations only",
        span,
        "put blocks in brackets [x; y], declarations after `where`",
    )


def _operator(
    text: str, span: Span, before: str, previous: Token | None, after_operator: bool
) -> MatcalcError:
    if text == "'":
        return _syntax("there is nothing to transpose", span, "write X'")
    if previous is not None and previous.type == "CARET":
        return _syntax(
            f"{text} is not an exponent",
            span,
            "a transpose is X', an inverse X^-1",
            "exponent",
        )
    if previous is None or not after_operator:
        where = f"after {before}" if before else "at the beginning"
        return _syntax(
            f"{text} has nothing on its left {where}".replace("  ", " "),
            span,
            f"write what {text} applies to, or delete it",
        )
    return _syntax(
        f"two operators in a row, {before} and {text}",
        previous.span | span,
        f"delete one of them, or write what stands between {before} and {text}",
    )


# --- declarations ---------------------------------------------------------------------------------


def _in_declaration(
    token: Token, text: str, previous: Token | None, source: str, section: str
) -> MatcalcError:
    span = token.span
    before = source[previous.span.start : previous.span.end] if previous else ""
    code = "declaration"
    if section == "head":
        if previous is not None and previous.type == "NAME":
            if token.type in ("COMMA", "SEPARATOR", "SEMICOLON") or text[0] in ",;":
                return _several_names(previous.span, source)
            if text == "(":
                return _syntax(
                    "a function of its own cannot be defined by a formula",
                    previous.span | span,
                    f"define a variable: {before} = ...; or declare {before}: R^n -> R",
                    code,
                )
            return _colon_missing(before, previous.span)
        return _syntax(
            f"a declaration begins with a name, not with {text}", span, _DECLARATIONS, code
        )
    if text == "where":
        return _second_where(span)
    if text[0] in ",;":
        if several := _SEVERAL.match(source, span.start):
            return _several_names(Span(*several.span(1)), source)
        return _syntax(
            f"a declaration is missing after {text[0]}",
            span,
            "delete it, or write what follows, as in Q: n x n",
            code,
        )
    if text in ("x", "×"):
        return _second_size(span)
    if token.type == "NUMBER" and text[:1] == ".":
        return _syntax("a size is a whole number", span, "write 1, 2, 3 or a name", code)
    if text == "-" or text == "−":
        return _syntax("a size is at least 1", span, "write a positive integer or a name", code)
    if text == "+" or text == "^" or text == "/":
        return _syntax(
            f"sizes are not computed with {text}",
            span,
            "a size is an integer, a name or a product such as 2 n or m*n; "
            "give other sizes a name of their own",
            code,
        )
    if previous is not None and previous.type == "NAME" and (text[0].isalnum()):
        return _unknown_word(token, text, before, source)
    if token.type == "EQUALS" or text == "=":
        return _syntax(
            "a name is either declared or defined here",
            span,
            "write x: n, and after a comma x = ...",
            code,
        )
    return _syntax(f"{text} is not part of a declaration", span, _DECLARATIONS, code)


def _second_size(span: Span) -> MatcalcError:
    return _syntax(
        "a matrix has two sizes, rows and columns",
        span,
        "write m x n",
        "declaration",
    )


def _several_names(first: Span, source: str) -> MatcalcError:
    rest = re.compile(r"[^:=]*").match(source, first.start)
    heads = [h.strip() for h in rest[0].split(",")] if rest else []
    spec = re.compile(r"\s*:\s*([^,;=:]*)").match(source, rest.end()) if rest else None
    one_by_one = ""
    if spec and spec[1].strip() and all(names.WORD.fullmatch(h) for h in heads):
        one_by_one = ": " + ", ".join(f"{h}: {spec[1].strip()}" for h in heads)
    return _syntax(
        "every name is declared on its own",
        first,
        f"declare them one by one{one_by_one}",
        "declaration",
    )


def _colon_missing(name: str, span: Span) -> MatcalcError:
    return _syntax(
        f"it is not said what {name} is",
        span,
        f"write {name}: m x n for its size, or {name} = ... to define it",
        "declaration",
    )


def _unknown_word(token: Token, text: str, before: str, source: str) -> MatcalcError:
    from difflib import get_close_matches

    near = get_close_matches(text.lower(), (*SPELLINGS, *names.KINDS), n=1, cutoff=0.7)
    if near:
        return _syntax(
            f"{text} is not a property", token.span, f"did you mean {near[0]}?", "declaration"
        )
    return _syntax(
        f"{text} after the size {before} is neither a property nor a size",
        token.span,
        f"sizes are {before} x {text} or {before}*{text}; properties are "
        "symmetric, diagonal, invertible, positive definite, ...",
        "declaration",
    )
