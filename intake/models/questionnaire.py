import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q


class Questionnaire(models.Model):
    """A published version of the questions and their rules. Immutable: a new version follows it.

    What the clinic changed is kept apart from what was shipped: its settings in `config`, its words in `wording`, the
    questions that it does not ask in `switched_off`. Read it through `definition_of`, which puts all of it together.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(default="dry-needling")
    version = models.CharField(max_length=40)
    rules_version = models.CharField(max_length=40)
    shipped_version = models.CharField(max_length=40, blank=True)  # of the data that it was made from
    items = models.JSONField()
    rules = models.JSONField()
    config = models.JSONField(default=dict)  # the clinic's settings that replace clinic_config's defaults
    switched_off = models.JSONField(default=list)  # ids of items that are not asked
    wording = models.JSONField(default=dict)  # {"fr": {"address of a text": "the clinic's words"}}
    content_hash = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    # The registered clinician who answers for it. Without a signature it is a draft, and staff see that it is one.
    signed_name = models.CharField(max_length=120, blank=True)
    signed_registration = models.CharField(max_length=60, blank=True)
    signed_body = models.CharField(max_length=120, blank=True)
    signed_statement = models.TextField(blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="questionnaire_version_once"),
            models.CheckConstraint(
                condition=Q(signed_at=None)
                | ~(Q(signed_name="") | Q(signed_registration="") | Q(signed_body="") | Q(signed_statement="")),
                name="questionnaire_signature_is_whole",
            ),
        ]
        triggers = [pgtrigger.Protect(name="questionnaire_is_immutable", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.slug} {self.version}"

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None


class QuestionnaireDraft(models.Model):
    """The working copy that becomes the next version; one at a time. `revision` grows with every change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(default="dry-needling", unique=True)
    based_on = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="+")
    shipped_version = models.CharField(max_length=40)
    items = models.JSONField()
    rules = models.JSONField()
    config = models.JSONField(default=dict)
    switched_off = models.JSONField(default=list)
    wording = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
