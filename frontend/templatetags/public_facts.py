"""Links from a sentence to the sources that it rests on."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from frontend.public.facts import Source

register = template.Library()


@register.simple_tag
def cite(*names: str | Source) -> SafeString:
    """Small numbers that lead to the list of sources: `{% cite "BRADY14" "BOYCE20" %}`."""
    sources = [name if isinstance(name, Source) else Source[name] for name in names]
    links = format_html_join(
        "",
        '<a href="#{}" aria-label="{}">{}</a>',
        ((source.value, gettext("Source %(n)s") % {"n": source.number}, source.number) for source in sources),
    )
    return format_html('\u2060<span class="cite">{}</span>', links)  # joined: never alone on a line


@register.simple_tag
def cite_all(sources: tuple[Source, ...]) -> SafeString:
    """The same for sources that come with a figure."""
    return cite(*sources)
