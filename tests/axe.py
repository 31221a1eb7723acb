"""How axe looks at a page."""

# Only violations are told in full: telling what is right on a page takes axe a quarter of its time.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
