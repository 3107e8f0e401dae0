"""The Python API: what the command line does, as functions and objects.

    d = matcalc.diff("x'Q x + b'x", "x", where=["Q: n x n"])
    str(d), d.shape, d.to("latex"), d.function()

An answer is drawn from a surface tree and the shapes of its nodes; everything else about it (text,
LaTeX, code, steps) is made when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any, ClassVar

from matcalc import answer
from matcalc.algebra import rules
from matcalc.algebra.factor import simplify as simplify_node
from matcalc.algebra.ir import Node
from matcalc.algebra.sympy_bridge import tidy
from matcalc.answer import same
from matcalc.calculus.conditions import require_possible
from matcalc.calculus.derive import Derived, derive, linear_map
from matcalc.dimensions.problem import Problem, read_problem
from matcalc.errors import MatcalcError, Option, Span
from matcalc.language.text import text
from matcalc.present.cost import Cost
from matcalc.present.presenter import Presenter
from matcalc.present.style import Style
from matcalc.tables.laws import LAWS, STRUCTURES
from matcalc.tables.layouts import FORMS, LAYOUTS
from matcalc.verify.verdict import Check

__all__ = [
    "Derivative",
    "Expansion",
    "Simplified",
    "diff",
    "perturb",
    "same",
    "shape",
    "simplify",
    "taylor",
]


@dataclass(eq=False, repr=False)
class Simplified(answer.Expression):
    """An expression in its simplified form."""

    kind: ClassVar = "expression"

    def to(self, form: str) -> str:
        """The expression as "text", "latex", "markdown", "json", "numpy" or "sympy".

        Raises MatcalcError (usage) for any other format.
        """
        return _written(self, self.kind, form)

    def function(self) -> Callable[..., Any]:
        """A NumPy function of the symbols, keyword arguments by name.  Needs NumPy."""
        namespace: dict[str, Any] = {}
        exec(compile(self.to("numpy"), "<matcalc>", "exec"), namespace)  # noqa: S102
        made: Callable[..., Any] = namespace["derivative"]
        return made


@dataclass(eq=False, repr=False)
class Derivative(Simplified, answer.Derivative):
    """A derivative: see ``answer.Derivative`` for what it holds."""

    kind: ClassVar = "derivative"

    def function(self) -> Callable[..., Any]:
        """A NumPy function of the symbols, keyword arguments by name.  Needs NumPy.

        Where the derivative is the matrix of vec f by vec X, ``function().apply`` is a function of
        the symbols and of dX that applies it without building it.
        """
        made = super().function()
        if self.by_vec:
            made.apply = self.differential.function()  # type: ignore[attr-defined]
        return made

    @cached_property
    def differential(self) -> Derivative:
        """The linear map of which the derivative is the matrix: df = A dX B."""
        if self.moving:
            return self
        derived = linear_map(self.problem, self.variables, self.order)
        return _answer(
            self.problem, derived, self.variables, self.order, "differential", self.structure
        )

    @cached_property
    def steps(self) -> list[answer.Step]:
        """The derivation, worked out when asked for."""
        from matcalc.derivation.derivation import derivation

        return derivation(self)


@dataclass(frozen=True, eq=False, repr=False)
class Expansion(answer.Expansion):
    """A sum of orders and a remainder: see ``answer.Expansion``."""

    def to(self, form: str) -> str:
        """The expansion as "text", "latex", "markdown" or "json".

        Raises MatcalcError (usage) for any other format.
        """
        return _written(self, "expansion", form)


def _written(made: answer.Answer, kind: str, form: str) -> str:
    from matcalc.output.formats import writer

    return writer(kind, form)(made)


def diff(
    expr: str,
    wrt: str | Sequence[str],
    *,
    where: Sequence[str] = (),
    order: int = 1,
    layout: str = "jacobian",
    structure: str = "independent",
    form: str = FORMS[0],
    check: bool = False,
    prove: bool = False,
) -> Any:
    """The derivative of an expression, a :class:`Derivative`; a list if ``wrt`` is a list.

    ``wrt``        a variable, "x,Y" with order 2 for the mixed second derivative, or a list
    ``where``      declarations and definitions: "Q: n x n symmetric", "y = H x"
    ``layout``     "jacobian" (scalar by vector is a row), "gradient" (a column), or "numerator" or
                   "denominator", as in Wikipedia's tables
    ``structure``  "independent" entries; of a square variable "symmetric" (and "cookbook", which
                   counts each entry once), "skew", "diagonal", "lower" or "upper"
    ``form``       "kron", the matrix of the linear map, or "differential", the map itself: A dX B

    Raises MatcalcError for everything wrong with the input and for derivatives without closed form.
    """
    where = [where] if isinstance(where, str) else list(where or ())
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    groups = [tuple(part.strip() for part in name.split(",") if part.strip()) for name in names]
    if order == 1 and any(len(group) > 1 for group in groups):
        groups = [(name,) for group in groups for name in group]
        wrt = [name for group in groups for name in group]
    _check_request(groups, order, layout, structure, form)
    found = []
    try:
        problem = read_problem(expr, where, tuple(name for group in groups for name in group))
        canonical = iter(problem.wrt)
        for group in groups:
            variables = tuple(next(canonical) for _ in group)
            # each answer is written as if it were the only one asked for
            alone = replace(problem, style=Style())
            if form == "differential":
                derived, layout = linear_map(alone, variables, order), form
            else:
                derived = derive(alone, variables, order, layout, structure)
            found.append(_answer(alone, derived, variables, order, layout, structure))
            _judge(found[-1], check, prove)
    except MatcalcError as error:
        if error.span is None and error.kind != "usage":
            error.span = Span(0, len(expr))
        raise error.in_source(expr) from None
    return found[0] if isinstance(wrt, str) else found


def _check_request(
    groups: Sequence[tuple[str, ...]], order: int, layout: str, structure: str, form: str
) -> None:
    wrt, first, second = Option("wrt", "X"), Option("order", 1), Option("order", 2)
    if not groups or not all(groups):
        raise _usage("no variable to differentiate with respect to", f"name one: {wrt}", wrt)
    if order not in (1, 2):
        raise _usage(f"order {order} is not offered", f"{first} or {second}", first, second)
    if layout not in LAYOUTS:
        raise _usage(f"unknown layout {layout!r}", " or ".join(LAYOUTS))
    if structure not in STRUCTURES:
        raise _usage(f"unknown structure {structure!r}", ", ".join(STRUCTURES))
    if form not in FORMS:
        raise _usage(f"unknown form {form!r}", " or ".join(FORMS))
    if form == "differential" and structure != "independent":
        asked = Option("structure", structure)
        raise _usage(f"{asked} is for the derivative as a matrix", f"leave {asked} out", asked)
    if any(len(group) > order for group in groups):
        message = "two variables at once are for the mixed second derivative"
        raise _usage(message, str(second), second)


def _usage(message: str, hint: str, *options: Option) -> MatcalcError:
    return MatcalcError("usage", message, hint=hint, options=options)


def _answer(
    problem: Problem,
    derived: Derived,
    wrt: tuple[str, ...],
    order: int,
    layout: str,
    structure: str,
) -> Derivative:
    require_possible(derived.function, problem, wrt)
    presenter = Presenter(problem.style)
    tree = presenter.present(derived.node)
    return Derivative(
        problem=problem.with_variables(derived.moving),
        node=derived.node,
        tree=tree,
        shapes=presenter.shapes,
        variables=wrt,
        order=order,
        layout=layout,
        structure=structure,
        function_node=derived.function,
        moving=tuple(dX.name for dX in derived.moving),
        extra_notes=tuple(derived.notes),
    )


def _judge(result: Derivative, check: bool, prove: bool) -> None:
    """Check or prove an answer where that is asked for."""
    if check:
        from matcalc.verify.check import check as numerically

        result.check = _judged(numerically, result, code=result.function, moving=result.moving)
    if prove:
        if result.moving:
            raise _usage("a differential is not proved", str(Option("check")), Option("check"))
        from matcalc.verify.prove import prove as symbolically

        result.proof = _judged(symbolically, result)


def _judged(judge: Callable[..., Check], result: Derivative, **more: Any) -> Check:
    return judge(
        result.problem.typed,
        list(result.variables),
        result.tree,
        result.shapes,
        order=result.order,
        layout=result.layout,
        structure=result.structure,
        **more,
    )


def simplify(expr: str, where: Sequence[str] = (), using: Sequence[str] = ()) -> Simplified:
    """An expression in its simplified form.  Raises MatcalcError for everything wrong with it.

    With ``using``, names of laws (``matcalc rules`` lists them): each is applied once, in turn, and
    the expression is left as that makes it.  Raises MatcalcError (usage) for a law that there is
    not or that does not apply, (domain) for one that needs what is neither declared nor required by
    the expression.
    """
    problem = read_problem(expr, [where] if isinstance(where, str) else where)
    node = problem.node()
    names = [using] if isinstance(using, str) else list(using)
    if names:
        node = _rewritten(node, names, problem)
    else:
        cost = Cost(problem.style)
        node = tidy(simplify_node(node, cost), cost)
    presenter = Presenter(problem.style)
    tree = presenter.present(node)
    return Simplified(problem, node, tree, presenter.shapes)


def _rewritten(node: Node, names: Sequence[str], problem: Problem) -> Node:
    """The node after laws applied by name."""
    for name in names:
        law = LAWS.get(name)
        if law is None:
            close = get_close_matches(name, list(LAWS), 1)
            hint = f"did you mean {close[0]}?" if close else "`matcalc rules` lists them"
            raise _usage(f"there is no law {name!r}", hint)
        if not law.by_name:
            hint = "it is a step of derivations"
            if law.always:
                hint = f"both sides are always the same here: {law.left} = {law.right}"
            raise _usage(f"{name} is not applied by name", hint)
        cost = Cost(problem.style)
        found = rules.apply(name, node) or rules.apply(name, simplify_node(node, cost))
        if found is None:
            hint = f"neither {law.left} nor {law.right} occurs; `matcalc rules {name}`"
            raise _usage(f"{name} does not apply here", hint)
        if found.missing:
            node, fact = found.missing[0]
            needed = text(Presenter(problem.style).present(node))
            raise MatcalcError(
                "domain",
                f"{name} needs `{needed} {fact}`, which nothing says",
                hint=f"declare it, as in `A: n x n {fact}`",
            )
        node = found.made
    return node


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

    return Expansion(**vars(expansion.perturb(expr, wrt, where, order)))


def taylor(
    expr: str, wrt: str, *, where: Sequence[str] = (), at: str = "", order: int = 2
) -> Expansion:
    """The Taylor polynomial at ``at``, a new name or a number (for x it is x0 if left out).

    Order 1 or 2 for scalar functions of a vector, 1 to 4 for functions of a scalar.  Raises
    MatcalcError as ``diff`` does.
    """
    from matcalc.derivation import expansion

    return Expansion(**vars(expansion.taylor(expr, wrt, where, at, order)))
