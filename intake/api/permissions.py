"""Who may call a view. The default is nobody, so a view that forgets to say fails closed (and fails a test)."""

from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request

from intake.access import works_here

Anyone = AllowAny


class DenyAll(BasePermission):
    """The default: a view without its own permission answers nobody."""

    def has_permission(self, request: Request, view: object) -> bool:
        return False


class WorksHere(BasePermission):
    """Staff; what they see is narrowed further by the querysets."""

    def has_permission(self, request: Request, view: object) -> bool:
        return bool(works_here(request.user))
