"""What may go wrong around the local services, in words for the person at the terminal."""


class LocalError(Exception):
    """The local services can't start or go on; the message is one line that says why and what to do."""
