"""Limits on requests that write, counted atomically in the database."""

from datetime import timedelta
from typing import ClassVar

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from intake.clock import now
from intake.origin import address_of
from intake.services.limits import count_attempt


class PerAddress(BaseThrottle):
    """So many writing requests from one network address in a window; more raise TooManyAttempts (429)."""

    scope: ClassVar[str]
    limit: ClassVar[int]
    window: ClassVar[timedelta] = timedelta(minutes=10)

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method not in SAFE_METHODS:
            key = f"api:{self.scope}:{address_of(request)}"
            count_attempt(key=key, limit=self.limit, window=self.window, now=now())
        return True
