"""A clinic's hours of reminders moved to what it sets for its messages; taken back and done again nothing is lost."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

from booking.models import Location
from booking.reminders.models import MessageSetting
from tests.factories.booking import NOW, make_location

pytestmark = pytest.mark.django_db
HOURS = import_module("booking.reminders.migrations.0005_reminder_hours_become_a_setting")
SET = {"Often": (True, [72, 24, 1]), "Never": (False, []), "Once": (True, [24])}


def settings() -> dict[str, tuple[bool, list[int]]]:
    rows = MessageSetting.objects.filter(kind="reminder").select_related("location")
    return {row.location.name: (row.on, row.hours) for row in rows}


def columns() -> set[str]:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, Location._meta.db_table)
    return {column.name for column in described}


def alter(way: str, moved: Migration, states: tuple[Any, Any]) -> None:
    """Take the migration of the column one step, within the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        getattr(moved.operations[0], way)("booking", editor, *states)


def test_the_hours_go_back_to_the_clinics_and_forth_again() -> None:
    for name, (on, hours) in SET.items():
        place = make_location(name=name)
        MessageSetting.objects.create(location=place, kind="reminder", on=on, hours=hours, changed_at=NOW)
    make_location(name="As shipped")
    loader = MigrationExecutor(connection).loader
    moved = loader.get_migration("booking", "0035_reminder_hours_are_a_message_setting")
    before = loader.project_state(list(moved.dependencies), at_end=True)
    after = loader.project_state(("booking", moved.name), at_end=True)

    alter("database_backwards", moved, (after, before))
    HOURS.to_locations(before.apps, None)
    kept = dict(before.apps.get_model("booking", "Location").objects.values_list("name", "reminder_hours"))
    assert kept == {"Often": [72, 24, 1], "Never": [], "Once": [24], "As shipped": [48, 2]}
    assert settings() == {}

    HOURS.to_settings(before.apps, None)
    assert settings() == SET
    alter("database_forwards", moved, (before, after))
    assert "reminder_hours" not in columns()
