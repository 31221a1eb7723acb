"""What the races share with the tests of booking."""

from tests.booking.conftest import till

__all__ = ["till"]
