"""Reference data only: accounts, for the owner, and the published questions, to read. No patient, no answer."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from intake.access import manages, owns
from intake.clock import now
from intake.models import Questionnaire, User
from intake.services.audit import record_event
from intake.services.second_factors import forget_second_factor

# One way in: the sign-in page with its limits and its second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class NewAccountForm(AdminUserCreationForm):
    """A new account; without a password it can sign in by mailed code only."""

    class Meta:
        model = User
        fields = ("email", "name", "role", "language")


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Only the owner opens and closes accounts; they are closed, never deleted, because the trail names them."""

    add_form = NewAccountForm
    ordering = ("email",)
    list_display = ("email", "name", "role", "is_active")
    list_filter = ("role", "is_active")
    search_fields = ("email", "name")
    filter_horizontal = ()
    actions = ("forget_second_factors",)
    readonly_fields = ("last_login",)
    fieldsets = ((None, {"fields": ("email", "name", "role", "language", "is_active", "password", "last_login")}),)
    add_fieldsets = (
        (None, {"fields": ("email", "name", "role", "language", "usable_password", "password1", "password2")}),
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(owns(request.user))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(owns(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(owns(request.user))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(owns(request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=_("Take away the second factor: it is set up anew at the next sign-in"))
    def forget_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        assert isinstance(request.user, User)
        for user in queryset:
            forget_second_factor(user=user, by=request.user, now=now())

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        assert isinstance(request.user, User)
        fields = {"fields": sorted(form.changed_data)} if change else {}
        action = "account-changed" if change else "account-opened"
        record_event(action=action, entity=obj, by=request.user, details=fields, now=now())


@admin.register(Questionnaire)
class QuestionnaireAdmin(admin.ModelAdmin):
    """Published versions, to read. The clinic makes a new one under Questions, and signs it."""

    list_display = ("slug", "version", "published_at", "published_by", "signed_name")
    fields = (
        "slug",
        "version",
        "rules_version",
        "config",
        "content_hash",
        "published_at",
        "published_by",
        "switched_off",
        "signed_name",
        "signed_registration",
        "signed_body",
        "signed_at",
    )
    readonly_fields = fields

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(owns(request.user) or manages(request.user))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
