"""Whether the patient is told of what staff change: asked on the page, yes unless it was asked and unticked."""

from django.http import HttpRequest


def tells_patient(request: HttpRequest) -> bool:
    """Whether the patient is to be told. Where nobody was asked (a drag in the calendar, a button on a board), yes."""
    return "tell" in request.POST or "asks_tell" not in request.POST
