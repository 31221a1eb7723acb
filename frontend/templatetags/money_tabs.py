"""The tabs above every page about money."""

from django import template

from frontend.staff.money_pages import tabs_for

register = template.Library()


@register.inclusion_tag("staff/_money_tabs.html", takes_context=True)
def money_tabs(context: template.Context) -> dict[str, object]:
    """The pages about money that the reader may open."""
    return {"tabs": tabs_for(context["request"])}
