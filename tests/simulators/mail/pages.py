"""The inbox as pages: plain HTML that reads well without scripts."""

from datetime import datetime
from html import escape
from urllib.parse import quote

from tests.simulators.framing import linked, page
from tests.simulators.mail.store import Received


def inbox(messages: list[Received], *, recipient: str) -> str:
    """The list, newest first, with the filter."""
    count = "No messages" if not messages else f"{len(messages)} message{'s' * (len(messages) > 1)}"
    clear = '<a class="quiet" href="/">Show all</a>' if recipient else ""
    rows = "".join(_row(message) for message in messages)
    empty = '<p class="empty">Nothing here yet. Mail that Drypoint sends shows up on this page.</p>'
    return _page(
        "Inbox",
        f"""<form class="filter" role="search">
      <label for="to">Only to</label>
      <input id="to" name="to" type="search" value="{escape(recipient)}" placeholder="name@example.com">
      <button>Filter</button> {clear}
    </form>
    <p class="count" role="status">{count}{f" to “{escape(recipient)}”" if recipient else ""}</p>
    {f'<ol class="list">{rows}</ol>' if messages else empty}""",
    )


def message(one: Received) -> str:
    """One message: its text with clickable links, and its HTML in a box that can do nothing."""
    html = (
        f"""<h2>As HTML</h2>
      <iframe title="The message as HTML" src="/messages/{one.id}/html"
        sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>"""
        if one.html
        else ""
    )
    attachments = f"<dt>Attached</dt><dd>{escape(', '.join(one.attachments))}</dd>" if one.attachments else ""
    return _page(
        one.subject or "(no subject)",
        f"""<p><a class="quiet" href="/">Back to the inbox</a></p>
    <dl>
      <dt>From</dt><dd>{escape(str(one.content["From"] or one.sender))}</dd>
      <dt>To</dt><dd>{escape(", ".join(one.recipients))}</dd>
      <dt>Received</dt><dd>{_moment(one.received_at)}</dd>
      {attachments}
    </dl>
    <h2>As text</h2>
    <pre tabindex="0">{linked(one.text) or "(no text part)"}</pre>
    {html}
    <p><a class="quiet" href="/messages/{one.id}/source">Source</a></p>""",
    )


def nothing_here() -> str:
    """The page for an address that leads nowhere."""
    return _page("Nothing here", '<p><a href="/">Back to the inbox</a></p>')


def _row(one: Received) -> str:
    return f"""<li><a href="/messages/{quote(one.id)}">
      <span class="to">{escape(", ".join(one.recipients))}</span>
      <span class="subject">{escape(one.subject) or "(no subject)"}</span>
      {_moment(one.received_at)}
      <span class="start">{escape(" ".join(one.text.split())[:140])}</span></a></li>"""


def _moment(at: datetime) -> str:
    return f'<time datetime="{at.isoformat()}">{at:%Y-%m-%d %H:%M:%S} UTC</time>'


def _page(title: str, body: str) -> str:
    return page(title, body, of="inbox", fate="sent nowhere")
