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


class StoriesNotPossible(BookingError):
    """A choice of stories that can't be kept: no such mailbox, topic or language, or its reader gets none."""

    code = "stories-not-possible"
    message = _("This can't be kept. Please look at the address and at what you chose.")
    status = 422


class UnknownStoryLink(BookingError):
    """A link to say yes to stories that nobody has, or that is too old."""

    code = "unknown-story-link"
    message = _("This link is not good any more.")
    status = 404


class StoryRefused(BookingError):
    """A story can't be sent as it is. Details carry `faults`: pairs of a language and booking.rules.wording.Fault."""

    code = "story-refused"
    message = _("This story can't be sent.")
    status = 422


class CalledMeanwhile(BookingError):
    """A colleague has noted a call, or is calling at this moment."""

    code = "called-meanwhile"
    message = _("A colleague was faster. Please look at the list again.")
    status = 409
