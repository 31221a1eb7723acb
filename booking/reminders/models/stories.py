"""Stories, the clinic's letters to whoever asked for them: what is told, and to which mailboxes."""

import uuid

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import EncryptedField


class Topic(models.TextChoices):
    """What a story is about, and what a reader may choose."""

    NEWS = "news", _("Clinic news: people, hours, places")
    MOVING = "moving", _("Stories about moving and looking after yourself")


class Story(models.Model):
    """A letter to all who want such stories, in one language or more. Once it is sent its words stay as they are."""

    class State(models.TextChoices):
        DRAFT = "draft", _("being written")
        SENDING = "sending", _("on its way")  # or planned: `send_at` says when
        STOPPED = "stopped", _("stopped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    topic = models.CharField(max_length=10, choices=Topic.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    send_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)  # when every reader had their row in the outbox
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", send_at__isnull=True) | Q(state__in=["sending", "stopped"]),
                name="story_draft_has_no_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.state}"


class StoryText(models.Model):
    """The words of a story in one language."""

    id = models.BigAutoField(primary_key=True)
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=5)
    title = models.CharField(max_length=150)
    text = models.TextField()

    class Meta:
        ordering = ["language"]
        constraints = [models.UniqueConstraint(fields=["story", "language"], name="story_text_once_a_language")]

    def __str__(self) -> str:
        return self.title


class Subscriber(models.Model):
    """A mailbox that stories go to once its owner has said yes. It names nobody and belongs to no patient, so that the
    list can't say who was ever treated.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("has not said yes yet")
        ACTIVE = "active", _("gets stories")
        ENDED = "ended", _("gets none any more")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address = models.CharField(max_length=254, unique=True)  # as `rules.stories.mailbox_of` says it
    language = models.CharField(max_length=5)
    topics = ArrayField(models.CharField(max_length=10, choices=Topic.choices), default=list)
    monthly = models.BooleanField(default=False)  # one story in 30 days is enough
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    state_since = models.DateTimeField()
    token = EncryptedField()  # it stands in every story, whichever keys the installation has by then
    token_hash = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(state="active"), name="subscriber_active")]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class StoryConsent(models.Model):
    """What somebody said about stories, when, how and to which words. Append-only: the proof of each yes."""

    class What(models.TextChoices):
        ASKED = "asked", _("asked for stories")
        CONFIRMED = "confirmed", _("said yes with the button behind the link")
        CHANGED = "changed", _("chose anew")
        ENDED = "ended", _("said no more")

    class How(models.TextChoices):
        PAGE = "page", _("on the sign-up page")
        ACCOUNT = "account", _("on the page of their account")
        MAIL = "mail", _("with the link in a mail")
        PROGRAM = "program", _("with the button of a mail program")
        CLINIC = "clinic", _("by telling the clinic")
        COMPLAINT = "complaint", _("by reporting a mail as unwanted")
        BOUNCE = "bounce", _("because the mailbox takes no mail")

    id = models.BigAutoField(primary_key=True)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="consents")
    what = models.CharField(max_length=10, choices=What.choices)
    how = models.CharField(max_length=10, choices=How.choices)
    wording = models.TextField(blank=True)  # what was read before the button
    wording_version = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=5, blank=True)
    topics = ArrayField(models.CharField(max_length=10, choices=Topic.choices), default=list)
    monthly = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, blank=True)  # of the link that says yes to this
    story = models.ForeignKey(Story, null=True, on_delete=models.PROTECT, related_name="+")  # the last one they got
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["token_hash"], condition=~Q(token_hash=""), name="story_consent_link")]
        triggers = [pgtrigger.Protect(name="story_consent_is_append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return self.what
