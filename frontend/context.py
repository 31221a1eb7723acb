"""What every page knows."""

from django.http import HttpRequest

from booking.selectors.locations import the_clinic


def clinic(request: HttpRequest) -> dict[str, object]:
    """The clinic whose pages these are; None until one is set up."""
    return {"clinic": the_clinic()}
