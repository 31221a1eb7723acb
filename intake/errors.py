"""Foreseen errors: a stable code for programs, a sentence for the person, an HTTP status."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DrypointError(Exception):
    """An error that somebody can do something about."""

    code: ClassVar[str] = "error"
    message: str | Promise = _("Something is not right.")
    status: ClassVar[int] = 400

    def __init__(self, message: str | Promise | None = None, **details: Any) -> None:
        self.message = message or self.message
        self.details = details
        super().__init__(str(self.message))


class InvalidAnswers(DrypointError):
    code = "invalid-answers"
    message = _("These answers can't be read.")
    status = 400


class IncompleteAnswers(DrypointError):
    code = "incomplete"
    message = _("Some questions still need an answer.")
    status = 422


class UnknownKey(DrypointError):
    """Details hold the `keys`."""

    code = "unknown-key"
    message = _("The request has keys that have no meaning here.")
    status = 400


class TooLarge(DrypointError):
    code = "too-large"
    message = _("The request is too large.")
    status = 413


class KeyInvalid(DrypointError):
    code = "idempotency-key-invalid"
    message = _("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    status = 400


class KeyReused(DrypointError):
    code = "idempotency-key-reused"
    message = _("This Idempotency-Key came with another request before.")
    status = 422


class StillRunning(DrypointError):
    code = "still-running"
    message = _("The first request with this Idempotency-Key is still being carried out.")
    status = 409

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class ScreeningOfAnother(DrypointError):
    """Answers given for one person can't clear another one."""

    code = "not-cleared"
    message = _("These answers were given for someone else. Please answer the questions for this person.")
    status = 409


class QuestionnaireMissing(DrypointError):
    code = "no-questionnaire"
    message = _("The health questions are not ready yet. Please call us.")
    status = 503


class SignatureNotAccepted(DrypointError):
    """Nobody signs with a blank, or for another person without saying as what."""

    code = "signature-not-accepted"
    message = _("Please type the full name of the person who signs.")
    status = 422


class InformationChanged(DrypointError):
    """The text was replaced while somebody read it: what was signed must be what is in force."""

    code = "information-changed"
    message = _("This text has changed. Please read it once more.")
    status = 409


class ConsentMissing(DrypointError):
    """Details may hold what is `missing`, as `intake.rules.consents` names it."""

    code = "consent-missing"
    message = _("The patient's yes is not complete.")
    status = 409


class SignedVersionInForce(DrypointError):
    """What the clinic has signed is replaced by the clinic alone."""

    code = "signed-version-in-force"
    message = _("The clinic has signed its own version of the questions. Change it under Settings, Health questions.")
    status = 409


class DraftChanged(DrypointError):
    """Somebody else was faster; details hold `by` and `at` where the working copy still exists."""

    code = "draft-changed"
    message = _("Somebody else has changed the working copy. Look at it as it is now, then try again.")
    status = 409


class NotPublishable(DrypointError):
    """A working copy that must not be put before patients; details hold the `problems`."""

    code = "not-publishable"
    message = _("This can't be published as it is.")
    status = 422


class InvalidChange(DrypointError):
    """A change that doesn't fit; details hold the `problems`: what is wrong, by the name of what was to change."""

    code = "invalid-change"
    message = _("This change doesn't fit.")
    status = 422


class MustBeAsked(DrypointError):
    code = "must-be-asked"
    message = _("This question can't be switched off.")
    status = 422


class NotAllowed(DrypointError):
    code = "not-allowed"
    message = _("You can't do this.")
    status = 403


class OnHold(NotAllowed):
    code = "on-hold"
    message = _("This record is kept because of a complaint or a claim. Nothing of it can be deleted.")
    status = 409


class TooManyAttempts(DrypointError):
    code = "too-many-attempts"
    message = _("Too many tries. Please wait a little and try again.")
    status = 429


class WrongKey(DrypointError):
    """A stored value can't be opened: the key is missing or wrong. Never answered with the ciphertext."""

    code = "wrong-key"
    message = _("Stored answers can't be opened with the keys of this server.")
    status = 500
