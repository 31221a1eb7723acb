"""Encrypted model fields: AES-GCM, the key's id in front, bound to the model, field and row they stand in.

A value is opened only when it is read, so a list of rows costs nothing; a wrong or missing key raises `WrongKey`.
Stored form: b"<key id>:" + 12 bytes nonce + ciphertext with tag.
"""

import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from intake.errors import WrongKey


def seal(plain: bytes, *, place: str) -> bytes:
    """Encrypt with the first key; `place` must be given again to open it."""
    key_id, key = settings.FIELD_KEYS[0]
    nonce = secrets.token_bytes(12)
    return key_id.encode() + b":" + nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def open_sealed(sealed: bytes, *, place: str) -> bytes:
    """Decrypt what `seal` made.

    :raises WrongKey: no key of that id, another key under that id, or the value was moved from another row
    """
    key_id, _, rest = bytes(sealed).partition(b":")
    key = dict(settings.FIELD_KEYS).get(key_id.decode(errors="replace"))
    if key is None:
        raise WrongKey(key_id=key_id.decode(errors="replace"))
    try:
        return AESGCM(key).decrypt(rest[:12], rest[12:], place.encode())
    except (InvalidTag, ValueError):
        raise WrongKey(key_id=key_id.decode()) from None


def _place_of(field: "models.Field[Any, Any]", instance: models.Model) -> str:
    return f"{instance._meta.label_lower}.{field.name}:{instance.pk}"


class _Sealed(bytes):
    """A value as the database holds it, not opened yet."""


class _EncryptedAttribute(DeferredAttribute):
    """Opens the value when somebody reads it."""

    def __get__(self, instance: models.Model | None, cls: type | None = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, _Sealed):
            opened = open_sealed(value, place=_place_of(self.field, instance))
            value = instance.__dict__[self.field.attname] = json.loads(opened)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.BinaryField):
    """JSON-able content that only the application can read. It can't be searched."""

    _pyi_private_set_type: Any  # for type checkers: not bytes, but what the JSON holds
    _pyi_private_get_type: Any
    descriptor_class = _EncryptedAttribute

    def from_db_value(self, value: Any, *_: Any) -> _Sealed | None:
        return None if value is None else _Sealed(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> _Sealed | None:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, _Sealed):
            return value
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return _Sealed(seal(plain, place=_place_of(self, model_instance)))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, _Sealed):
            raise FieldError(f"{self.name} is encrypted row by row; save the row instead of updating a query.")
        return super().get_db_prep_value(None if value is None else bytes(value), connection, prepared)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted and can't be searched.")
        return super().get_lookup(lookup_name)


def is_sealed_with_first_key(instance: models.Model, name: str) -> bool:
    """Whether the field, as it came from the database, is empty or under the key that encrypts now."""
    value = instance.__dict__[name]
    return value is None or bytes(value).startswith(settings.FIELD_KEYS[0][0].encode() + b":")
