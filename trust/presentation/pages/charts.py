"""Drawings of the desk and of reports: data in, inline SVG out. No script, no font, no colour of their own.

Every drawing has a title and a description that say in words what it shows, beside a table or a list with the same figures.
Colours come from the style sheets by class (`tone-*`), so that light, dark and print each have theirs, and no meaning hangs on
them alone. Texts are escaped here, whatever they hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH = 1000
HEIGHT = 100
NARROWEST = 8.0  # one product among ten thousand must still be seen


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a bar: how many, what they are called, and the tone of `trust.presentation.pages.labels.Badge`."""

    amount: int
    word: str
    tone: str


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of a curve. x: 0 to 1 of the width; value: 0 to 100 of the height; label: the moment in words."""

    x: float
    value: float
    label: str


def stacked_bar(title: str, parts: Sequence[Part], *, longest: int) -> SafeString:
    """One bar of `parts`, as long against the whole width as their sum against `longest`; a part of nothing is not drawn.

    Parts that would hardly be seen get `NARROWEST`, at the cost of the widest. Without a sum only the track is drawn.
    """
    shown = [part for part in parts if part.amount > 0]
    total = sum(part.amount for part in shown)
    whole = WIDTH * total / longest if longest > 0 else 0.0
    widths = _widths([part.amount for part in shown], whole)
    pieces = []
    x = 0.0
    for part, width in zip(shown, widths, strict=True):
        pieces.append((part.tone, _number(x), _number(max(width - 3, 1)), f"{part.amount:,} {part.word}"))
        x += width
    amounts = ", ".join(f"{part.amount:,} {part.word.lower()}" for part in shown) or "nothing"
    drawn = format_html_join("", '<rect class="tone-{}" x="{}" width="{}" height="20" rx="3"><title>{}</title></rect>', pieces)
    return _svg("stack", f"0 0 {WIDTH} 20", title, f"{total:,} in all: {amounts}.", drawn)


def bar(title: str, amount: int, *, longest: int, tone: str = "bad") -> SafeString:
    """One bar of one amount, as long against the whole width as against `longest`."""
    width = max(NARROWEST, WIDTH * amount / longest) if amount > 0 and longest > 0 else 0.0
    drawn = format_html('<rect class="tone-{}" width="{}" height="20" rx="3"></rect>', tone, _number(width))
    return _svg("stack", f"0 0 {WIDTH} 20", title, f"{amount:,} of {longest:,}.", drawn)


def curve(title: str, points: Sequence[Point], *, unit: str = "%") -> SafeString:
    """`points` from left to right as a line on filled ground, with lines at 0, 50 and 100. Empty without points."""
    if not points:
        return SafeString()
    places = [(_number(WIDTH * point.x), _number(HEIGHT - HEIGHT * point.value / 100)) for point in points]
    line = " ".join(f"{x},{y}" for x, y in places)
    ground = f"{places[0][0]},{HEIGHT} {line} {places[-1][0]},{HEIGHT}"
    lines = format_html_join(
        "", '<line class="rule" x1="0" x2="{}" y1="{}" y2="{}"></line>', ((WIDTH, y, y) for y in (0, HEIGHT // 2, HEIGHT))
    )
    last = format_html('<line class="dot" x1="{0}" x2="{0}" y1="{1}" y2="{1}"></line>', *places[-1])
    drawn = format_html(
        '{}<polygon class="ground" points="{}"></polygon><polyline class="line" points="{}"></polyline>{}',
        lines,
        ground,
        line,
        last,
    )
    return _svg("curve", f"0 0 {WIDTH} {HEIGHT}", title, _course(points, unit), drawn)


def _course(points: Sequence[Point], unit: str) -> str:
    first, last = points[0], points[-1]
    if len(points) == 1:
        return f"{percent(last.value)}{unit} ({last.label})."
    low, high = min(points, key=lambda point: point.value), max(points, key=lambda point: point.value)
    return (
        f"From {percent(first.value)}{unit} ({first.label}) to {percent(last.value)}{unit} ({last.label}); "
        f"lowest {percent(low.value)}{unit} ({low.label}), highest {percent(high.value)}{unit} ({high.label})."
    )


def _svg(kind: str, view_box: str, title: str, description: str, drawn: SafeString) -> SafeString:
    return format_html(
        '<svg class="drawing {}" viewBox="{}" preserveAspectRatio="none" role="img" aria-label="{}: {}">'
        "<title>{}</title><desc>{}</desc>{}</svg>",
        kind,
        view_box,
        title,
        description,
        title,
        description,
        drawn,
    )


def _widths(amounts: Sequence[int], whole: float) -> list[float]:
    """Widths in proportion to the amounts, none below `NARROWEST`, together `whole` where it has room for that."""
    if not amounts:
        return []
    least = min(NARROWEST, whole / len(amounts))
    spare = whole - least * len(amounts)
    return [least + spare * amount / sum(amounts) for amount in amounts]


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(value: float) -> str:
    """A percentage (0 to 100) in whole numbers, but never rounded to a lie: only all is 100, and only nothing 0."""
    if 99 < value < 100:
        return ">99"
    return "<1" if 0 < value < 1 else f"{value:.0f}"
