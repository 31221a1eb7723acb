"""The texts as a page: plain HTML that reads well without scripts, on which one can answer as a patient."""

from html import escape

from tests.simulators.framing import linked, page
from tests.simulators.sms.store import Text

_STATES = {"undelivered": "not delivered", "failed": "not delivered", "received": "from the phone"}


def outbox(texts: list[Text], *, number: str, ours: str) -> str:
    """The texts, newest first, with the filter and, for one phone, the field to answer from it."""
    count = "No texts" if not texts else f"{len(texts)} text{'s' * (len(texts) > 1)}"
    rows = "".join(_row(one) for one in texts)
    empty = '<p class="empty">Nothing here yet. Texts that Drypoint sends show up on this page.</p>'
    return _page(
        "Texts",
        f"""<form class="filter" role="search">
      <label for="number">Only this phone</label>
      <input id="number" name="number" type="search" value="{escape(number)}" placeholder="+17805550123">
      <button>Filter</button> {'<a class="quiet" href="/">Show all</a>' if number else ""}
    </form>
    <p class="count" role="status">{count}</p>
    {_answer_form(number, ours) if number.startswith("+") else ""}
    {f'<ol class="list">{rows}</ol>' if texts else empty}""",
    )


def nothing_here() -> str:
    """The page for an address that leads nowhere."""
    return _page("Nothing here", '<p><a href="/">Back to the texts</a></p>')


def _answer_form(number: str, ours: str) -> str:
    return f"""<form class="filter" method="post" action="/">
      <input type="hidden" name="from" value="{escape(number)}"><input type="hidden" name="to" value="{escape(ours)}">
      <label for="body">Text from this phone</label>
      <input id="body" name="body" required maxlength="1600" placeholder="STOP">
      <button>Send</button>
    </form>"""


def _row(one: Text) -> str:
    ours = one.direction != "inbound"
    phone = one.recipient if ours else one.sender
    who = f"To {phone}" if ours else f"From {phone}"
    return f"""<li class="text"><p><a href="/?number={escape(phone.replace("+", "%2B"))}">{escape(who)}</a>
      <time datetime="{one.created}">{one.created_at:%Y-%m-%d %H:%M:%S} UTC</time>
      <span class="count">{_STATES.get(one.status, one.status)}{f" ({one.error})" if one.error else ""}</span></p>
      <pre tabindex="0">{linked(one.body)}</pre></li>"""


def _page(title: str, body: str) -> str:
    return page(title, body, of="texts", fate="sent to no phone")
