"""NumPy code: a module with one public function, ``derivative``.

``code.plan`` decides what is computed, ``code.printer`` writes the statements; here are the module
around them, the parameters and their conversion, and where the sizes come from.  Rows and columns
are 1-D, so no transposition of a vector is ever written, and nothing depends on a size being 1.
"""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from matcalc.answer import Expression
from matcalc.code.chains import dims_of
from matcalc.code.plan import Plan
from matcalc.code.printer import MUL, UNARY, WIDE, Body, Names, dim_text, dims_in, live
from matcalc.code.program import Op
from matcalc.dimensions.infer import SymbolInfo
from matcalc.language.sizes import Dim
from matcalc.tables.functions import FUNCTIONS

_IMPORTS = {"math": "import math", "np": "import numpy as np"}
_HELPER = re.compile(r"\b_\w+")
# uses of a module or a builtin, as opposed to a parameter that happens to have its name
_GLOBALS = re.compile(r"\b(?:math(?=\.(?!T\b|shape\b))|int(?=\()|(?<=dtype=)float|float(?=\())")


def numpy_code(answer: Expression) -> str:
    """The module.  Raises MatcalcError (unsupported) for what NumPy cannot compute."""
    program = _Program(answer, Plan(answer.node).result)
    taken: set[str] = set()
    while True:  # again, if a parameter has the name of something that turned out to be used
        text, used = program.write(frozenset(taken))
        clash = {name for name in used if name in program.parameters and name not in taken}
        if not clash:
            return text
        taken |= clash


@dataclass
class _Program:
    """What is written: the result, and the symbols that are parameters."""

    answer: Expression
    result: Op

    def __post_init__(self) -> None:
        problem = self.answer.problem
        defined = set(problem.typed.definitions) - set(problem.wrt)
        self.symbols: dict[str, SymbolInfo] = {
            name: info
            for name, info in sorted(problem.typed.symbols.items())
            if info.kind != "dimension" and name not in defined
        }
        self.order = live(self.result)
        self.sizes = frozenset(problem.typed.sizes) | {
            name for op in self.order for dim in dims_in(op) for name in dim.names
        }
        self.parameters = {*self.symbols, *self.sizes}

    def write(self, taken: frozenset[str]) -> tuple[str, set[str]]:
        """The text, and the global names that the body uses."""
        names = Names({*keyword.kwlist, "np", "derivative", *taken}, self.parameters)
        body = Body(self.result, self.order, names)
        lines = body.lines()
        occurring = {str(op.data) for op in self.order if op.kind in ("name", "function")}
        sizes, unknown = _size_lines(self.symbols, body.sizes, occurring, names)
        converted = [
            _conversion(names[name], info)
            for name, info in self.symbols.items()
            if name in occurring and info.kind != "function"
        ]
        extra = sorted([*body.jacobians, *(names[name] for name in unknown)])
        statements = [*converted, *sizes, *lines]
        used = {"np"} | set(_GLOBALS.findall("\n".join(statements)))
        head = [names[name] for name in self.symbols] + (["*", *extra] if extra else [])
        helpers = _helpers(lines)
        return self._module(head, statements, helpers, names), used

    def _module(
        self, head: list[str], statements: list[str], helpers: list[str], names: Names
    ) -> str:
        first = f"def derivative({', '.join(head)}):"
        if len(first) > WIDE:
            filled = textwrap.fill(", ".join(head) + ",", WIDE, break_long_words=False)
            first = f"def derivative(\n{textwrap.indent(filled, '    ')}\n):"
        text = [first, *self._docstring(names)]
        text += [f"    {line}" for line in statements]
        body = "\n".join(text)
        code = "\n".join([*helpers, body])
        modules = [text for name, text in _IMPORTS.items() if re.search(rf"\b{name}\.", code)]
        if not modules:
            return body
        imports = "\n\n".join(modules)
        return "\n\n\n".join([imports, *helpers, body])

    def _docstring(self, names: Names) -> Iterator[str]:
        """What the function returns, and the shapes of its parameters."""
        answer = self.answer
        source = " ".join(answer.source.split())
        plain = source.isascii() and len(source) <= 60 and not set(source) & set('\\"#')
        of = source if plain else "the expression"
        wrt = getattr(answer, "wrt", "")
        rows, cols = answer.shape
        kind = "differential" if getattr(answer, "moving", ()) else "derivative"
        order = f"second {kind}" if getattr(answer, "order", 1) == 2 else kind
        what = f"The {order} of {of} by {wrt}" if wrt else f"The value of {of}"
        yield f'    """{what}, {rows} x {cols}.'
        yield ""
        for name, info in self.symbols.items():
            yield f"    {names[name]}: {_described(info)}"
        yield '    """'


def _described(info: SymbolInfo) -> str:
    if info.kind == "function":
        return f"a function of a 1-D array of {info.shape.cols}, giving one of {info.shape.rows}"
    if info.shape.is_scalar:
        return "a number"
    return f"a 1-D array of {info.shape.rows}" if info.shape.is_column else str(info.shape)


def _conversion(name: str, info: SymbolInfo) -> str:
    """Arguments may be lists, or arrays of integers; one row becomes 1-D, one entry a number."""
    if info.shape.is_scalar:
        return f"{name} = np.float64(np.asarray({name}).item())"
    flat = ".ravel()" if info.shape.is_row else ""
    return f"{name} = np.asarray({name}, dtype=float){flat}"


def _helpers(lines: Iterable[str]) -> list[str]:
    """The helper functions that the body calls, and those that they call, in a fixed order."""
    texts = "".join(f"{row.helper}\n" for row in FUNCTIONS.values())
    parts = dict.fromkeys(map(str.strip, re.split(r"^(?=def )", texts, flags=re.M)))
    helpers = {part: part[4:].partition("(")[0] for part in parts if part}
    found: set[str] = set()
    new = set(_HELPER.findall("\n".join(lines)))
    while new:
        added = {part for part, name in helpers.items() if name in new} - found
        found |= added
        new = {name for part in added for name in _HELPER.findall(part)}
    return [part for part in helpers if part in found]


# --- sizes -----------------------------------------------------------------------------------


def _size_lines(
    symbols: Mapping[str, SymbolInfo], needed: Iterable[str], occurring: set[str], names: Names
) -> tuple[list[str], list[str]]:
    """Assignments of the sizes that the arguments' shapes determine, and the other sizes."""
    known: dict[str, tuple[str, frozenset[str]]] = {}
    equations = sorted(_equations(symbols, occurring, names), key=lambda e: len(str(e[0])))
    progress = True
    while progress:
        progress = False
        for dim, text in equations:
            solved = _solve_size(dim, text, known, names)
            if solved is not None:
                known.update(solved)
                progress = True
    wanted, stack = set[str](), list(needed)
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.add(name)
            stack += known[name][1] if name in known else ()
    lines = [f"{names[name]} = {text}" for name, (text, _) in known.items() if name in wanted]
    return lines, sorted(wanted - set(known))


def _equations(
    symbols: Mapping[str, SymbolInfo], occurring: set[str], names: Names
) -> Iterator[tuple[Dim, str]]:
    """Sizes, and the code that finds them in an argument."""
    for name, info in symbols.items():
        dims = dims_of(info.shape)
        if info.kind == "function":
            continue
        for axis, dim in enumerate(dims):
            if name in occurring:
                yield dim, f"{names[name]}.shape[{axis}]"
            else:
                yield dim, f"np.shape({names[name]})[{axis + info.shape.is_row}]"


def _solve_size(
    dim: Dim, text: str, known: Mapping[str, tuple[str, frozenset[str]]], names: Names
) -> dict[str, tuple[str, frozenset[str]]] | None:
    """The one unknown name of a size, if that is linear in it: (shape - rest) // coefficient."""
    unknown = dim.names - set(known)
    if len(unknown) != 1:
        return None
    (name,) = unknown
    if any(monomial.count(name) > 1 for monomial, _ in dim.terms):
        return None
    having = [(tuple(n for n in m if n != name), k) for m, k in dim.terms if name in m]
    others = [(m, k) for m, k in dim.terms if name not in m]
    if others:
        text = f"({text} - {dim_text(Dim(tuple(others)), names).at(MUL)})"
    if having != [((), 1)]:
        text = f"{text} // {dim_text(Dim(tuple(having)), names).at(UNARY)}"
    return {name: (text, dim.names - {name})}
