"""The derivation of a derivative: perturb, expand, keep first order, read off.

The steps are made of what the machinery computed: the differentials of the nodes are those of
``calculus.differential``, the last but one step is <G, dX> with the G that ``calculus.adjoint`` (or
``linear_map``) found, and first-order terms are written out only where they are that very
differential.  Two ways lead from f(X + dX) - f(X) to the first-order terms:

* polynomials and inverses of polynomials are expanded exactly (Woodbury, then multiplied out and
  sorted by order), if that gives at most 32 terms, else by the product rule at once;
* everything else is made linear node by node, the deepest first: N(u + du) becomes N(u) + dN, each
  shown inside the whole expression.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from matcalc.algebra import normal
from matcalc.algebra.factor import simplify
from matcalc.algebra.interpret import Reader
from matcalc.algebra.ir import Node, Product, Symbol, fold, make_symbol, postorder
from matcalc.algebra.rewrite import expand, rebuild, substitute
from matcalc.answer import Derivative, Step, Words
from matcalc.calculus.adjoint import gradient
from matcalc.calculus.derive import (
    cell_of,
    laid_out,
    once,
    perturbation_name,
    plain,
    structure_fact,
    structure_law,
    structured,
)
from matcalc.calculus.differential import differential, differentials, stated
from matcalc.derivation import linear
from matcalc.derivation.chain import Link, chain_links
from matcalc.derivation.changes import Changes, NotPolynomial, TooLong
from matcalc.derivation.read_off import ReadOff
from matcalc.derivation.steps import difference, replaced, summed, times
from matcalc.derivation.terms import Term, sum_tree, total
from matcalc.derivation.writing import Writing, typed_tree
from matcalc.errors import MatcalcError
from matcalc.language.text import text
from matcalc.language.tree import Add, Call, Name, Tree, rebuilt
from matcalc.language.tree import fold as fold_tree
from matcalc.present.cost import Cost
from matcalc.tables.laws import LAWS
from matcalc.tables.layouts import PLAIN

MANY_TERMS = 32  # more are not multiplied out
_MANY_INSTANCES = 16  # more terms of first order than this are not written one by one
_LONG_SUM = 500  # characters of a sum whose terms are not rearranged one by one
_MANY_NODES = 8  # more nodes to make linear than this are done in one step


def derivation(result: Derivative) -> list[Step]:
    """The steps from f(X + dX) - f(X) to the derivative.

    Of a second derivative: those from the first derivative on.
    """
    return _Derivation(result).run()


@dataclass
class _Derivation:
    result: Derivative
    steps: list[Step] = field(default_factory=list)
    terms: list[Term] | None = None

    def run(self) -> list[Step]:
        problem = self.result.problem
        if self.result.moving and self.result.order == 2:
            raise MatcalcError(
                "unsupported",
                "the derivation of a second differential is not written",
                hint="ask for that of the derivative as a matrix",
            )
        names = self.result.variables
        F = problem.node(bare=names)
        self.variable = problem.variable(names[-1])
        if self.result.order == 2:
            F = self._first_derivative(F, problem.variable(names[0]))
        moving = self.result.moving
        name = moving[0] if moving else perturbation_name(problem, self.variable.name)
        self.dX = make_symbol(name, self.variable.shape, frozenset(), "perturbation")
        self.writing = Writing(problem, self.variable, self.dX)
        self.cell = cell_of(self._layout, F, self.variable)
        self.reading = ReadOff(
            self.result, self.cell, self.variable, self.dX, self.writing.presenter
        )
        self._perturb(F)
        self._first_order(F)
        if self.result.moving:
            self._add("collect", "=", self.result.tree, (LAWS["collect"].title,))
            return self.steps
        self._rearrange(F)
        self._collect(F)
        self._read_off(F)
        return self.steps

    # --- perturb ----------------------------------------------------------------------------------

    def _first_derivative(self, F: Node, X: Symbol) -> Node:
        cost, structure = Cost(self.result.problem.style), self.result.structure
        if self.variable.shape.is_scalar:
            return simplify(once(F, X, self.result.layout), cost)
        value = plain(F, X)
        if structure != "independent":
            value = structured(value, X, structure)
        return simplify(normal.transpose(value) if value.shape.is_row else value, cost)

    @property
    def _layout(self) -> str:
        """By a scalar, a second derivative has the layout of the first, entry by entry."""
        again = self.result.order == 2 and self.variable.shape.is_scalar
        return PLAIN if again or self.result.moving else self.result.layout

    def _perturb(self, F: Node) -> None:
        shapes = self.writing.presenter.shapes
        X, dX = Name(self.variable.name), Name(self.dX.name)
        law = LAWS["perturb"]
        change = replaced(stated(law.left, law.where), {"x": X, "dx": dX}, {})
        words: Words = (change,)
        if self.result.order == 2:
            here = self.here = self.writing.tree(F)
            words += (", where f is the first derivative ", here)
        else:
            here = typed_tree(self.result.problem, X.name, shapes)
            defined = self.result.problem.typed.definitions
            self.here = self.writing.tree(F) if defined else here
        if dX.name != f"d{X.name}":
            words += (f"; the perturbation is called {dX.name}, since d{X.name} is taken",)

        def value(part: Tree, parts: Sequence[Tree]) -> Tree:
            match part:
                case Call():  # f at X, and at X + dX
                    return replaced(here, {X.name: parts[0]}, shapes)
                case Add(signs=(1, -1)):
                    return difference(*parts)
            shapes[made := rebuilt(part, parts)] = self.variable.shape
            return made

        self._add("perturb", "=", fold_tree(change, value), words)

    # --- to first order ---------------------------------------------------------------------------

    def _first_order(self, F: Node) -> None:
        """Up to the differential; its terms are kept where they can be written one by one."""
        d = differentials(F, self.variable, self.dX)
        dF = d.get(F)
        if dF is None:
            self._constant(F)
            return
        changes = Changes(self.variable, self.dX, self.writing.presenter, MANY_TERMS)
        try:
            self._exact(F, dF, changes, changes.of(F))
        except TooLong:
            self._product_rule(F, dF)
        except NotPolynomial:
            self._linearise(F, d)
            self.terms = self._multiplied_out(dF)

    def _is_differential(self, terms: Sequence[Term], dF: Node) -> bool:
        """Are the first-order terms found by hand the differential that the calculus found?"""
        gap = normal.sub(total(terms, dF), dF)
        if normal.is_zero(gap) or expand(gap) is normal.zero(dF.shape):
            return True
        if not dF.shape.is_scalar or not any(map(normal.is_block, postorder(gap))):
            return False
        V = make_symbol(f"{self.dX.name}_", self.dX.shape)
        moved = differential(gap, self.dX, V)
        return self.dX not in postorder(moved) and normal.is_zero(gradient(moved, V))

    def _constant(self, F: Node) -> None:
        """f(X + dX) = f(X), since X does not occur or cancels."""
        symbols = self.result.problem.typed.symbols.values()
        skew = normal.is_zero(F) and any("skew" in symbol.facts for symbol in symbols)
        words: Words = (f"f does not depend on {self.variable.name}",)
        if self.variable.name in self.result.problem.style.order:
            words = ("f simplifies to ", self.writing.tree(F), "; ", *words)
        rule = "skew-form" if skew else "first-order"
        self._add_node(rule, "=", normal.zero(F.shape), words)

    def _exact(self, F: Node, dF: Node, changes: Changes, terms: list[Term]) -> None:
        first = [changes.without_remainders(t) for t in terms if t.degree == 1]
        if not self._is_differential(first, dF):
            raise NotPolynomial  # nothing is shown that is not known to be what was computed
        highest = max((term.degree for term in terms), default=0)
        named: list[Node] = []
        if changes.inverses:
            named = self._woodbury(F, changes)
        dropped = highest > 1 or bool(changes.inverses)
        if dropped:
            self._by_order(terms, named)
        words: list[str | Tree] = []
        if highest > 1:
            words.append(f"terms of order 2 and more in {self.dX.name} are dropped")
        for node in named[1::2]:
            words += ["; " if words else "", Name(self.writing.names[node]), " -> I"]
        if not words:
            words.append(f"f is linear in {self.variable.name}")
        self.terms = first or None
        tree = self._sum(first) if first else self.writing.tree(normal.zero(F.shape))
        self._add("first-order", "~" if dropped else "=", tree, tuple(words))

    def _woodbury(self, F: Node, changes: Changes) -> list[Node]:
        """f(X + dX) with every inverse expanded; the names S, R, S, R, ... for the note."""
        words: list[str | Tree] = []
        named: list[Node] = []
        for M, made in changes.inverses.items():
            S = normal.power(M, normal.MINUS_ONE)
            dM = normal.sub(substitute(M, {self.variable: self._moved_variable}), M)
            whole = normal.power(normal.add(M, expand(dM) or dM), normal.MINUS_ONE)
            change = normal.split(normal.sub(made, S))[1]
            for turn in (lambda node: node, normal.transpose):
                if turn(made) not in self.writing.style.sums:
                    self.writing.style.remember_sum(turn(made), (turn(S), turn(change)))
            R = changes.remainder_of[M]
            self.writing.inverse_name(S)
            self.writing.remainder_name(R)
            short = self.writing.short(self.writing.tree(made), [S, R])
            words += ["; " if words else "", self.writing.tree(whole), " = ", short]
            words += [f" with {self.writing.names[S]} = ", self.writing.tree(S)]
            inner = self.writing.short(self.writing.tree(R), [S])
            words += [f", {self.writing.names[R]} = ", inner]
            named += [S, R]
        moved = self._with_inverses(F, changes)
        tree = difference(self.writing.tree(moved), self.here)
        names = [(self.writing.names[node], self.writing.tree(node)) for node in named]
        self._add("woodbury", "=", tree, tuple(words), names=names)
        return named

    @property
    def _moved_variable(self) -> Node:
        return normal.add(self.variable, self.dX)

    def _with_inverses(self, F: Node, changes: Changes) -> Node:
        """F(X + dX) with what Woodbury made of the inverses."""

        def combine(node: Node, new: dict[Node, Node]) -> Node:
            if not isinstance(node, Product):
                return rebuild(node, new)
            factors = [normal.number(node.coefficient)]
            factors += [normal.power(new[b], new[e]) for b, e in node.scalars]
            for b, e in node.chain:
                k = normal.integer(e) or 0
                if b in changes.inverses and k < 0:
                    factors += [changes.inverses[b]] * -k
                else:
                    factors.append(normal.power(new[b], e))
            if not node.chain and not node.shape.is_scalar:
                factors.append(normal.identity(node.shape.rows))
            return normal.mul(*factors)

        return fold(F, combine, {self.variable: self._moved_variable})

    def _by_order(self, terms: Sequence[Term], named: Sequence[Node]) -> None:
        """All terms of f(X + dX), order by order."""
        orders = [(0, self.here)]
        for order in range(1, max(term.degree for term in terms) + 1):
            found = [t.tree(self.writing.presenter) for t in terms if t.degree == order]
            if found:
                orders.append((order, summed(found)))
        words: list[str | Tree] = []
        for order, tree in orders:
            shown = tree if order == 0 else self.writing.short(tree, named)
            words += [f"{'; ' if words else ''}order {order}: ", shown]
        tree = difference(summed([tree for _, tree in orders], flat=True), self.here)
        self._add("product", "=", tree, tuple(words), orders)

    def _product_rule(self, F: Node, dF: Node) -> None:
        """Straight to the first-order terms."""
        words = (
            f"multiplied out, the expansion has more than {MANY_TERMS} terms; straight to those of "
            "first order, in each of which one instance is perturbed",
        )
        try:
            changes = Changes(self.variable, self.dX, self.writing.presenter, _MANY_INSTANCES, 1)
            terms = changes.of(F)
        except (NotPolynomial, TooLong):
            terms = []
        if not terms or not self._is_differential(terms, dF):
            self._add_node("product", "~", dF, words)
            return
        tree = self._sum(terms)
        self.terms = terms if len(text(tree)) <= _LONG_SUM else None
        self._add("product", "~", tree, words)

    def _linearise(self, F: Node, d: dict[Node, Node]) -> None:
        """N(u + du) -> N(u) + dN for each node that is not linear in what depends on X."""
        curved = linear.curved_nodes(F, d)
        if not curved and self.variable not in postorder(d[F]):
            self._add_node("first-order", "=", d[F], (f"f is linear in {self.variable.name}",))
            return
        if not curved or len(curved) > _MANY_NODES:
            rules = ", ".join(dict.fromkeys(map(linear.rule, curved)))
            said = f"the differentials of {len(curved)} parts at once, by the rules {rules}"
            self._add_node("chain", "~", d[F], (said,))
            return
        for i, node in enumerate(curved):
            rule, words = linear.rule(node), linear.words(node, d, self.writing)
            if i == len(curved) - 1:
                self._add_node(rule, "~", d[F], words)
                return
            moved = linear.moved(F, self.variable, self.dX, d, curved[: i + 1])
            tree = difference(self.writing.tree(moved), self.here)
            self._add(rule, "~", tree, words)

    def _multiplied_out(self, dF: Node) -> list[Term] | None:
        presenter = self.writing.presenter
        self.writing.observe(dF)
        try:
            terms = Changes(self.dX, self.dX, presenter, _MANY_INSTANCES, linear=True).of(dF)
        except (NotPolynomial, TooLong):
            return None
        return terms if self._is_differential(terms, dF) else None

    # --- rearranging ------------------------------------------------------------------------------

    def _rearrange(self, F: Node) -> None:
        """Scalars are traces and transposes of themselves; rotated until dX stands last."""
        links = chain_links(self.result.problem, F, self.variable, self.writing)
        if links:
            self._chain(links)
            return
        row = F.shape.is_row and not F.shape.is_scalar
        if self.terms is None or self.variable.shape.is_scalar or row:
            return
        if self.variable.shape.is_column:
            self._transpose(LAWS["scalar-transpose"].title)
            self._move("cyclic", Term.rotated, f"{self.dX.name} to the right end")
        elif F.shape.is_scalar:
            self._distribute()
            self._move("trace", Term.under_trace, LAWS["trace"].title)
            self._transpose("a trace is that of the transpose")
            self._move("cyclic", Term.rotated, f"rotated until {self.dX.name} stands last")

    def _distribute(self) -> None:
        """The terms one by one, where they stood under one trace."""
        assert self.terms is not None
        if len(self.terms) > 1 and any(term.traced for term in self.terms):
            self._add("trace-linear", "=", self._sum(self.terms), (LAWS["trace-linear"].title,))

    def _transpose(self, words: str) -> None:
        assert self.terms is not None
        before = [term for term in self.terms if term.turned(self.dX) is not term]
        self._move("transpose", Term.turned, words + _facts_used(before))

    def _move(self, rule: str, law: Callable[[Term, Symbol], Term], words: str) -> None:
        """One law for every term it applies to."""
        assert self.terms is not None
        moved = [law(term, self.dX) for term in self.terms]
        if moved != self.terms:
            self.terms = moved
            self._add(rule, "=", self._sum(moved), (words,))

    def _chain(self, links: Sequence[Link]) -> None:
        """The product of the Jacobians, times dX."""
        show = self.writing.tree
        product = show(links[0].jacobian)
        for left, link in pairwise(links):
            product = times(product, show(link.jacobian), _joins(left.jacobian, link.jacobian))
        words: list[str | Tree] = [f"df/d{links[-1].inner} = "]
        words.append(" ".join(f"[d{link.outer}/d{link.inner}]" for link in links))
        for i, link in enumerate(links):
            words += [", " if i else " with ", Name(link.outer), " = ", show(link.formula)]
        for i, link in enumerate(links):
            shape = link.jacobian.shape
            words += ["; " if i == 0 else ", ", f"[d{link.outer}/d{link.inner}] = "]
            words += [show(link.local), f" ({shape.rows} x {shape.cols})"]
        self._add("chain", "=", times(product, Name(self.dX.name)), tuple(words))

    # --- collecting and reading off ---------------------------------------------------------------

    def _collect(self, F: Node) -> None:
        D = laid_out(self.result.node, self.cell)
        words = LAWS["collect"].title
        if self.result.structure != "independent":
            D = simplify(plain(F, self.variable), self.writing.cost)
        rule = "collect"
        if self.result.by_vec:
            rule, law = "kron-vec", LAWS["kron-vec"]
            words = f"vec of both sides: {law.left} = {law.right}"
        self._add(rule, "=", self.reading.inner(D, F), (words,))
        if self.result.structure != "independent":
            self._structure(F)

    def _structure(self, F: Node) -> None:
        """<D, dX> for those dX alone that have the structure."""
        law, _, varied = structure_law(self.result.structure)
        fact = structure_fact(self.result.structure)
        words = f"for {self.dX.name} {fact}, as {self.variable.name} is: {law.title}"
        moving = Reader({"dX": self.dX}, {}).read(varied)
        D = laid_out(self.result.node, self.cell)
        self._add(law.name, "=", self.reading.inner(D, F, moving), (words,))

    def _read_off(self, F: Node) -> None:
        words, shapes = self.reading.words(F), self.result.shapes
        step = Step(
            LAWS["read-off"].name, "=>", self.result.tree, shapes, (words,), moving=self.dX.name
        )
        self.steps.append(step)

    # --- bookkeeping ------------------------------------------------------------------------------

    def _sum(self, terms: Sequence[Term]) -> Tree:
        return sum_tree(terms, self.writing.presenter)

    def _add_node(self, rule: str, relation: str, node: Node, words: Words = ()) -> None:
        self._add(rule, relation, self.writing.tree(node), words)

    def _add(
        self,
        rule: str,
        relation: str,
        tree: Tree,
        words: Words = (),
        orders: Sequence[tuple[int, Tree]] = (),
        names: Sequence[tuple[str, Tree]] = (),
    ) -> None:
        if self.steps and relation == "=" and text(tree) == self.steps[-1].text:
            if rule == "chain":  # the same expression, but now it is said what it is made of
                self.steps[-1] = replace(self.steps[-1], words=words)
            return
        shapes = self.writing.presenter.shapes
        rule = LAWS[rule].name
        step = Step(rule, relation, tree, shapes, words, tuple(orders), tuple(names), self.dX.name)
        self.steps.append(step)


def _joins(left: Node, right: Node) -> bool:
    """May the factors of the right one follow the left one without parentheses?"""
    plain = isinstance(right, Product) and not right.scalars
    return left.shape.is_scalar or plain


def _facts_used(terms: Sequence[Term]) -> str:
    """Which declared symmetries made a transpose disappear."""
    found: dict[str, None] = {}
    for term in terms:
        for node in term.chain:
            for part in postorder(node):
                if isinstance(part, Symbol) and part.shape.is_square:
                    if "symmetric" in part.facts:
                        found.setdefault(f"{part.name}' = {part.name}")
                    elif "skew" in part.facts:
                        found.setdefault(f"{part.name}' = -{part.name}")
    return "".join(f"; {fact}" for fact in found)
