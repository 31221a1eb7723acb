"""Reading served pages: their forms with every field as it stands, as a browser without scripts would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass
class FoundForm:
    """One form: where it goes, and what would be sent."""

    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)

    def say(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms, self.problems = address, [], []
        self._form: FoundForm | None = None
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.problems += [f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")]
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.problems.append("an inline script")
        if tag == "style":
            self.problems.append("an inline style")
        if tag == "form":
            action = urljoin(self.address, given.get("action") or self.address)
            self._form = FoundForm(given.get("method", "get").upper(), action)
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self._form.fields):
            self._form.fields[self._select] = [given.get("value", "")]
        elif tag == "textarea":
            self._form.say(name, "")
        elif tag == "input" and name:
            is_choice = given.get("type") in ("radio", "checkbox")
            if not is_choice or "checked" in given or name not in self._form.fields:
                self._form.say(name, given.get("value", "on" if is_choice else ""))
        elif tag == "button" and name:
            self._form.fields.setdefault(name, [given.get("value", "")])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""


def forms_of(html: str, address: str) -> list[FoundForm]:
    """Every form of a page."""
    return _read(html, address).forms


def inline_code_of(html: str) -> list[str]:
    """What the Content-Security-Policy would refuse."""
    return _read(html, "/").problems


def _read(html: str, address: str) -> _Reader:
    reader = _Reader(address)
    reader.feed(html)
    return reader
