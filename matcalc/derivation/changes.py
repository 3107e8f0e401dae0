"""f(X + dX) - f(X) multiplied out, for polynomials and inverses of polynomials.

Each instance of X is perturbed on its own; what an instance is multiplied with stays whole.  An
inverse inv(M) of an M that moves by dM = U V becomes, by Woodbury with C = I,
inv(M) - inv(M) U inv(I + V inv(M) U) V inv(M), where the inverse that is left tends to I; it counts
as of order 0.  The same walk, told to stop at the first order, is the product rule, and applied to
a differential (``linear``) it only multiplies out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from matcalc.algebra import normal, rules
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold
from matcalc.calculus.differential import is_multilinear
from matcalc.derivation.terms import Term, collected
from matcalc.errors import assert_never
from matcalc.present.presenter import Presenter

_HIGHEST_POWER = 64


class NotPolynomial(Exception):
    """A function, or an inverse inside an inverse, that does not multiply out."""


class TooLong(Exception):
    """More terms than were asked for."""


class Changes:
    """The change of every part of an expression as terms.

    ``most``    the highest order kept, None for all
    ``budget``  how many terms there may be at most
    ``linear``  the expression is a form in X, linear or of higher degree; its value is what is
                wanted, not its change

    After ``of``, ``inverses`` has for each M what Woodbury made of inv(M), ``remainder_of`` the
    inverse in it that tends to I, and ``remainders`` the matrices of which those are the inverses.
    """

    def __init__(
        self,
        X: Symbol,
        dX: Symbol,
        presenter: Presenter,
        budget: int,
        most: int | None = None,
        linear: bool = False,
    ) -> None:
        self.X, self.dX, self.presenter = X, dX, presenter
        self.budget, self.most, self.linear = budget, most, linear
        self.inverses: dict[Node, Node] = {}
        self.remainders: dict[Node, None] = {}
        self.remainder_of: dict[Node, Node] = {}
        self.done: dict[Node, list[Term] | None] = {}

    def of(self, F: Node) -> list[Term]:
        """The terms of the change of F, those of order 1 and more, in the order of writing.

        Raises NotPolynomial or TooLong.
        """
        return fold(F, self._change, self.done, self._parts) or []

    def without_remainders(self, term: Term) -> Term:
        """The term with the inverses that tend to I left out."""
        kept = tuple(b for b in term.chain if not self._is_remainder(b))
        scalars = tuple(
            self.without_remainders(s) if isinstance(s, Term) else s for s in term.scalars
        )
        return Term(term.coefficient, scalars, kept, term.traced, term.degree)

    def _is_remainder(self, node: Node) -> bool:
        return any(node is normal.power(base, normal.MINUS_ONE) for base in self.remainders)

    # --- the walk ---------------------------------------------------------------------------------

    def _parts(self, node: Node) -> Iterable[Node]:
        if isinstance(node, Product):
            return [part for b, e in node.scalars + self._oriented(node) for part in (b, e)]
        typed = self.presenter.style.traces.get(node)  # a trace as it was typed
        return node.children if typed is None else (typed,)

    def _change(self, node: Node, done: dict[Node, list[Term] | None]) -> list[Term] | None:
        if node is self.X:
            return [self._atom(self.dX, 1)]
        if all(done[part] is None for part in self._parts(node)):
            return None
        match node:
            case Sum():
                found = [t.scaled(c) for part, c in self._ordered(node) for t in done[part] or ()]
            case Product():
                found = self._product(node)
            case Apply():
                found = self._apply(node)
            case Number() | Symbol():
                raise NotPolynomial
            case _:
                assert_never(node)
        found = collected(found)
        if len(found) > self.budget:
            raise TooLong
        return found

    def _ordered(self, node: Sum) -> list[tuple[Node, Fraction]]:
        """The terms of a sum as they are written."""
        typed = self.presenter.style.sums.get(node)
        if typed is not None:
            place = {unit: i for i, unit in enumerate(typed)}
            return sorted(node.terms, key=lambda pair: place.get(pair[0], len(place)))

        def written(pair: tuple[Node, Fraction]) -> tuple[int, ...]:
            tree = self.presenter.present(pair[0])
            return self.presenter.trees.places(tree) or (10**7,)

        terms = sorted(node.terms, key=written)
        first = next((i for i, (_, c) in enumerate(terms) if c > 0), 0)
        return [terms[first], *terms[:first], *terms[first + 1 :]]

    @staticmethod
    def _atom(node: Node, degree: int = 0) -> Term:
        if node.shape.is_scalar:
            return Term(Fraction(1), (node,), (), False, degree)
        return Term(Fraction(1), (), (node,), False, degree)

    def _product(self, node: Product) -> list[Term]:
        unit = Term(node.coefficient)
        options: list[Sequence[Term]] = []
        for b, e in node.scalars:
            options += self._power(b, e)
        chain = self._oriented(node)
        for b, e in chain:
            options += self._power(b, e)
        if not chain and not node.shape.is_scalar:
            options.append([self._atom(normal.identity(node.shape.rows))])
        return [(unit * term).lifted() for term in self._multiplied(options)]

    def _oriented(self, node: Product) -> normal.Chain:
        """The chain, a 1 x 1 chain the way it was typed."""
        if self.presenter.style.turned.get(node):
            scalars, there = normal.transposed_chain(node.chain)
            if scalars.coefficient == 1 and not scalars.powers:
                return there
        return node.chain

    def _power(self, b: Node, e: Node) -> list[list[Term]]:
        """For each factor of b^e: the factor itself, and its changes."""
        if self.done[b] is None and self.done[e] is None:
            return [[self._atom(normal.power(b, e))]]
        k = normal.integer(e)
        if k is None or self.done[e] is not None or abs(k) > _HIGHEST_POWER:
            raise NotPolynomial
        if k < 0:
            if b.shape.is_scalar or self.linear:
                raise NotPolynomial
            base, changes = normal.power(b, normal.MINUS_ONE), self._inverse(b)
        else:
            base, changes = b, self.done[b] or []
        if self.linear:
            return [changes] * k
        return [[self._atom(base), *changes]] * abs(k)

    def _multiplied(self, options: Sequence[Sequence[Term]]) -> list[Term]:
        """All products but the one that has no dX, up to the highest order."""
        terms = [Term()]
        for factors in options:
            made = [a * b for b in factors for a in terms]
            terms = [t for t in made if self.most is None or t.degree <= self.most]
            if len(terms) > self.budget + 1:
                raise TooLong
        return [term for term in terms if term.degree]

    def _apply(self, node: Apply) -> list[Term]:
        if node.head in ("hadamard", "epow"):
            return self._entries(node)
        if normal.is_block(node):
            return [image for i in range(len(node.args)) for image in self._block(node, i)]
        if not is_multilinear(node) or len(node.args) > 1:
            raise NotPolynomial
        (part,) = self._parts(node)
        return [self._image(node, term) for term in self._of(part)]

    def _block(self, node: Apply, i: int) -> Iterator[Term]:
        """The changes of one block, beside zeros."""
        for term in self._of(node.args[i]):
            blocks = [normal.zero(arg.shape) for arg in node.args]
            blocks[i] = term.node()
            yield self._atom(normal.apply(node.head, blocks, node.shape), term.degree)

    def _image(self, node: Apply, term: Term) -> Term:
        """A linear function of a term."""
        if node.head == "transpose":
            return term if term.is_scalar else term.transposed()
        if normal.inside_trace(node) is not None:
            return term if term.is_scalar else replace(term, traced=True)
        return self._atom(normal.apply(node.head, (term.node(),), node.shape), term.degree)

    def _of(self, node: Node) -> list[Term]:
        return self.done[node] or []

    def _entries(self, node: Apply) -> list[Term]:
        """An element-wise product: the factors are multiplied entry by entry."""
        total: list[tuple[Node, int]] = [(normal.ones_matrix(node.shape), 0)]
        for b, e in normal.entry_powers(node):
            if b not in self.done:
                raise NotPolynomial
            if self.done[b] is None and self.done.get(e) is None:
                total = [(normal.hadamard(n, normal.epow(b, e)), d) for n, d in total]
                continue
            k = normal.integer(e)
            if k is None or not 0 < k <= _HIGHEST_POWER:
                raise NotPolynomial
            changes = [(t.node(), t.degree) for t in self._of(b)]
            factors = changes if self.linear else [(b, 0), *changes]
            for _ in range(k):
                made = [(normal.hadamard(n, m), d + j) for m, j in factors for n, d in total]
                total = [(n, d) for n, d in made if self.most is None or d <= self.most]
                if len(total) > self.budget + 1:
                    raise TooLong
        return [self._atom(n, d) for n, d in total if d]

    # --- inverses ---------------------------------------------------------------------------------

    def _inverse(self, M: Node) -> list[Term]:
        """The change of inv(M)."""
        S = normal.power(M, normal.MINUS_ONE)
        dM = self._of(M)
        if self.most == 1:
            return [(self._atom(S) * t * self._atom(S)).scaled(Fraction(-1)) for t in dM]
        if any(self._has_remainder(term) for term in dM):
            raise NotPolynomial
        cut = self._cut(dM)
        U = normal.add(*(left.node() for left, _ in cut))
        inner = normal.identity((cut[0][1].chain or (M,))[0].shape.rows)
        V = cut[0][1].node() if cut[0][1].chain else inner
        whole = normal.power(normal.add(M, normal.mul(U, V)), normal.MINUS_ONE)
        made = rules.applied("woodbury", whole, {"A": M, "U": U, "C": inner, "V": V})
        if made is None:
            raise NotPolynomial
        R = normal.power(normal.add(inner, normal.mul(V, S, U)), normal.MINUS_ONE)
        self.inverses[M], self.remainder_of[M] = made, R
        base = normal.power(R, normal.MINUS_ONE)
        rest = normal.split(normal.sub(base, inner))[1]
        self.presenter.style.remember_sum(base, (inner, rest))
        self.remainders |= {base: None, normal.transpose(base): None}
        around = self._atom(S)
        return [
            (
                around * left * self._atom(R) * right * around
                if right.chain
                else around * left * self._atom(R) * around
            ).scaled(Fraction(-1))
            for left, right in cut
        ]

    def _cut(self, dM: Sequence[Term]) -> list[tuple[Term, Term]]:
        """dM = U V: a single term is cut behind dX, of several V = I."""
        if len(dM) == 1 and (at := dM[0].place(self.dX)) is not None and not dM[0].traced:
            (term,) = dM
            left = Term(term.coefficient, term.scalars, term.chain[: at + 1], False, term.degree)
            return [(left, Term(chain=term.chain[at + 1 :]))]
        return [(term, Term()) for term in dM]

    def _has_remainder(self, term: Term) -> bool:
        inside = (s for s in term.scalars if isinstance(s, Term))
        return any(map(self._is_remainder, term.chain)) or any(map(self._has_remainder, inside))
