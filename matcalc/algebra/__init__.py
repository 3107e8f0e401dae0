"""Matrix algebra: nodes in normal form, and what is done with them.

Whoever uses a part of it has all constructors, and the laws that they read from the table.
"""

from matcalc.algebra import always, inner_products  # noqa: F401
