"""Expansions: f(X + dX) by order in dX, and Taylor polynomials.

Polynomials are multiplied out, each instance of X perturbed on its own.  For everything else the
term of order j is d^j f [dX, ..., dX] / j!, the j-fold differential with dX held constant, so the
same rules give the expansion of every function that has a derivative here; an inverse gives its
Neumann series.  An expansion is exact when no higher order is left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from matcalc.algebra import normal
from matcalc.algebra.factor import Factoring, simplify
from matcalc.algebra.ir import Apply, Node, Symbol, dependents, make_symbol, postorder
from matcalc.algebra.rewrite import substitute
from matcalc.algebra.sympy_bridge import tidy
from matcalc.answer import Expansion, Order
from matcalc.calculus.conditions import Condition, conditions, holds
from matcalc.calculus.derive import once, perturbation_name, taken_names
from matcalc.calculus.differential import differential
from matcalc.derivation.changes import Changes, NotPolynomial, TooLong
from matcalc.derivation.steps import replaced, summed, times
from matcalc.derivation.terms import sum_tree
from matcalc.derivation.writing import Writing, typed_tree
from matcalc.dimensions.problem import Problem, read_problem
from matcalc.errors import MatcalcError, Option
from matcalc.language.syntax import canonical_name
from matcalc.language.text import text
from matcalc.language.tree import Add, Multiply, Name, Number, Power, Transpose, Tree
from matcalc.present.cost import Cost
from matcalc.tables.functions import FUNCTIONS, lookup

HIGHEST = 4
_BUDGET = 32  # terms
_LARGE = 3000  # nodes of a term that is still written out
_NAME = re.compile(r"\w+")


def _sum(
    kind: str, problem: Problem, X: Symbol, name: str, small: Tree, orders: list[Order], left: int
) -> Expansion:
    tree = summed([part.tree for part in orders])
    return Expansion(kind, problem, X.name, name, small, tuple(orders), tree, left)


def perturb(expr: str, wrt: str, where: Sequence[str] = (), order: int = 2) -> Expansion:
    """The expansion of f(X + dX), grouped by order up to ``order`` (at most 4).

    Raises MatcalcError (usage for a wrong order, unsupported where a differential has no closed
    form, else as ``diff`` does).
    """
    problem, X = _read(expr, wrt, where, order)
    F = problem.node(bare=[X.name])
    name = perturbation_name(problem, X.name)
    dX = make_symbol(name, X.shape, frozenset(), "perturbation")
    writing = Writing(problem, X, dX)
    try:
        trees, exact = _multiplied_out(F, X, dX, writing, order)
    except (NotPolynomial, TooLong):
        trees, exact = _differentials(F, X, dX, writing, order, problem.facts([X.name]))
    orders = [Order(j, tree) for j, tree in enumerate(trees) if j == 0 or not _is_zero(tree)]
    left = 0 if exact else order + 1
    return _sum("perturb", problem, X, name, Name(name), orders, left)


def _read(expr: str, wrt: str, where: Sequence[str], order: int) -> tuple[Problem, Symbol]:
    if not 0 <= order <= HIGHEST:
        raise MatcalcError("usage", f"order {order} is not offered", hint=f"0 to {HIGHEST}")
    problem = read_problem(expr, [where] if isinstance(where, str) else where, (wrt,))
    return problem, problem.variable(problem.wrt[0])


def _multiplied_out(
    F: Node, X: Symbol, dX: Symbol, writing: Writing, order: int
) -> tuple[list[Tree], bool]:
    changes = Changes(X, dX, writing.presenter, _BUDGET)
    terms = changes.of(F)
    if changes.inverses:
        raise NotPolynomial  # a series in dX alone is wanted
    trees = [writing.tree(F)]
    for j in range(1, order + 1):
        found = [term for term in terms if term.degree == j]
        zero = writing.tree(normal.zero(F.shape))
        trees.append(sum_tree(found, writing.presenter) if found else zero)
    return trees, all(term.degree <= order for term in terms)


def _differentials(
    F: Node,
    X: Symbol,
    dX: Symbol,
    writing: Writing,
    order: int,
    facts: dict[Node, Node],
) -> tuple[list[Tree], bool]:
    trees: list[Tree] = []
    term, divisor, stepped = F, 1, False
    for j in range(order + 1):
        stepped = stepped or _has_steps(term, X)
        trees.append(_form(normal.scale(Fraction(1, divisor), term), dX, writing, facts))
        try:
            term = differential(term, X, dX)
        except MatcalcError as error:
            if j == order:
                return trees, False
            if j == 0:
                raise
            lower = Option("order", j)
            raise MatcalcError(
                error.code, error.message, error.span, hint=str(lower), options=(lower,)
            ) from None
        divisor *= j + 1
    return trees, normal.is_zero(term) and not stepped


def _has_steps(F: Node, X: Symbol) -> bool:
    """Is there a function of X that is constant between jumps?  No polynomial has any."""
    return any(_is_step(node, X) for node in dependents(F, X))


def _is_step(node: Node, X: Symbol) -> bool:
    if not isinstance(node, Apply) or node.head not in FUNCTIONS:
        return False
    dX = make_symbol(X.name, X.shape, frozenset(), "perturbation")
    try:
        return normal.is_zero(differential(node, X, dX))
    except MatcalcError:  # the table does not have it
        return False


def _form(node: Node, dX: Symbol, writing: Writing, facts: dict[Node, Node]) -> Tree:
    """A form in dX, multiplied out where that is short."""
    size = sum(1 for _ in postorder(node))
    if size > _LARGE:
        raise MatcalcError(
            "limit",
            f"a term of this expansion has {size:,} parts",
            hint="a lower order, or name parts of the expression and expand those",
        )
    writing.observe(node)
    try:
        terms = Changes(dX, dX, writing.presenter, _BUDGET, linear=True).of(node)
    except (NotPolynomial, TooLong):
        terms = []
    if terms:
        return sum_tree(terms, writing.presenter)
    return writing.tree(Factoring(writing.cost).factor(substitute(node, facts)))


def _is_zero(tree: Tree) -> bool:
    return text(tree) == "0" or text(tree).startswith("zeros(")


# --- Taylor polynomials ---------------------------------------------------------------------------


def taylor(
    expr: str, wrt: str, where: Sequence[str] = (), at: str = "", order: int = 2
) -> Expansion:
    """The Taylor polynomial of a scalar function of a vector, or of any function of a scalar.

    Order 1 or 2 for a vector, up to 4 for a scalar; ``at`` is a new name or a number (that of the
    variable and 0 if left out; for a vector 0 is the only number).  The quadratic term is
    1/2 (x - x0)' H (x - x0).

    Raises MatcalcError: usage for a wrong order or point, domain where f has no value there,
    unsupported for other functions, else as ``diff`` does.
    """
    problem, X = _read(expr, wrt, where, order)
    F = problem.node(bare=[X.name])
    if not X.shape.is_column or not (F.shape.is_scalar or X.shape.is_scalar):
        raise MatcalcError(
            "unsupported",
            "a Taylor polynomial is offered for scalar functions of a vector and for functions of "
            "a scalar",
            hint="`matcalc perturb` expands the others",
        )
    if order > 2 and not X.shape.is_scalar:
        second = Option("order", 2)
        raise MatcalcError(
            "usage",
            "order 3 and more are for a scalar variable",
            hint=str(second),
            options=(second,),
        )
    name, point, point_tree = _point(problem, X, at)
    writing = Writing(problem, X, make_symbol(name or X.name, X.shape))
    step = _displacement(Name(X.name), point_tree)
    orders: list[Order] = []
    value, divisor = F, 1
    stepped = False
    for j in range(order + 1):
        stepped = stepped or _has_steps(value, X)
        here = _value_at(
            value, X, point, problem, writing.cost, divisor if X.shape.is_scalar else 1
        )
        if not normal.is_zero(here):
            shown = writing.presenter.present(here)
            if j == 0 and isinstance(point_tree, Name):  # as it was typed
                shapes = writing.presenter.shapes
                shown = replaced(typed_tree(problem, X.name, shapes), {X.name: point_tree}, shapes)
            orders.append(Order(j, _term(shown, step, j, X.shape.is_scalar)))
        if j < order:
            value = once(value, X)
            divisor *= j + 1
    by_scalar = X.shape.is_scalar
    exact = _is_constant(value, X) if by_scalar else _degree(F, X, writing) <= order
    exact = exact and not stepped
    if not orders:
        orders.append(Order(0, writing.presenter.present(normal.zero(F.shape))))
    left = 0 if exact else order + 1
    at = name or text(point_tree).removeprefix("0 - ")
    at = f"-{at}" if isinstance(point_tree, Add) else at
    return _sum("taylor", problem, X, at, step, orders, left)


def _is_constant(value: Node, X: Symbol) -> bool:
    """Is the last derivative taken one whose own is zero?  No, if the table does not have that."""
    try:
        return normal.is_zero(once(value, X))
    except MatcalcError:
        return False


def _value_at(
    value: Node, X: Symbol, point: Node, problem: Problem, cost: Cost, divisor: int
) -> Node:
    value = simplify(value, cost)
    if isinstance(point, Symbol):
        here = substitute(substitute(value, {X: point}), problem.facts([X.name]))
    else:
        here = substitute(substitute(value, problem.facts([X.name])), {X: point})
        _check_domain(value, X, point)
    return tidy(simplify(normal.scale(Fraction(1, divisor), here), cost), cost)


def _check_domain(value: Node, X: Symbol, point: Node) -> None:
    """Raises MatcalcError (domain) where a condition of the value fails at a number."""
    for template, node in conditions(value):
        if holds(Condition(template, substitute(node, {X: point}))) is False:
            named = Option("at", f"{X.name}0")
            raise MatcalcError(
                "domain",
                "the function has no value there, or no derivative",
                hint=f"{named}, a name",
                options=(named,),
            )


def _degree(F: Node, X: Symbol, writing: Writing) -> int:
    """The degree of a polynomial; more than any other number for what is none."""
    changes = Changes(X, X, writing.presenter, _BUDGET)
    try:
        terms = changes.of(F)
    except (NotPolynomial, TooLong):
        return HIGHEST + 1
    if changes.inverses:
        return HIGHEST + 1
    return max((term.degree for term in terms), default=0)


def _point(problem: Problem, X: Symbol, at: str) -> tuple[str, Node, Tree]:
    """The name of the point ("" for a number), the point as a node and as a tree."""
    typed = at.strip() or f"{X.name}0"
    try:
        value = Fraction(typed)
    except (ValueError, ZeroDivisionError):
        return _named_point(problem, X, typed)
    if not X.shape.is_scalar:
        if value == 0:
            return "", normal.zero(X.shape), Number("0")
        raise _no_point("a vector is expanded at a name or at 0", Option("at", f"{X.name}0"))
    tree: Tree = Number(str(abs(value.numerator)))
    if value.denominator > 1:
        tree = Multiply((tree, Number(str(value.denominator))), ("", "/"))
    return "", normal.number(value), Add((Number("0"), tree), (1, -1)) if value < 0 else tree


def _named_point(problem: Problem, X: Symbol, typed: str) -> tuple[str, Node, Tree]:
    if not _NAME.fullmatch(typed) or typed[0].isdigit():
        raise _no_point(f"{typed!r} is neither a name nor a number", Option("at", f"{X.name}0"))
    name = canonical_name(typed)
    if name in taken_names(problem) or lookup(name) is not None:
        raise _no_point(f"{name} is taken", Option("at", f"{X.name}_0"), ", a new name")
    return name, make_symbol(name, X.shape, X.facts), Name(name)


def _no_point(message: str, better: Option, what: str = "") -> MatcalcError:
    return MatcalcError("usage", message, hint=f"{better}{what}", options=(better,))


def _displacement(x: Tree, point: Tree) -> Tree:
    if isinstance(point, Number) and point.value == 0:
        return x
    if isinstance(point, Add):  # a negative number
        return Add((x, point.terms[1]), (1, 1))
    return Add((x, point), (1, -1))


def _term(tree: Tree, step: Tree, j: int, by_scalar: bool) -> Tree:
    """tree (x - x0)^j, or for a vector tree (x - x0) and 1/2 (x - x0)' tree (x - x0)."""
    if j == 0:
        return tree
    if by_scalar:
        return times(tree, step if j == 1 else Power(step, Number(str(j))))
    if j == 1:
        return times(tree, step)
    factors = (Number("1"), Number("2"), Transpose(step), tree, step)
    return Multiply(factors, ("", "/", " ", " ", " "))
