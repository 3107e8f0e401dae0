"""How an error is drawn: the message, the source with carets under every place, the hint.

The drawing is plain text that a terminal of any sort can show.  Its invariant: a caret stands
under the very character it means, whatever is in the line.  So each character is first turned into
what is shown for it, with its width in cells (two for East Asian wide characters, none for
combining marks); control characters, bidirectional marks and lone surrogates are shown escaped and
can do no harm.  Of a long line only a window around the first place is shown.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from itertools import accumulate, zip_longest
from typing import NamedTuple

from matcalc.errors import MatcalcError, Span

_INDENT = "  "
_RED, _CYAN, _BOLD, _RESET = "\x1b[31;1m", "\x1b[36m", "\x1b[1m", "\x1b[0m"


def draw_error(error: MatcalcError, width: int = 80, color: bool = False) -> str:
    """The whole report of an error, without a final newline."""
    red, cyan, bold, reset = (_RED, _CYAN, _BOLD, _RESET) if color else ("",) * 4
    lines = [f"{red}error[{error.code}]{reset}{bold}: {escape(error.message)}{reset}"]
    for line, is_marker in _places(error, width):
        lines.append(f"{red}{line}{reset}" if is_marker else line)
    if error.hint:
        first, *more = error.hint.split("\n")
        lines.append(f"{cyan}hint{reset}: {escape(first)}")
        lines += [f"      {escape(line)}" for line in more]
    return "\n".join(lines)


def escape(text: str) -> str:
    """The text with everything that could upset a terminal spelled out."""
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    """What is shown for a character."""
    if char == "\t":
        return "    "
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"):
        code = ord(char)
        if code < 0x100:
            return f"\\x{code:02x}"
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return " " if unicodedata.category(char) == "Zs" else char


def _cells(char: str) -> int:
    """How many cells the character takes as shown."""
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    if unicodedata.east_asian_width(char) in ("W", "F"):
        return 2
    return len(_shown(char))


_Place = tuple[Span, str]


class _Line(NamedTuple):
    """One line of the source: its text, and the offset at which it begins."""

    number: int
    text: str
    start: int


def _places(error: MatcalcError, width: int) -> list[tuple[str, bool]]:
    """The lines of source that hold a place, each followed by its markers."""
    if error.span is None:
        return []
    lines = _lines(error.source)
    starts = [line.start for line in lines]
    by_line: dict[_Line, list[_Place]] = {}
    for place in [(error.span, error.label), *error.others]:
        line = lines[max(bisect_right(starts, place[0].start) - 1, 0)]
        by_line.setdefault(line, []).append(place)
    drawn: list[tuple[str, bool]] = []
    for line in sorted(by_line, key=lambda line: line.start):
        margin = f"{line.number} | " if len(lines) > 1 else ""
        drawn += _draw_line(line, by_line[line], _INDENT + margin, width)
    return drawn


def _lines(source: str) -> list[_Line]:
    texts = source.split("\n")
    starts = accumulate((len(text) + 1 for text in texts), initial=0)
    return [_Line(i, t.removesuffix("\r"), at) for i, (t, at) in enumerate(zip(texts, starts), 1)]


def _draw_line(
    line: _Line, places: list[_Place], margin: str, width: int
) -> list[tuple[str, bool]]:
    """A line of source and a marker line for each place; another window for places out of sight."""
    room = max(width - len(margin), 20)
    first, last = _window(line, places[0][0], room)
    head = "..." if first > 0 else ""
    tail = "..." if last < len(line.text) else ""
    shown = "".join(_shown(char) for char in line.text[first:last])
    drawn = [((margin + head + shown + tail).rstrip(), False)]
    hidden: list[_Place] = []
    for i, (span, label) in enumerate(places):
        start, end = span.start - line.start, span.end - line.start
        if i and not first <= start <= last:
            hidden.append((span, label))
            continue
        start = min(max(start, first), last)
        end = max(min(end, last), start)
        before = len(margin + head) + sum(map(_cells, line.text[first:start]))
        carets = "^" * max(sum(map(_cells, line.text[start:end])), 1)
        marker = f"{' ' * before}{carets} {escape(label)}".rstrip()
        if not label and i and not places[i - 1][1]:
            marker = _overlaid(drawn.pop()[0], marker)
        drawn.append((marker, True))
    return drawn + (_draw_line(line, hidden, margin, width) if hidden else [])


def _overlaid(one: str, other: str) -> str:
    """Two marker lines without labels as one."""
    pairs = zip_longest(one, other, fillvalue=" ")
    return "".join("^" if "^" in pair else " " for pair in pairs)


def _window(line: _Line, span: Span, room: int) -> tuple[int, int]:
    """The range of characters of a line to show: all of it, or what fits around the place."""
    widths = [_cells(char) for char in line.text]
    if sum(widths) <= room:
        return 0, len(widths)
    room -= len("...") * 2
    start = min(max(span.start - line.start, 0), len(widths))
    first, last, used = start, start, 0
    left = room // 3
    while first > 0 and used + widths[first - 1] <= left:
        first -= 1
        used += widths[first]
    while last < len(widths) and used + widths[last] <= room:
        used += widths[last]
        last += 1
    while first > 0 and used + widths[first - 1] <= room:
        first -= 1
        used += widths[first]
    return first, last
