"""A judge that shares nothing with matcalc: a reader, an evaluation and differences of its own.

It imports nothing from matcalc, so that a mistake in the project's reader, its shapes, its function
table or its own numeric check cannot hide itself.  Shapes are not inferred: they are those of the
values.  ``reader`` makes a tree of a text, ``evaluate`` gives it a value in high precision,
``points`` draws values that have the facts declared, ``verdicts`` says whether an answer is right.
"""
