"""How sums of money are written, on pages and on paper."""

from django.utils.formats import number_format
from django.utils.translation import get_language

# ISO 4217 currencies without minor units, as Stripe lists them.
WHOLE_UNIT_CURRENCIES = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF"}
DOLLARS = {"CAD"}


def money(amount: int | None, currency: str = "CAD") -> str:
    """An amount of minor units as the reader's language writes it: "$120.00", "120,00 $"; nothing for None."""
    if amount is None:
        return ""
    code = (currency or "CAD").upper()
    places = 0 if code in WHOLE_UNIT_CURRENCIES else 2
    sign = "−" if amount < 0 else ""
    units, rest = divmod(abs(int(amount)), 10**places)
    digits = f"{units}.{rest:0{places}d}" if places else str(units)
    number = sign + number_format(digits, places, use_l10n=True, force_grouping=True)
    if code not in DOLLARS:
        return f"{number}\xa0{code}"
    return f"{number}\xa0$" if (get_language() or "").startswith("fr") else f"{sign}${number.removeprefix(sign)}"
