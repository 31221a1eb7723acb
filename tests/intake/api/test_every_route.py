"""Promises that every route of the API keeps, also those that are written later."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView


def api_views(resolver=None, path=""):
    for entry in (resolver or get_resolver()).url_patterns:
        here = path + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from api_views(entry, here)
        elif isinstance(entry, URLPattern) and here.lstrip("^").startswith("api/"):
            yield here, getattr(entry.callback, "cls", getattr(entry.callback, "view_class", entry.callback))


VIEWS = dict(api_views())


def test_there_are_routes_to_look_at():
    assert "api/v1/screenings/" in VIEWS


@pytest.mark.parametrize("path", VIEWS)
def test_every_route_says_itself_who_may_call_it(path):
    view = VIEWS[path]
    assert issubclass(view, APIView)
    own = [cls for cls in view.__mro__ if cls not in (APIView, object) and "permission_classes" in cls.__dict__]
    assert own, f"{path} has no permission_classes of its own"


@pytest.mark.parametrize("path", VIEWS)
def test_every_post_honours_the_idempotency_key(path):
    post = getattr(VIEWS[path], "post", None)
    assert post is None or getattr(post, "is_idempotent", False), f"{path} forgets what it answered"
