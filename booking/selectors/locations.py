from booking.models import Location


def the_clinic() -> Location | None:
    """The clinic that this installation belongs to (the first one by name)."""
    return Location.objects.order_by("name").first()
