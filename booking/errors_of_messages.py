from django.utils.translation import gettext_lazy as _

from booking.errors import BookingError


class MessageSettingRefused(BookingError):
    """A clinic may not set this for a kind of message."""

    code = "message-setting-refused"
    message = _("This message can't be set like that.")
    status = 422


class WordingRefused(BookingError):
    """A text can't be sent in place of ours. Details carry the `faults` (booking.rules.wording.Fault)."""

    code = "wording-refused"
    message = _("This text can't be sent.")
    status = 422


class UnknownMessage(BookingError):
    """A report about a message that is not ours, or whose name at the provider we don't know yet: try again."""

    code = "unknown-message"
    message = _("We don't know this message.")
    status = 404
