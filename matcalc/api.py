"""The Python API: what the command line does, as functions and objects.

    d = matcalc.diff("x'Q x + b'x", "x", where=["Q: n x n"])
    str(d), d.shape, d.to("latex"), d.function()

An answer is drawn from a surface tree and the shapes of its nodes; everything else about it (text,
LaTeX, code, steps) is made when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from matcalc.algebra.factor import simplify as simplify_node
from matcalc.algebra.ir import Node
from matcalc.algebra.rewrite import expand
from matcalc.algebra.scalars import tidy
from matcalc.algebra.shapes import Shape
from matcalc.calculus.derive import LAYOUTS, STRUCTURES, derive
from matcalc.errors import MatcalcError, Span
from matcalc.language.infer import SymbolInfo
from matcalc.language.problem import Problem, read_problem
from matcalc.language.style import Style
from matcalc.language.tree import Tree
from matcalc.render.conditions import in_words, require_possible
from matcalc.render.naming import name_repeats
from matcalc.render.present import Presenter
from matcalc.render.text import text

if TYPE_CHECKING:
    from matcalc.derivation.expansion import Expansion
    from matcalc.derivation.steps import Step
    from matcalc.verify.check import Check


@dataclass(eq=False)
class Simplified:
    """An expression in its simplified form."""

    kind: ClassVar = "expression"

    problem: Problem
    node: Node
    tree: Tree
    shapes: Mapping[Tree, Shape]

    def __str__(self) -> str:
        return text(self.tree)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        """Equal as functions of the symbols, as far as distributing and collecting can tell."""
        if not isinstance(other, Simplified):
            return NotImplemented
        return same(self.node, other.node)

    def __hash__(self) -> int:
        return hash(self.node.shape)

    @property
    def source(self) -> str:
        """The expression as it was typed."""
        return self.problem.source

    @property
    def shape(self) -> tuple[str, str]:
        """Rows and columns."""
        return str(self.node.shape.rows), str(self.node.shape.cols)

    @property
    def symbols(self) -> tuple[SymbolInfo, ...]:
        """The names of the problem, with shape, kind and how each was known."""
        return tuple(self.problem.typed.symbols.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, one sentence each."""
        return self.problem.notes

    def to(self, form: str) -> str:
        """The expression as "text", "latex", "markdown", "json", "numpy" or "sympy".

        Raises MatcalcError (usage) for any other format.
        """
        from matcalc.render.formats import writer

        return writer(self.kind, form)(self)

    def function(self) -> Callable[..., Any]:
        """A NumPy function of the symbols, keyword arguments by name.  Needs NumPy."""
        namespace: dict[str, Any] = {}
        exec(compile(self.to("numpy"), "<matcalc>", "exec"), namespace)  # noqa: S102
        made: Callable[..., Any] = namespace["derivative"]
        return made


@dataclass(eq=False, repr=False)
class Derivative(Simplified):
    """A derivative.

    ``wrt`` is the variable ("x,Y" for a mixed second derivative); ``check`` is what comparing it
    and its NumPy code with numeric differentiation found, None if that was not asked for;
    ``proof`` the same for the symbolic proof.
    """

    kind: ClassVar = "derivative"

    wrt: str
    order: int
    layout: str
    structure: str
    function_node: Node
    extra_notes: tuple[str, ...] = ()
    check: Check | None = field(default=None)
    proof: Check | None = field(default=None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, and what is worth knowing, one sentence each."""
        return (*self.problem.notes, *self.extra_notes)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """Where the result holds."""
        return in_words(self.function_node, self.problem)

    @cached_property
    def named(self) -> tuple[Tree, tuple[tuple[str, Tree], ...]]:
        """The tree with long repeated subexpressions named, and the names' definitions."""
        taken = set(self.problem.typed.symbols) | set(self.problem.typed.sizes)
        assert isinstance(self.shapes, dict)
        return name_repeats(self.tree, self.shapes, taken)

    @cached_property
    def steps(self) -> list[Step]:
        """The derivation, worked out when asked for."""
        from matcalc.derivation.derivation import derivation

        return derivation(self)


def same(a: Node, b: Node) -> bool:
    """Are two normal forms equal once products are distributed?"""
    if a is b:
        return True
    if a.shape != b.shape:
        return False
    left, right = expand(a), expand(b)
    return left is not None and left is right


def diff(
    expr: str,
    wrt: str | Sequence[str],
    *,
    where: Sequence[str] = (),
    order: int = 1,
    layout: str = "jacobian",
    structure: str = "independent",
    check: bool = False,
    prove: bool = False,
) -> Any:
    """The derivative of an expression, a :class:`Derivative`; a list if ``wrt`` is a list.

    ``wrt``        a variable, "x,Y" with order 2 for the mixed second derivative, or a list
    ``where``      declarations and definitions: "Q: n x n symmetric", "y = H x"
    ``layout``     "jacobian" (scalar by vector is a row) or "gradient" (a column)
    ``structure``  "independent" entries, or "symmetric" / "cookbook" for a symmetric variable

    Raises MatcalcError for everything wrong with the input and for derivatives without closed form.
    """
    where = [where] if isinstance(where, str) else list(where or ())
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    groups = [tuple(part.strip() for part in name.split(",") if part.strip()) for name in names]
    if order == 1 and any(len(group) > 1 for group in groups):
        groups = [(name,) for group in groups for name in group]
        wrt = [name for group in groups for name in group]
    _check_request(groups, order, layout, structure)
    found = []
    try:
        problem = read_problem(expr, where, tuple(name for group in groups for name in group))
        canonical = iter(problem.wrt)
        for group in groups:
            variables = tuple(next(canonical) for _ in group)
            # each answer is written as if it were the only one asked for
            alone = replace(problem, style=Style())
            found.append(_diff(alone, variables, order, layout, structure, check, prove))
    except MatcalcError as error:
        if error.span is None and error.kind != "usage":
            error.span = Span(0, len(expr))
        raise error.in_source(expr) from None
    return found[0] if isinstance(wrt, str) else found


def _check_request(
    groups: Sequence[tuple[str, ...]], order: int, layout: str, structure: str
) -> None:
    if not groups or not all(groups):
        raise MatcalcError(
            "usage", "no variable to differentiate with respect to", hint="name one: --wrt X"
        )
    if order not in (1, 2):
        raise MatcalcError("usage", f"order {order} is not offered", hint="--order 1 or --order 2")
    if layout not in LAYOUTS:
        raise MatcalcError("usage", f"unknown layout {layout!r}", hint=" or ".join(LAYOUTS))
    if structure not in STRUCTURES:
        raise MatcalcError("usage", f"unknown structure {structure!r}", hint=", ".join(STRUCTURES))
    if any(len(group) > order for group in groups):
        raise MatcalcError(
            "usage", "two variables at once are for the mixed second derivative", hint="--order 2"
        )


def _diff(
    problem: Problem,
    wrt: tuple[str, ...],
    order: int,
    layout: str,
    structure: str,
    check: bool,
    prove: bool,
) -> Derivative:
    derived = derive(problem, wrt, order, layout, structure)
    require_possible(derived.function, problem, wrt)
    presenter = Presenter(problem.style)
    tree = presenter.present(derived.node)
    result = Derivative(
        problem=problem,
        node=derived.node,
        tree=tree,
        shapes=presenter.shapes,
        wrt=",".join(wrt),
        order=order,
        layout=layout,
        structure=structure,
        function_node=derived.function,
        extra_notes=tuple(derived.notes),
    )
    if check:
        from matcalc.verify.check import check as numerically

        result.check = _judged(numerically, result, wrt, code=result.function)
    if prove:
        from matcalc.verify.prove import prove as symbolically

        result.proof = _judged(symbolically, result, wrt)
    return result


def _judged(
    judge: Callable[..., Check], result: Derivative, wrt: Sequence[str], **more: Any
) -> Check:
    return judge(
        result.problem.typed,
        list(wrt),
        result.tree,
        result.shapes,
        order=result.order,
        layout=result.layout,
        structure="" if result.structure == "independent" else result.structure,
        **more,
    )


def simplify(expr: str, where: Sequence[str] = ()) -> Simplified:
    """An expression in its simplified form.  Raises MatcalcError for everything wrong with it."""
    problem = read_problem(expr, [where] if isinstance(where, str) else where)
    node = tidy(simplify_node(problem.node()))
    presenter = Presenter(problem.style)
    tree = presenter.present(node)
    return Simplified(problem, node, tree, presenter.shapes)


def shape(expr: str, where: Sequence[str] = ()) -> Simplified:
    """An expression as typed, with its shape.  Raises MatcalcError if it does not conform."""
    problem = read_problem(expr, [where] if isinstance(where, str) else where)
    return Simplified(problem, problem.node(), problem.tree, problem.typed.shapes)


def perturb(expr: str, wrt: str, *, where: Sequence[str] = (), order: int = 2) -> Expansion:
    """f(X + dX) grouped by order in dX, up to ``order`` (0 to 4), with the order of the remainder.

    ``orders`` has the terms, ``str()`` is their sum.  Raises MatcalcError as ``diff`` does, and
    unsupported where a higher differential has no closed form.
    """
    from matcalc.derivation import expansion

    return expansion.perturb(expr, wrt, where, order)


def taylor(
    expr: str, wrt: str, *, where: Sequence[str] = (), at: str = "", order: int = 2
) -> Expansion:
    """The Taylor polynomial at ``at``, a new name or a number (for x it is x0 if left out).

    Order 1 or 2 for scalar functions of a vector, 1 to 4 for functions of a scalar.  Raises
    MatcalcError as ``diff`` does.
    """
    from matcalc.derivation import expansion

    return expansion.taylor(expr, wrt, where, at, order)
