"""The corpus files: one format, one reader.

A case is a head between two rules of ``=``, the input, a line ``---`` and what is expected:

    ========================================
    the Hessian of a quadratic form
    :wrt x
    :order 2
    ========================================
    x'Q x
    ---
    Q + Q'

The head is a title and attributes, each of which may occur several times.  With ``:escaped`` the
input has ``\\x00`` and the like spelled out.  What is expected (a derivative, a tree, a reading, an
error as it is drawn) is the business of the test that asks; ``Corpus.compare`` is how it does, and
what ``pytest --update`` rewrites.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
RULE = "=" * 40
# ``source`` and ``form``: a book or a page, and what is printed there
NO_OPTIONS = ("where", "wrt", "escaped", "source", "form")


@dataclass(eq=False)
class Case:
    """An input with attributes, and what is expected of it."""

    title: str
    attributes: list[tuple[str, str]]
    written: str
    expected: str

    @property
    def source(self) -> str:
        """The input as it is typed."""
        escaped = ("escaped", "") in self.attributes
        return self.written.encode().decode("unicode_escape") if escaped else self.written

    def all(self, name: str) -> tuple[str, ...]:
        """The values of an attribute."""
        return tuple(value for key, value in self.attributes if key == name)

    @property
    def where(self) -> tuple[str, ...]:
        return self.all("where")

    @property
    def wrt(self) -> tuple[str, ...]:
        return self.all("wrt")

    @property
    def options(self) -> dict[str, str]:
        """What else is asked: order, layout, structure."""
        return {k: v for k, v in self.attributes if k not in NO_OPTIONS}

    def __str__(self) -> str:
        head = [self.title, *(f":{key} {value}".rstrip() for key, value in self.attributes)]
        return "\n".join([RULE, *head, RULE, self.written, "---", self.expected, ""])


def read(text: str) -> list[Case]:
    """The cases of a text."""
    parts = re.split(rf"^{RULE}\n", text, flags=re.MULTILINE)
    assert parts.pop(0) == "" and len(parts) % 2 == 0, "a rule is missing"
    cases = []
    for head, body in zip(parts[::2], parts[1::2], strict=True):
        title, *lines = head.splitlines()
        assert all(line.startswith(":") for line in lines), title
        pairs = [line[1:].partition(" ") for line in lines]
        written, bar, expected = body.partition("\n---\n")
        assert bar, f"{title}: nothing is expected"
        attributes = [(key, value) for key, _, value in pairs]
        cases.append(Case(title, attributes, written, expected.rstrip("\n")))
    return cases


class Corpus:
    """The cases of a file."""

    def __init__(self, name: str) -> None:
        self.path = FOLDER / name
        self.cases = read(self.path.read_text("utf-8")) if self.path.exists() else []

    def compare(self, case: Case, said: str, update: bool) -> None:
        """What is said of a case is what is expected, if need be from now on."""
        if update and said != case.expected:
            case.expected = said
            self.path.write_text(str(self), encoding="utf-8")
        assert said == case.expected

    def __str__(self) -> str:
        return "\n".join(map(str, self.cases))
