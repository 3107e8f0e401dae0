"""What nodes cost: the measure of the trees that would be printed for them.

The presenter itself decides, in the style of the problem, so that what is chosen for being short
is short on paper.  Trees are memoised as nodes are shared: a form that differs little from
another costs little more to measure.
"""

from __future__ import annotations

from collections.abc import Callable

from matcalc.algebra.ir import Node
from matcalc.errors import MatcalcError
from matcalc.language.tree import Tree
from matcalc.present.presenter import Presenter
from matcalc.present.style import Style

_UNPRINTABLE = 10**9  # a form with a number that is too long for any answer


class Cost:
    """The measures of nodes in one style: of a whole result, of a part, and of a term.

    A term is measured without its sign, which is that of the sum.
    """

    def __init__(self, style: Style) -> None:
        presenter = Presenter(style)
        self._size = presenter.trees.size
        self.whole = self._measure(presenter.present)
        self.part = self._measure(presenter.part)
        self.term = self._measure(presenter.unsigned)

    def _measure(self, written: Callable[[Node], Tree]) -> Callable[[Node], int]:
        known: dict[Node, int] = {}

        def measure(node: Node) -> int:
            if node not in known:
                try:
                    known[node] = self._size(written(node))
                except MatcalcError:
                    known[node] = _UNPRINTABLE
            return known[node]

        return measure
