"""What the names of a problem are, before any size is known: declared, sizes, or guesses.

Each name is one :class:`Identifier`.  Undeclared names get their kind from their spelling: upper
case is a matrix; a lower-case name is a column vector, or a scalar if it is Greek or t, and may
change (``soft``) unless it is transposed somewhere, which makes it a vector for good.  Nothing here
looks at how the names fit together: that is a matter of readings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import reduce
from itertools import dropwhile

from matcalc.errors import MatcalcError, Span
from matcalc.language.names import is_greek
from matcalc.language.sizes import SCALAR, Dim, Shape
from matcalc.language.syntax import Parsed
from matcalc.language.tree import (
    Add,
    Call,
    Declaration,
    Multiply,
    Name,
    Negative,
    Number,
    Transpose,
    Tree,
    fold,
    postorder,
)
from matcalc.tables.facts import EXCLUSIVE, SQUARE
from matcalc.tables.functions import FUNCTIONS

_CONSTANTS_OF_SIZES = ("eye", "ones", "zeros", "commutation")
CONSTANTS = ("pi", "I")


@dataclass
class Identifier:
    """One name.

    ``role``   "soft" (a scalar if ``greek``, else a column vector), "vector", "matrix", "square",
               "scalar", "shaped" (``shape`` declared), "size", "function", "definition"
    ``greek``  a Greek letter, or t
    ``bit``    for soft names: the bit that stands for the guess
    ``like``   the name whose shape it shares: dX has the shape of X
    """

    name: str
    role: str
    span: Span | None = None
    source: str = ""
    declared: bool = False
    shape: Shape | None = None
    facts: frozenset[str] = frozenset()
    greek: bool = False
    bit: int = 0
    like: str = ""
    definition: Tree | None = None


@dataclass
class Table:
    """All names that occur, in order of first appearance, and the sizes that are named."""

    source: str
    entries: dict[str, Identifier] = field(default_factory=dict)
    definitions: dict[str, Tree] = field(default_factory=dict)  # used ones, dependencies first
    sizes: dict[str, None] = field(default_factory=dict)
    size_nodes: set[Tree] = field(default_factory=set)
    soft: list[Identifier] = field(default_factory=list)
    scalars: int = 0  # the soft names that are scalars by default, as bits


def tabulate(parsed: Parsed, source: str) -> Table:
    """The table of a problem.  Raises MatcalcError (declaration, unknown-variable)."""
    declared = {item.name: _declared(item) for item in parsed.declarations}
    table = Table(source)
    for entry in declared.values():
        if entry.shape is not None:
            for dim in entry.shape:
                table.sizes.update(dict.fromkeys(sorted(dim.names)))
    order = _occurrences(parsed.tree, declared, table)
    _check_sizes(declared, table)
    for name in order:
        _enter(name, declared, table)
    for wanted in parsed.wrt:
        _enter_variable(wanted, declared, table)
    for name in _transposed(parsed.tree, table):
        if table.entries[name].role == "soft":
            table.entries[name].role = "vector"
    _tie_differentials(table)
    for entry in table.entries.values():
        if entry.role == "soft":
            entry.bit = 1 << len(table.soft)
            table.soft.append(entry)
            table.scalars |= entry.bit if entry.greek else 0
    return table


# --- declarations --------------------------------------------------------------------------------


def _declared(item: Declaration) -> Identifier:
    """The entry of a declared name.  Raises MatcalcError if its properties exclude each other."""
    facts, shape, kind = frozenset(item.facts), item.shape, item.kind
    if kind == "integer" or "integer" in facts:
        facts, kind = facts | {"integer"}, kind or "integer"
        shape = shape or SCALAR
    if kind == "scalar":
        shape = shape or SCALAR
    if kind in ("", "matrix") and facts & SQUARE:
        kind = "square"
    entry = Identifier(item.name, kind, item.span, item.source, True, shape, facts)
    entry.definition = item.definition
    if quarrel := _quarrel(entry):
        raise _wrong(
            f"{entry.name} {quarrel}", "leave out the size or the property", entry.span, item.source
        )
    if item.function is not None:
        entry.role, entry.shape = "function", Shape(item.function[1], item.function[0])
    elif item.definition is not None:
        entry.role = "definition"
    elif shape is not None:
        entry.role = "shaped"
    elif not kind:
        entry.declared = False
        _spell(entry)
    return entry


def _quarrel(entry: Identifier) -> str:
    """Why the declared properties of a name cannot all hold, or nothing."""
    facts, shape = entry.facts, entry.shape
    if "integer" in facts and shape is not None and not shape.is_scalar:
        return f"is declared an integer, but is {shape}"
    for one, other in EXCLUSIVE:
        if one in facts and other in facts:
            return f"is declared {one} and {other}; only zero is both"
    return ""


# --- names ---------------------------------------------------------------------------------------


def _spell(entry: Identifier) -> None:
    """The kind that the spelling of an undeclared name suggests."""
    name = entry.name
    stem = re.match(r"[A-Za-z]*", name)
    word = stem.group() if stem else name
    if name[0] == "d" and (len(word) == 2 or is_greek(word[1:])):
        name, word = name[1:], word[1:]
    entry.role = "matrix" if name[0].isupper() else "soft"
    entry.greek = is_greek(word) or word == "t"


def size_arguments(call: Call) -> tuple[Tree, ...]:
    """The arguments of a call that are sizes."""
    if call.function in _CONSTANTS_OF_SIZES:
        return call.args
    row = FUNCTIONS.get(call.function)
    return () if row is None else call.args[row.arity :]


def _names(root: Tree, table: Table, source: str) -> Iterator[Tree]:
    """The names and calls of a tree in order; sizes are put into the table on the way."""
    found: list[Tree] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Call):
            for arg in size_arguments(node):
                _read_size(arg, table, source)
        if isinstance(node, (Call, Name)) and node not in table.size_nodes:
            found.append(node)
        stack.extend(reversed(node.children))
    return iter(found)


def _read_size(arg: Tree, table: Table, source: str) -> None:
    for node in postorder(arg):
        table.size_nodes.add(node)
        if isinstance(node, Name):
            table.sizes.setdefault(node.name)
        elif isinstance(node, Number):
            if node.value.denominator != 1 or node.value < 1:
                message = f"a size is an integer of at least 1, not {node.text}"
                raise _wrong(message, "write sizes such as n, 3 or 2 n", node.span, source)
        elif not _makes_size(node):
            hint = "sizes are integers, names, and products of them"
            raise _wrong("this is not a size", hint, node.span, source)


def _makes_size(node: Tree) -> bool:
    if isinstance(node, Add):
        return all(sign > 0 for sign in node.signs)
    return isinstance(node, Multiply) and all(op in ("", " ", "*") for op in node.ops)


def size_of(tree: Tree) -> Dim:
    """The size that an argument of eye, ones, ... stands for."""

    def combine(node: Tree, parts: Sequence[Dim]) -> Dim:
        if isinstance(node, Number):
            return Dim.of(int(node.value))
        if isinstance(node, Name):
            return Dim.named(node.name)
        return reduce(Dim.__add__ if isinstance(node, Add) else Dim.__mul__, parts)

    return fold(tree, combine)


def _occurrences(tree: Tree, declared: dict[str, Identifier], table: Table) -> dict[str, Span]:
    """The variables and functions in order of first appearance, definitions where they are used."""
    order: dict[str, Span] = {}
    open_names: dict[str, Tree] = {}
    stack: list[Iterator[Tree]] = [_names(tree, table, table.source)]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
            if open_names:
                name, definition = open_names.popitem()
                table.definitions[name] = definition
            continue
        if isinstance(node, Call):
            name = node.function
            if name not in declared and name[:1] == "D" and name[1:] in declared:
                name = name[1:]
            if name not in declared:
                continue
        else:
            assert isinstance(node, Name)
            name = node.name
        entry = declared.get(name)
        if entry is not None and entry.definition is not None:
            if name in open_names:
                names = [*dropwhile(name.__ne__, open_names), name]
                message = f"{name} is defined by itself: {' -> '.join(names)}"
                hint = "a definition may use only names that do not depend on it"
                raise _wrong(message, hint, entry.span, entry.source)
            if name not in table.definitions:
                open_names[name] = entry.definition
                stack.append(_names(entry.definition, table, entry.source))
        order.setdefault(name, node.span)
    return order


def _check_sizes(declared: dict[str, Identifier], table: Table) -> None:
    for name in table.sizes:
        entry = declared.get(name)
        if entry is not None and entry.shape != SCALAR:
            hint = f"rename one of the two, or declare `{name}: integer`"
            raise _wrong(f"{name} is both a size and a variable", hint, entry.span, entry.source)
        if name in CONSTANTS:
            raise _wrong(f"{name} is a constant and cannot be a size", "rename the size")


def _wrong(message: str, hint: str, span: Span | None = None, source: str = "") -> MatcalcError:
    return MatcalcError("declaration", message, span, hint=hint, source=source)


def _enter(name: str, declared: dict[str, Identifier], table: Table) -> None:
    if name in table.entries:
        return
    entry = declared.get(name)
    if name in table.sizes:
        entry = Identifier(name, "size", declared=True, shape=SCALAR, facts=frozenset({"integer"}))
    elif entry is None:
        if name in CONSTANTS:
            return
        entry = Identifier(name, "")
        _spell(entry)
    table.entries[name] = entry


def _enter_variable(name: str, declared: dict[str, Identifier], table: Table) -> None:
    """A variable of differentiation has to occur, or at least to be declared with its sizes."""
    if name in declared and declared[name].role == "shaped":
        _enter(name, declared, table)
    entry = table.entries.get(name)
    role = "size" if name in table.sizes else entry.role if entry is not None else "missing"
    no_variables = ("function", "size", "definition")
    others = [n for n, e in table.entries.items() if e.role not in no_variables]
    close = [n for n in others if n.lower() == name.lower()] or get_close_matches(name, others, 1)
    meant = f"did you mean {close[0]}?" if close else f"the variables are {', '.join(others)}"
    message = {
        "missing": f"{name} does not occur in the expression",
        "size": f"{name} is a dimension, not a variable",
        "function": f"{name} is a function, not a variable",
        "definition": f"{name} is defined by other names, not a variable",
    }.get(role)
    if message is not None:
        hint = meant if others else "the expression has no variables"
        raise MatcalcError("unknown-variable", message, hint=hint)


def _transposed(tree: Tree, table: Table) -> set[str]:
    """The names that are transposed, alone or as a term of a transposed sum."""
    found: set[str] = set()
    stack: list[Tree] = []
    for root in (tree, *table.definitions.values()):
        stack += [node.arg for node in postorder(root) if isinstance(node, Transpose)]
    seen: set[Tree] = set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, Name):
            if node.name in table.definitions:
                stack.append(table.definitions[node.name])
            elif node.name in table.entries:
                found.add(node.name)
        elif isinstance(node, (Add, Negative, Transpose)):
            stack.extend(node.children)
    return found


def _tie_differentials(table: Table) -> None:
    """dX beside X has the shape of X (names of steps of a derivation)."""
    for name, entry in table.entries.items():
        other = table.entries.get(name[1:])
        if name[0] != "d" or entry.declared or other is None:
            continue
        if other.role in ("soft", "vector", "matrix", "square", "shaped"):
            if entry.role == "vector" and other.role == "soft":
                other.role = "vector"
            entry.role, entry.like = "like", other.name
