"""What the pages of the inbox and of the texts share: plain HTML that reads well without scripts."""

import re
from html import escape

_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")


def page(title: str, body: str, *, of: str, fate: str) -> str:
    """A whole page `of` the "inbox" or the "texts", with what becomes of everything on it."""
    return f"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{escape(title)} · Drypoint {of}</title>
    <link rel="stylesheet" href="/inbox.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <header><a href="/">Drypoint {of}</a> <span>caught here, {fate}</span></header>
    <main>
    <h1>{escape(title)}</h1>
    {body}
    </main>
  </body>
</html>
"""


def linked(text: str) -> str:
    """The text as HTML, with its addresses as links."""
    pieces, last = [], 0
    for found in _LINK.finditer(text):
        address = escape(found.group())
        pieces += [escape(text[last : found.start()]), f'<a href="{address}">{address}</a>']
        last = found.end()
    return "".join(pieces) + escape(text[last:])
