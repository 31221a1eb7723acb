from rest_framework.permissions import BasePermission


class DenyAll(BasePermission):
    """The default: a view without its own permission answers nobody."""

    def has_permission(self, request: object, view: object) -> bool:
        return False
