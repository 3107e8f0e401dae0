"""Expansions in LaTeX."""

from __future__ import annotations

from matcalc.answer import Expansion
from matcalc.language.latex import latex
from matcalc.language.text import text
from matcalc.output.steps_text import LINE, broken, signed


def aligned(expansion: Expansion) -> str:
    """One line, or one line for each order in an ``aligned`` block."""
    lines: list[str] = []
    for part in expansion.orders:
        first, *more = broken(part.tree, {})
        lines += [signed(first) if lines else first, *more]
    if expansion.left_out is not None:
        left_out = latex(expansion.left_out)
        tall = r"\left" in left_out or r"\frac" in left_out
        lines.append(rf"+ O\left({left_out}\right)" if tall else f"+ O({left_out})")
    if len(text(expansion.tree)) <= LINE:
        return " ".join(lines)
    body = " \\\\\n".join(f"& {line if i == 0 else '{}' + line}" for i, line in enumerate(lines))
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
