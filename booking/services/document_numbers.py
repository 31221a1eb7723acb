"""Consecutive numbers without gaps."""

from booking.models import DocumentSeries, Location


def take_number(location: Location) -> int:
    """The clinic's next number, for a document that the caller writes in the same transaction.

    The series stays locked until that ends, so that numbers come in the order of the documents; who is rolled back or
    killed gives the number back. It is locked last of all rows.
    """
    DocumentSeries.objects.bulk_create([DocumentSeries(location=location)], ignore_conflicts=True)
    series = DocumentSeries.objects.select_for_update(no_key=True).get(location=location)
    number = series.next_number
    series.next_number = number + 1
    series.save(update_fields=["next_number"])
    return number
