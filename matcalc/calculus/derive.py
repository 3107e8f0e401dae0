"""Request -> derivative: which rule of reading off applies to which pair of shapes.

    f by ...   scalar              vector x                matrix X
    scalar     df/dt               column g                G of the shape of X
    vector     of the shape of f   Jacobian, p x n         of f by vec X
    matrix     of the shape of f   of vec f by x           of vec f by vec X

Every derivative is a differential, linear in dX (``differential``), read off (``adjoint`` for
scalars, ``linear_map`` for columns, ``kronecker`` for the rest).  The variable has independent
entries; the facts declared of it are put back after differentiating, ``structure`` then projects,
and the layout turns the result as its row in the table of layouts says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

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
from matcalc.tables.facts import EXCLUSIVE, FACTS, FREE, implied, transposes
from matcalc.tables.functions import lookup
from matcalc.tables.laws import LAWS, STRUCTURES, Law
from matcalc.tables.layouts import LAYOUTS, PLAIN, Cell

# what the transpose of a structured matrix is, where that says that it is structured
_TRANSPOSES = frozenset({"same", "minus", "lower", "upper"})


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
    cell = cell_of(layout, F, path[0])
    for i, X in enumerate(path):
        if i:
            by_scalar = X.shape.is_scalar
            if by_scalar or value.shape.is_vector:
                value = laid_out(value, cell)
            value = simplify(value, cost, problem.style.sums)
            # by a scalar, a derivative keeps the layout that it has
            cell = cell_of(PLAIN if by_scalar else layout, value, X)
        value = plain(value, X)
    if structure == "independent":
        value = laid_out(value, cell)
    value = substitute(value, problem.facts(wrt))
    value = tidy(simplify(value, cost, problem.style.sums), cost)
    if structure != "independent":
        _require_structure(problem, F, path, structure)
        value = laid_out(structured(value, path[0], structure), cell)
        value = simplify(value, cost)
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
        if structure != "independent":
            fact, law = structure_fact(structure), LAWS[STRUCTURES[structure]]
            yield (
                f"{name} stays {fact} as it varies; G being the derivative for independent "
                f"entries, {law.title}"
            )
            continue
        if bare is full:
            continue
        words = " and ".join(sorted(problem.typed.symbols[name].facts - FREE))
        project = ""
        if isinstance(full, Symbol) and full.facts & STRUCTURES.keys():
            fact = next(fact for fact in STRUCTURES if fact in full.facts)
            project = f" (the structure {fact} projects on the {fact} matrices)"
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


def plain(F: Node, X: Symbol) -> Node:
    """One derivative in its plain form, that of the layout PLAIN."""
    dX = perturbation(X, F)
    if X.shape.is_scalar:
        dF = differential(F, X, dX)
        return substitute(dF, {dX: normal.ONE})
    if F.shape.is_scalar:
        return gradient(differential(F, X, dX), dX)
    if F.shape.is_vector and X.shape.is_column:
        column = normal.transpose(F) if F.shape.is_row else F
        return jacobian(differential(column, X, dX), dX)
    if X.shape.is_row and F.shape.is_vector:
        x = make_symbol(X.name, X.shape.T, X.facts)
        column = normal.transpose(F) if F.shape.is_row else F
        J = plain(substitute(column, {X: normal.transpose(x)}), x)
        return substitute(J, {x: normal.transpose(X)})
    return vec_jacobian(differential(F, X, dX), dX)


def cell_of(layout: str, F: Node, X: Symbol) -> Cell:
    """How the derivative of F by X is laid out."""
    return LAYOUTS[layout].cell(F.shape.single, X.shape.single)


def laid_out(D: Node, cell: Cell) -> Node:
    """A derivative in its plain form, in that of a layout; and the other way round."""
    return Reader({"D": D}, {}).read(formula(cell.form))


def once(F: Node, X: Symbol, layout: str = "jacobian") -> Node:
    """One derivative, laid out."""
    return laid_out(plain(F, X), cell_of(layout, F, X))


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


def structured(D: Node, X: Symbol, structure: str) -> Node:
    """R(G), what counts of a gradient G; of a Hessian H by vec X P H P', vec R(G) = P vec G."""
    _, part, _ = structure_law(structure)
    if D.shape == X.shape:
        return normal.transpose(Reader({"G": D}, {}).read(part))
    dX = perturbation(X, D)
    P = vec_jacobian(normal.transpose(Reader({"G": dX}, {}).read(part)), dX)
    return normal.mul(P, D, normal.transpose(P))


def _require_structure(problem: Problem, F: Node, path: Sequence[Symbol], structure: str) -> None:
    """Raises MatcalcError (usage) where the structure is not that of the question."""
    law, _, _ = structure_law(structure)
    assert arrangements(law.left) == arrangements(LAWS["read-off"].left)
    X, fact = path[0], structure_fact(structure)
    if len(set(path)) > 1 or not X.shape.is_square or X.shape.is_scalar or not F.shape.is_scalar:
        what = "a scalar function of one square matrix"
        raise _misused(structure, what, f", or declare the variable {fact}")
    other = sorted(f for f in problem.typed.symbols[X.name].facts if _contradict(f, fact))
    if other:
        an = "an" if fact[0] in "aeiou" else "a"
        what = f"{an} {fact} variable, and {X.name} is {' and '.join(other)}"
        raise _misused(structure, what)


def _contradict(declared: str, fact: str) -> bool:
    """Does what is declared of a variable speak against its structure?"""
    one, other = implied({declared}), implied({fact})
    excluded = any({pair, pair[::-1]} & set(EXCLUSIVE) for pair in product(one, other))
    return excluded or bool(transposes(one) & _TRANSPOSES - transposes(other))


def _misused(structure: str, what: str, otherwise: str = "") -> MatcalcError:
    asked, option = Option("structure", structure), Option("structure")
    return MatcalcError(
        "usage",
        f"{asked} is for {what}",
        hint=f"leave {option} out{otherwise}",
        options=(asked, option),
    )


def structure_fact(structure: str) -> str:
    """What a variable of this structure is, and its perturbations are."""
    (fact,) = (
        fact
        for text in LAWS[STRUCTURES[structure]].where
        for fact in FACTS
        if text.startswith("dX") and text.endswith(f" {fact}")
    )
    return fact


def structure_law(structure: str) -> tuple[Law, Tree, Tree]:
    """The law of a structure, with R' and what varies (dX or a part of it) of its tr(R' dX)."""
    law = LAWS[STRUCTURES[structure]]
    (product,) = formula(law.right).children
    assert isinstance(product, Multiply), law.right
    return law, Multiply(product.factors[:-1], product.ops[:-1]), product.factors[-1]
