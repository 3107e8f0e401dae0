"""Text to tree and back, for the part of the language that is generated and printed.

A recursive descent along the table of the language: sums, then one left-associative level of
products and quotients, then powers and transposes.  Every name is one name: no runs are cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<mark>\|\||\.[*/^]|[-+*/^'()<>,;\[\]]))"
)
SUMS = ("+", "-")
PRODUCTS = ("*", "/", ".*", "./")
POWERS = ("^", ".^")
FUNCTIONS = {
    *("exp", "log", "ln", "log1p", "expm1", "abs", "sign", "sin", "cos", "tan", "asin", "acos"),
    *("atan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
    *("sigmoid", "logistic", "softplus", "relu", "step", "erf", "erfc", "tgamma", "lgamma"),
    *("digamma", "trigamma", "sqrt", "tr", "trace", "diag", "diagonal", "vec", "unvec", "det"),
    *("logdet", "inv", "inverse", "adj", "adjugate", "logsumexp", "softmax", "logsoftmax"),
    *("onehotmax", "norminf", "sum", "mean", "dot", "inner", "norm", "normF", "norm1", "norm2"),
    *("eye", "ones", "zeros", "commutation", "kron", "transpose", "pinv", "tril", "triu"),
    *("blockinner", "blocksum", "hypot", "top", "bottom", "left", "right"),
    *("atan2", "arctan2", "logaddexp", "maximum", "minimum", "max", "min", "prod", "var", "std"),
    *("cumsum", "cov", "expm", "logm", "sqrtm", "sinm", "cosm"),
    *("dexpm", "dlogm", "dsqrtm", "dsinm", "dcosm"),
    *("eigmax", "eigmin", "eigvecmax", "eigvecmin", "normspec", "normnuc", "polar"),
}


class Unreadable(Exception):
    """A text that is not in the language."""


@dataclass(frozen=True, eq=False)
class Node:
    """``head`` is an operator, a function, "number" or "name"; the last two have a ``text``.

    Nodes of one text are shared: the same subexpression is the same object.
    """

    head: str
    args: tuple[Node, ...] = ()
    text: str = ""

    def __str__(self) -> str:
        return write(self)


def parse(text: str, names: frozenset[str] = frozenset()) -> Node:
    """The tree of a text; ``names`` are variables even where they are also functions."""
    return _Parser(text, names).whole()


@dataclass
class _Parser:
    source: str
    names: frozenset[str]
    tokens: list[str] = field(default_factory=list)
    at: int = 0
    open: list[str] = field(default_factory=list)
    made: dict[tuple[object, ...], Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        place, text = 0, self.source.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise Unreadable(f"{text[place : place + 10]!r} in {text}")
            self.tokens.append(found[found.lastgroup or 0])
            place = found.end()
        self.tokens.append("")

    def node(self, head: str, *args: Node, text: str = "") -> Node:
        return self.made.setdefault((head, text, *map(id, args)), Node(head, args, text))

    def take(self, *wanted: str) -> str:
        token = self.tokens[self.at]
        if wanted and token not in wanted:
            raise Unreadable(f"{token!r} instead of {' or '.join(wanted)} in {self.source}")
        self.at += 1
        return token

    @property
    def next(self) -> str:
        return self.tokens[self.at]

    def whole(self) -> Node:
        tree = self.sum()
        self.take("")
        return tree

    def inside(self, left: str, right: str) -> Node:
        self.take(left)
        self.open.append(left)
        tree = self.sum()
        self.open.pop()
        self.take(right)
        return tree

    def sum(self) -> Node:
        tree = self.term()
        while self.next in SUMS:
            operator = self.take()
            tree = self.node(operator, tree, self.term())
        return tree

    def term(self) -> Node:
        if self.next in SUMS:
            return self.signed(self.term)
        tree = self.power()
        while True:
            if self.next in PRODUCTS:
                operator = self.take()
                tree = self.node(operator, tree, self.factor())
            elif self.begins():
                tree = self.node("*", tree, self.power())
            else:
                return tree

    def signed(self, operand: Callable[[], Node]) -> Node:
        sign = self.take(*SUMS)
        tree = operand()
        return self.node("neg", tree) if sign == "-" else tree

    def factor(self) -> Node:
        return self.signed(self.factor) if self.next in SUMS else self.power()

    def begins(self) -> bool:
        """Whether the next token begins a factor: a norm closes if it is the innermost open."""
        token = self.next
        if token == "||":
            return not self.open or self.open[-1] != "||"
        return token in ("(", "<", "[") or (
            bool(token)
            and (token[0].isalnum() or token[0] == ".")
            and (token not in POWERS and token not in PRODUCTS)
        )

    def power(self) -> Node:
        tree = self.atom()
        while self.next in (*POWERS, "'"):
            operator = self.take()
            if operator == "'":
                tree = self.node("'", tree)
            elif operator == "^" and self.next == "T":
                self.take()
                tree = self.node("'", tree)
            else:
                tree = self.node(operator, tree, self.exponent())
        return tree

    def exponent(self) -> Node:
        return self.signed(self.exponent) if self.next in SUMS else self.atom()

    def atom(self) -> Node:
        token = self.next
        if token == "(":
            return self.inside("(", ")")
        if token == "||":
            return self.node("norm", self.inside("||", "||"))
        if token == "<":
            return self.node("inner", *self.arguments("<", ">"))
        if token == "[":
            return self.blocks()
        if not token or not (token[0].isalnum() or token[0] == "."):
            raise Unreadable(f"{token!r} in {self.source}")
        self.take()
        if token[0].isdigit() or token[0] == ".":
            return self.node("number", text=token)
        if self.next == "(" and token in FUNCTIONS and token not in self.names:
            return self.node(token, *self.arguments("(", ")"))
        return self.node("name", text=token)

    def blocks(self) -> Node:
        rows = [self.node("beside", *self.arguments("[", "]", ";"))]
        while self.tokens[self.at - 1] == ";":
            self.at -= 1
            rows.append(self.node("beside", *self.arguments(";", "]", ";")))
        return self.node("above", *rows)

    def arguments(self, left: str, *right: str) -> Iterator[Node]:
        self.take(left)
        self.open.append(left)
        found = [self.sum()]
        while self.next == ",":
            self.take()
            found.append(self.sum())
        self.open.pop()
        self.take(*right)
        return iter(found)


def write(node: Node) -> str:
    """The text of a tree, with the parentheses it needs and no fewer than are plain to read."""
    if node.head in ("number", "name"):
        return node.text
    if node.head == "'":
        return f"{factor(node.args[0])}'"
    if node.head == "neg":
        return f"-{factor(node.args[0])}"
    if node.head in SUMS:
        left, right = node.args
        return f"{write(left)} {node.head} {write(right) if _is_tight(right) else factor(right)}"
    if node.head in PRODUCTS:
        left, right = node.args
        return f"{factor(left)} {node.head} {factor(right)}"
    if node.head == "above":
        rows = [", ".join(f"({write(each)})" for each in row.args) for row in node.args]
        return f"[{'; '.join(rows)}]"
    if node.head in POWERS:
        base, exponent = node.args
        above = write(exponent) if exponent.head in ("number", "name") else f"({write(exponent)})"
        gap = " " if node.head == ".^" else ""
        return f"{factor(base, power=True)}{gap}{node.head}{gap}{above}"
    return f"{node.head}({', '.join(map(write, node.args))})"


def factor(node: Node, power: bool = False) -> str:
    """The text of a tree as a factor, or as the base of a power."""
    loose = node.head in (*SUMS, *PRODUCTS, "neg") or (node.head in (*POWERS, "'") and power)
    return f"({write(node)})" if loose else write(node)


def _is_tight(node: Node) -> bool:
    return node.head not in SUMS and node.head != "neg"


def nodes(node: Node) -> list[Node]:
    """Every node of a tree once, parents first."""
    found: dict[int, Node] = {}
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if id(each) not in found:
            found[id(each)] = each
            waiting += each.args
    return list(found.values())


def names(node: Node) -> set[str]:
    """The names in a tree."""
    return {each.text for each in nodes(node) if each.head == "name"}
