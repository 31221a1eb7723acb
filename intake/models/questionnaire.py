import uuid

import pgtrigger
from django.conf import settings
from django.db import models


class Questionnaire(models.Model):
    """A published version of the questions and their rules. Immutable: a new version follows it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(default="dry-needling")
    version = models.CharField(max_length=40)
    rules_version = models.CharField(max_length=40)
    items = models.JSONField()
    rules = models.JSONField()
    config = models.JSONField(default=dict)  # the clinic's settings that replace clinic_config's defaults
    content_hash = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slug", "version"], name="questionnaire_version_once")]
        triggers = [pgtrigger.Protect(name="questionnaire_is_immutable", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.slug} {self.version}"
