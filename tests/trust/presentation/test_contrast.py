"""The colours of pages and admin: every text on every ground that it stands on reaches WCAG 2.2's AA, light and dark."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parents[3] / "trust" / "static" / "touchstone"
AA_TEXT = 4.5
GROUNDS_OF_UNFOLD = ("#ffffff", "#101828")  # its light and its dark page


def palettes() -> list[tuple[str, dict[str, str]]]:
    """(which, colour by name) for each block of custom properties: two style sheets, light and dark."""
    found = []
    for name in ("page", "admin"):
        blocks = [block for block in re.findall(r"\{([^{}]*)\}", (STYLES / f"{name}.css").read_text()) if "--card:" in block]
        assert len(blocks) == 2, name
        for scheme, block, ground in zip(("light", "dark"), blocks, GROUNDS_OF_UNFOLD, strict=True):
            colours = {key: _long(value) for key, value in re.findall(r"--([\w-]+):\s*(#[0-9a-f]+)", block)}
            found.append((f"{name} {scheme}", {"paper": ground, **colours}))
    return found


def _long(colour: str) -> str:
    return "#" + "".join(digit * 2 for digit in colour[1:]) if len(colour) == 4 else colour


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("which", "colours"), palettes(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_text_can_be_read_on_its_ground(which: str, colours: dict[str, str]) -> None:
    pairs = [(text, ground) for text in ("ink", "muted", "link", "good", "bad", "unsure") for ground in ("paper", "card")]
    pairs += [(tone, f"{tone}-soft") for tone in ("good", "bad", "unsure")] + [("muted", "soft"), ("ink", "unsure-soft")]
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    weak |= {("white", tone): round(contrast("#ffffff", colours[f"{tone}-solid"]), 2) for tone in ("good", "bad", "unsure")}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < AA_TEXT} == {}, which
