"""Shares, rates and sums as the books of a month say them."""

from datetime import date
from decimal import Decimal

from django import template
from django.utils.formats import number_format

from booking.feeds.amounts import money
from booking.feeds.moments import day

register = template.Library()


@register.filter
def per_cent(number: Decimal) -> str:
    """62.50 as "62.5 %"."""
    return _percent(number)


@register.filter
def share(hundredths: int) -> str:
    """6250 hundredths of a per cent: "62.5 %"."""
    return _percent(Decimal(hundredths).scaleb(-2))


@register.filter
def rate(thousandths: int) -> str:
    """9975 thousandths of a per cent: "9.975 %"."""
    return _percent(Decimal(thousandths).scaleb(-3))


@register.filter
def iso_day(text: str) -> str:
    """ "2026-10-31" as a day."""
    return day(date.fromisoformat(text))


@register.filter
def taken_off(amount: int, currency: str) -> str:
    """A sum that is subtracted."""
    return money(-amount, currency)


def _percent(number: Decimal) -> str:
    plain = number.normalize()
    places = max(0, -int(plain.as_tuple().exponent))  # 60 is 6E+1 then
    return f"{number_format(plain, places)}\xa0%"
