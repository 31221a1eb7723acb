import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class Patient(models.Model):
    """A person who is treated. Families share a mailbox: a contact is not an identity, so nothing here is unique."""

    class GuardianSees(models.TextChoices):
        ALL = "all", _("visits and answers")
        APPOINTMENTS = "appointments", _("visits only")
        NOTHING = "nothing", _("nothing")

    LANGUAGES = ("en", "fr")  # what people may prefer; letters are in it once its catalogue is complete

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="patients"
    )  # the account that may act for this patient; set once the mailbox is proven
    given_name = models.CharField(_("given name"), max_length=100)
    family_name = models.CharField(_("family name"), max_length=100)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)  # a caller's may be asked later
    email = models.EmailField(_("email"), max_length=254, blank=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="en")
    contact_verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)
    # What the account that acts for a young person may see; adults' accounts see all of their own.
    guardian_sees = models.CharField(max_length=20, choices=GuardianSees.choices, default=GuardianSees.ALL)
    guardian_sees_why = EncryptedField(null=True)  # the therapist's words
    kept_on_hold = models.BooleanField(_("keep: complaint or claim"), default=False)

    class Meta:
        indexes = [models.Index(fields=["family_name", "given_name"]), models.Index(fields=["email"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kept_on_hold=False) | models.Q(erased_at__isnull=True),
                name="patient_on_hold_is_not_erased",
            )
        ]
        triggers = [kept_on_hold("OLD.id")]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}"
