"""Request -> derivative: which rule of reading off applies to which pair of shapes.

    f by ...   scalar              vector x                matrix X
    scalar     df/dt               row (layout jacobian)   G of the shape of X
    vector     column              Jacobian, p x n         Jacobian by vec X
    matrix     entry by entry      Jacobian of vec F       Jacobian of vec F by vec X

Every derivative is a differential, linear in dX (``differential``), read off (``adjoint`` for
scalars, ``linear_map`` for columns by columns, ``kronecker`` for all else).  The variable has
independent entries; the facts declared of it are put back after differentiating, and ``structure``
then projects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from matcalc.algebra import normal
from matcalc.algebra.factor import simplify
from matcalc.algebra.interpret import Reader, formula
from matcalc.algebra.ir import Node, Symbol, make_symbol, postorder
from matcalc.algebra.rewrite import substitute
from matcalc.algebra.sympy_bridge import tidy
from matcalc.calculus.adjoint import gradient
from matcalc.calculus.differential import differential
from matcalc.calculus.kronecker import vec_jacobian
from matcalc.calculus.linear_map import jacobian
from matcalc.calculus.windows import arrangements
from matcalc.dimensions.problem import Problem
from matcalc.errors import MatcalcError, Option
from matcalc.language.names import LONGEST_NAME
from matcalc.language.tree import Multiply, Tree
from matcalc.present.cost import Cost
from matcalc.tables.facts import FACTS, FREE
from matcalc.tables.functions import lookup
from matcalc.tables.laws import LAWS, Law

LAYOUTS = ("jacobian", "gradient")
#: how a derivative is written: as the matrix of a linear map, or as that map, dF = A dX B
FORMS = ("kron", "differential")
_NOT_SYMMETRIC = frozenset(
    name for name, fact in FACTS.items() if fact.transpose not in ("", "same", "inverse")
)
# what may be known of the variable, and the law that then says what of the gradient counts
STRUCTURES = {"independent": "", "symmetric": "symmetric-part", "cookbook": "symmetric-entries"}


@dataclass
class Derived:
    """A derivative: ``node`` is the simplified result, ``function`` what was differentiated.

    ``moving``  the perturbations in a differential
    """

    node: Node
    function: Node
    notes: list[str] = field(default_factory=list)
    moving: tuple[Symbol, ...] = ()


def derive(
    problem: Problem, wrt: Sequence[str], order: int, layout: str, structure: str
) -> Derived:
    """The derivative by the variables ``wrt``: one of order 1 or 2, or two for a mixed second one.

    Raises MatcalcError (unsupported) where there is no closed form here.
    """
    F = problem.node(bare=wrt)
    if problem.facts(wrt):  # the sums that were typed, as they are once the facts are back
        problem.node()
    variables = [problem.variable(name) for name in wrt]
    path = variables if len(variables) == order else variables * order
    derived = Derived(F, F)
    cost = Cost(problem.style)
    value = F
    for i, X in enumerate(path):
        if i:
            value = simplify(value, cost, problem.style.sums)
        value = once(value, X, layout == "jacobian")
    value = substitute(value, problem.facts(wrt))
    value = tidy(simplify(value, cost, problem.style.sums), cost)
    if structure != "independent":
        other = problem.typed.symbols[wrt[0]].facts & _NOT_SYMMETRIC
        if other:
            facts = " and ".join(sorted(other))
            raise _misused(structure, f"a symmetric variable, and {wrt[0]} is {facts}")
        value = _structured(value, path, structure, cost)
    derived.node = value
    derived.notes = [*_tied(problem, wrt, structure), *_vanishing(problem, F, value, variables)]
    return derived


def linear_map(problem: Problem, wrt: Sequence[str], order: int) -> Derived:
    """The differential itself, dF = A dX B; of order 2 that of the differential, with the same dX.

    Raises MatcalcError (unsupported) where there is no closed form here.
    """
    F = problem.node(bare=wrt)
    if problem.facts(wrt):
        problem.node()
    variables = [problem.variable(name) for name in wrt]
    moving = {X: make_symbol(perturbation_name(problem, X.name), X.shape) for X in variables}
    for X, dX in moving.items():
        problem.style.remember_sum(normal.add(X, dX), (X, dX))
    cost = Cost(problem.style)
    value = F
    for X in variables if len(variables) == order else variables * order:
        value = differential(value, X, moving[X])
    value = substitute(value, problem.facts(wrt))
    value = tidy(simplify(value, cost, problem.style.sums), cost)
    notes = [*_tied(problem, wrt, "independent"), *_vanishing(problem, F, value, variables)]
    return Derived(value, F, notes, tuple(moving.values()))


def _tied(problem: Problem, wrt: Sequence[str], structure: str) -> Iterator[str]:
    """The declared facts that tie entries of a variable, and how they were taken."""
    for name in wrt:
        bare, full = problem.symbol(name, bare=True), problem.symbol(name)
        if bare is full or structure != "independent":
            continue
        words = " and ".join(sorted(problem.typed.symbols[name].facts - FREE))
        project = ""
        if isinstance(full, Symbol) and "symmetric" in full.facts:
            project = " (the structure symmetric projects on the symmetric matrices)"
        yield (
            f"{name} is declared {words}: its entries are taken as independent{project}, and the "
            "fact is used in the result"
        )


def _vanishing(
    problem: Problem,
    F: Node,
    value: Node,
    variables: Sequence[Symbol],
) -> Iterator[str]:
    """Why the derivative is zero."""
    if not normal.is_zero(value):
        return
    inside = {n for n in postorder(F) if isinstance(n, Symbol)}
    missing = [X.name for X in variables if X not in inside]
    skew = [info.name for info in problem.typed.symbols.values() if "skew" in info.facts]
    if normal.is_zero(F) and skew:
        names = " and ".join(skew)
        yield (
            f"the expression is zero: {names} is skew, so a form such as x' {skew[0]} x is its own "
            "transpose and its own negative"
        )
    elif normal.is_zero(F):
        yield "the expression is identically zero: its terms cancel"
    elif missing:
        yield f"the derivative is zero: simplified, the expression does not contain {missing[0]}"


def once(F: Node, X: Symbol, row: bool) -> Node:
    """One derivative; of a scalar by a vector the column, or the row if asked for."""
    dX = perturbation(X, F)
    if X.shape.is_scalar:
        dF = differential(F, X, dX)
        return substitute(dF, {dX: normal.ONE})
    if F.shape.is_scalar:
        G = gradient(differential(F, X, dX), dX)
        return normal.transpose(G) if row and X.shape.is_column else G
    if F.shape.is_vector and X.shape.is_column:
        column = normal.transpose(F) if F.shape.is_row else F
        return jacobian(differential(column, X, dX), dX)
    if X.shape.is_row and F.shape.is_vector:
        x = make_symbol(X.name, X.shape.T, X.facts)
        column = normal.transpose(F) if F.shape.is_row else F
        turned = substitute(column, {X: normal.transpose(x)})
        J = once(turned, x, row)
        return substitute(J, {x: normal.transpose(X)})
    return vec_jacobian(differential(F, X, dX), dX)


def perturbation(X: Symbol, F: Node, sizes: Iterable[str] = ()) -> Symbol:
    """dX, under a name that neither the expression nor a size uses."""
    taken = {n.name for n in postorder(F) if isinstance(n, Symbol)} | set(sizes)
    name = f"d{X.name}"
    while name in taken:
        name += "_"
    return make_symbol(name, X.shape, frozenset(), "perturbation")


def taken_names(problem: Problem) -> set[str]:
    """Every name that means something in a problem."""
    typed = problem.typed
    return {*typed.symbols, *typed.sizes, *typed.definitions, "I", "e", "pi", "T"}


def perturbation_name(problem: Problem, variable: str) -> str:
    """``dX`` for X; with underscores, or without the variable's name, where that is taken."""
    taken = taken_names(problem)
    stem = f"d{variable}" if len(variable) < LONGEST_NAME else "dx"
    name = stem
    while name in taken or lookup(name) is not None:
        name += "_"
        if len(name) > LONGEST_NAME:
            name = "dx"
    return name


def _structured(G: Node, path: Sequence[Symbol], structure: str, cost: Cost) -> Node:
    X = path[0]
    if len(path) > 1 or not X.shape.is_square or G.shape != X.shape:
        what = "a scalar function of one square matrix, order 1"
        raise _misused(structure, what, ", or declare the variable symmetric")
    law, part, _ = structure_law(structure)
    assert arrangements(law.left) == arrangements(LAWS["read-off"].left)
    return simplify(normal.transpose(Reader({"G": G}, {}).read(part)), cost)


def _misused(structure: str, what: str, otherwise: str = "") -> MatcalcError:
    asked, option = Option("structure", structure), Option("structure")
    return MatcalcError(
        "usage",
        f"{asked} is for {what}",
        hint=f"leave {option} out{otherwise}",
        options=(asked, option),
    )


def structure_law(structure: str) -> tuple[Law, Tree, Tree]:
    """The law of a structure, with R' and what varies (dX or a part of it) of its tr(R' dX)."""
    law = LAWS[STRUCTURES[structure]]
    (product,) = formula(law.right).children
    assert isinstance(product, Multiply), law.right
    return law, Multiply(product.factors[:-1], product.ops[:-1]), product.factors[-1]
