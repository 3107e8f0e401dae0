"""Derivations and expansions: how a derivative comes about, as surface trees.

A layer of its own above ``present``: a step such as "rotate the trace" is a surface tree, not IR,
whose constructors would undo it, and it is made by presenting the nodes that the calculus computed.
"""
