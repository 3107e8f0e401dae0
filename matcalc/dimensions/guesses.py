"""Which of the soft names are scalars: the cheapest choice under which everything conforms.

A choice is a set of bits, the names that change from their default.  A :class:`Clause` is a place
that does not conform as long as all its names keep the state they had: one of them must change.
Clauses are found by looking at a choice, choices by hitting all clauses met so far at the least
cost, turn by turn.  So the choice that passes is a cheapest one: whatever is cheaper misses some
clause.  Parts that share no name are chosen apart.  The clauses of a soft place may be left
violated, once for all at a cost above all others.  Then a second choice of the same cost is looked
for in the same way; two make a question for the user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from heapq import heappop, heappush
from operator import or_
from typing import NamedTuple

_UNWANTED = 10**6  # the cost of leaving a soft place as it is
_PATIENCE = 20_000  # partial choices looked at
_MOST = 4  # equally cheap choices that a question lists


class Clause(NamedTuple):
    """The names (bits) and which of them had changed when the conflict was met.

    ``place`` is the bit of a place that may stay as it is if need be, 0 for others.
    """

    names: int
    changed: int
    place: int = 0

    @property
    def soft(self) -> bool:
        return self.place != 0

    def holds_in(self, choice: int) -> bool:
        return choice & self.names == self.changed


class Hopeless(Exception):
    """No choice conforms, or (``patience``) too many would have to be looked at."""

    def __init__(self, patience: bool = False) -> None:
        super().__init__()
        self.patience = patience


def bits(mask: int) -> Iterator[int]:
    """The single bits of a mask, lowest first."""
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def union(masks: Iterable[int]) -> int:
    """All the bits of several masks."""
    return reduce(or_, masks, 0)


def choose(look: Callable[[int], Sequence[Clause]], weights: dict[int, int]) -> list[int]:
    """The cheapest choices: one, or several of equal cost.  Raises Hopeless."""
    return _Search(look, weights).choose()


class _Search:
    def __init__(self, look: Callable[[int], Sequence[Clause]], weights: dict[int, int]) -> None:
        self.look = look
        self.weights = weights
        self.clauses: dict[Clause, None] = {}
        self.serial = 0

    def choose(self) -> list[int]:
        while True:
            parts = _parts(self.clauses)
            chosen = [self.cheapest(part) for part in parts]
            total = sum(choice for _, choice in chosen)
            if self.extend(total):
                continue
            rivals = self.rivals(parts, chosen)
            if rivals is not None:
                return [total, *rivals]

    def extend(self, choice: int) -> bool:
        """Whether the choice fails some place not met before (which is noted)."""
        before = len(self.clauses)
        for clause in self.look(choice):
            if not clause.names and not clause.soft:
                raise Hopeless
            self.clauses.setdefault(clause)
        return len(self.clauses) > before

    def rivals(self, parts: list[list[Clause]], chosen: list[tuple[int, int]]) -> list[int] | None:
        """Other choices as cheap as the one found; None if a new conflict was met on the way."""
        total = sum(choice for _, choice in chosen)
        for part, (cost, choice) in zip(parts, chosen, strict=True):
            if not choice:
                continue
            names = union(clause.names for clause in part)
            blocked = [Clause(names, choice)]
            found: list[int] = []
            while len(found) < _MOST - 1:
                other = self.cheapest_or_none([*part, *blocked], cost)
                if other is None:
                    break
                if self.extend(total ^ choice | other):
                    return None
                found.append(total ^ choice | other)
                blocked.append(Clause(names, other))
            if found:
                return found
        return []

    def cheapest_or_none(self, clauses: list[Clause], most: int) -> int | None:
        """The cheapest choice if there is one at that cost."""
        try:
            cost, choice = self.cheapest(clauses)
        except Hopeless as stop:
            if stop.patience:
                raise
            return None
        return choice if cost <= most else None

    def cheapest(self, clauses: list[Clause]) -> tuple[int, int]:
        """The cost and the choice that hits all clauses most cheaply: best first, none twice."""
        unmended = (c.names for c in clauses if not c.soft and not c.changed)
        forced = union(names for names in unmended if names.bit_count() == 1)
        cost = sum(self.weights[bit] for bit in bits(forced))
        queue: list[tuple[int, int, int, int, int]] = [(cost, 0, forced, forced, 0)]
        while queue:
            cost, _, choice, decided, accepted = heappop(queue)
            violated = (c for c in clauses if c.holds_in(choice) and not accepted & c.place)
            clause = next(violated, None)
            if clause is None:
                return cost, choice
            for bit in bits(clause.names & ~decided):
                decided |= bit
                self.serial += 1
                price = cost + self.weights[bit]
                heappush(queue, (price, self.serial, choice ^ bit, decided, accepted))
            if clause.soft:
                self.serial += 1
                price = cost + _UNWANTED
                heappush(queue, (price, self.serial, choice, decided, accepted | clause.place))
            if self.serial > _PATIENCE:
                raise Hopeless(patience=True)
        raise Hopeless


def _parts(clauses: dict[Clause, None]) -> list[list[Clause]]:
    """The clauses in groups that share no name."""
    owner: dict[int, int] = {}

    def root(bit: int) -> int:
        while owner.setdefault(bit, bit) != bit:
            owner[bit] = owner[owner[bit]]
            bit = owner[bit]
        return bit

    for clause in clauses:
        first = root(clause.names & -clause.names)
        for bit in bits(clause.names):
            owner[root(bit)] = first
    parts: dict[int, list[Clause]] = {}
    for clause in clauses:
        parts.setdefault(root(clause.names & -clause.names), []).append(clause)
    return list(parts.values())
