"""A backup holds everything but the keys; a restored copy sends nothing until somebody says so."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from booking.models import Appointment
from booking.reminders.services import senders_released
from tests.factories.booking import make_clinic
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "canary-7431"


@pytest.fixture
def spare_database(settings) -> Iterator[None]:
    """Everything in the block talks to a second, empty database of the same server."""
    own, spare = connection.settings_dict["NAME"], f"{connection.settings_dict['NAME']}_spare"
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    parameters = {key: parameters[key] for key in ("dbname", "host", "user", "port", "password") if parameters.get(key)}
    with psycopg.connect(**parameters, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{spare}"')
        server.execute(f'CREATE DATABASE "{spare}" TEMPLATE template0')
    connection.close()
    connection.settings_dict["NAME"] = spare
    yield
    connection.close()
    connection.settings_dict["NAME"] = own
    with psycopg.connect(**parameters, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{spare}"')


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    clinic = make_clinic()
    clinic.location.name = CANARY
    clinic.location.save()
    make_patient(given_name="Mara")
    file = tmp_path / "clinic.dump"
    call_command("backup", str(file), stdout=StringIO())
    return file


def test_a_backup_can_only_be_read_by_its_owner_and_never_replaces_a_file(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", str(backup))


def test_a_restored_clinic_is_whole_and_its_senders_are_held(backup: Path, spare_database: None) -> None:
    call_command("restore", str(backup), stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM booking_location")
        assert cursor.fetchone() == (CANARY,)
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE conname LIKE 'appointment_no_%%_overlap'")
        assert cursor.fetchone() == (3,)
    assert Appointment.objects.count() == 0
    assert not senders_released()
    call_command("release_senders", stdout=StringIO())
    assert senders_released()


def test_a_database_with_something_in_it_is_replaced_only_when_asked(backup: Path) -> None:
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", str(backup))
    assert senders_released()
    call_command("restore", str(backup), "--replace", stdout=StringIO())
    assert not senders_released()
    call_command("release_senders", stdout=StringIO())


def test_a_broken_file_changes_nothing(tmp_path: Path, backup: Path) -> None:
    broken = tmp_path / "broken.dump"
    broken.write_bytes(backup.read_bytes()[:5000])
    with pytest.raises(CommandError):
        call_command("restore", str(broken), "--replace")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM booking_location")
        assert cursor.fetchone() == (CANARY,)
    with pytest.raises(CommandError, match="is not there"):
        call_command("restore", str(tmp_path / "nothing.dump"), "--replace")
