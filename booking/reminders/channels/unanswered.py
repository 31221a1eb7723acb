"""What it means that a provider's HTTP interface gave no answer."""

import requests
from urllib3.exceptions import NewConnectionError


def never_left(error: BaseException | None) -> bool:
    """Whether no connection was made at all, so that nothing can have arrived."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    if not isinstance(error, requests.ConnectionError) or not error.args:
        return False
    return isinstance(getattr(error.args[0], "reason", None), NewConnectionError)
