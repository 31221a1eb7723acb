"""Changing the encryption key: everything sealed again with the first key."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import pgtrigger
from django.apps import apps
from django.db import models, transaction

from intake.crypto import EncryptedField, is_sealed_with_first_key
from intake.services.second_factors import reseal_secrets

BATCH = 200


def encrypted_fields() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Every model of every app that has encrypted fields, with their names."""
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]
        if names:
            yield model, names


def reseal_everything(*, progress: Callable[[str, int], None]) -> int:
    """Seal every value that another key sealed with the first key, and return how many rows changed.

    Small transactions, so it may be stopped and started again, beside a running clinic. `progress` hears the model's
    label and the rows changed there.

    :raises WrongKey: a value can't be opened with any key; what was done before stays done
    """
    total = reseal_secrets()
    progress("mfa.Authenticator", total)
    for model, names in encrypted_fields():
        changed = _reseal(model, names)
        progress(model._meta.label, changed)
        total += changed
    return total


def _reseal(model: type[models.Model], names: list[str]) -> int:
    changed, last = 0, None
    while True:
        with transaction.atomic(), _append_only_lifted(model):
            rows = model._meta.base_manager.order_by("pk").select_for_update()
            batch = list(rows.filter(pk__gt=last)[:BATCH] if last is not None else rows[:BATCH])
            changed += sum(_reseal_row(row, names) for row in batch)
        if len(batch) < BATCH:
            return changed
        last = batch[-1].pk


def _reseal_row(row: models.Model, names: list[str]) -> bool:
    old = [name for name in names if not is_sealed_with_first_key(row, name)]
    for name in old:
        getattr(row, name)  # opening it makes save() seal it anew
    if old:
        row.save(update_fields=old)
    return bool(old)


def _append_only_lifted(model: type[models.Model]) -> AbstractContextManager[object]:
    """The one change that append-only rows know: the same words under another key."""
    stack = ExitStack()
    triggers = getattr(model._meta, "triggers", [])
    if triggers:
        stack.enter_context(pgtrigger.ignore(*(f"{model._meta.label}:{trigger.name}" for trigger in triggers)))
    return stack
