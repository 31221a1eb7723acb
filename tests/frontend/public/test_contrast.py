"""The colours are readable: computed from the tokens, light and dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

PAPERS = ["paper", "surface", "sunken"]
WASHES = ["accent-wash", "clear-wash", "caution-wash", "review-wash", "stop-wash"]
TEXT_PAIRS = [
    *((ink, paper) for ink in ["ink", "ink-soft", "accent", "stop"] for paper in PAPERS),
    *((ink, wash) for ink in ["ink", "ink-soft"] for wash in WASHES),
    *((name, f"{name}-wash") for name in ["accent", "clear", "caution", "review", "stop"]),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
]
SHAPE_PAIRS = [(line, paper) for line in ["line-strong", "accent"] for paper in PAPERS]


def tokens() -> dict[str, tuple[str, str]]:
    """Each colour token as its light and its dark value."""
    css = Path(str(finders.find("frontend/css/tokens.css"))).read_text()
    found = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", css)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), TEXT_PAIRS)
def test_text_stands_out_from_its_ground(front: str, back: str, scheme: int) -> None:
    colours = tokens()
    assert contrast(colours[front][scheme], colours[back][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), SHAPE_PAIRS)
def test_borders_of_fields_stand_out_from_their_ground(front: str, back: str, scheme: int) -> None:
    colours = tokens()
    assert contrast(colours[front][scheme], colours[back][scheme]) >= 3
