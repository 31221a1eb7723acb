"""What goes in and out, written down."""

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework import serializers

from intake.errors import UnknownKey


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses keys it does not know, nested ones too."""

    def to_internal_value(self, data: Any) -> Any:
        self.refuse_unknown_keys(data)
        return super().to_internal_value(data)

    def refuse_unknown_keys(self, data: Any) -> None:
        """:raises UnknownKey: naming every key that has no meaning here, as "patient.nickname" """
        if keys := sorted(_unknown(self, data, "")):
            raise UnknownKey(keys=keys)


def _unknown(field: serializers.Field[Any, Any, Any, Any], data: Any, path: str) -> Iterator[str]:
    if isinstance(field, serializers.ListSerializer) and field.child is not None:
        for number, one in enumerate(data if isinstance(data, list) else []):
            yield from _unknown(field.child, one, f"{path}{number}.")
    elif isinstance(field, serializers.BaseSerializer) and isinstance(data, Mapping):
        fields = getattr(field, "fields", {})
        for key, value in data.items():
            if key not in fields or fields[key].read_only:
                yield f"{path}{key}"[:200]
            else:
                yield from _unknown(fields[key], value, f"{path}{key}.")


class ContextLine(StrictSerializer):
    """For whom, where and when a screening is."""

    regions = serializers.ListField(child=serializers.CharField())
    likely_regions = serializers.ListField(child=serializers.CharField(), required=False)
    age = serializers.IntegerField(min_value=0, max_value=120)
    modality = serializers.CharField()
    stage = serializers.CharField()
    visit = serializers.CharField()
    on = serializers.DateField(required=False)


class ScreeningLine(StrictSerializer):
    """A whole form, as one line of the `screen` command. The questionnaire itself checks the values."""

    context = ContextLine()  # type: ignore[assignment]  # DRF takes fields out of the class body
    answers = serializers.DictField(child=serializers.CharField(), required=False)
    follow_ups = serializers.DictField(child=serializers.DictField(), required=False)


class MessageOut(serializers.Serializer[Any]):
    """One text for the patient; `item` is the question that it answers, null where it belongs to the whole result."""

    kind = serializers.CharField()
    text = serializers.CharField()
    item = serializers.CharField(allow_null=True)


class ScreeningOut(serializers.Serializer[Any]):
    """The result; `token` books with it and is shown once. `expires_at`: use the token before; `valid_until`: the last
    moment for a visit on these answers."""

    id = serializers.UUIDField()
    token = serializers.CharField()
    outcome = serializers.CharField()
    urgent = serializers.CharField(allow_null=True)
    bookable = serializers.ChoiceField(["yes", "request", "no"])
    messages = MessageOut(many=True)
    expires_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField()
