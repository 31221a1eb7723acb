"""Money, days and hours follow the language."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.messages import SUCCESS, WARNING
from django.contrib.messages.storage.base import Message
from django.utils import translation

from frontend.templatetags.presentation import (
    clock,
    day,
    duration,
    minutes_left,
    moment,
    money,
    said_once,
    time_span,
    zone_name,
)

NINE_IN_EDMONTON = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)  # Alberta keeps UTC-6 all year from 2026


@pytest.mark.parametrize(
    ("amount", "currency", "english", "french"),
    [
        (12000, "CAD", "$120.00", "120,00\xa0$"),
        (5, "CAD", "$0.05", "0,05\xa0$"),
        (-4000, "CAD", "−$40.00", "−40,00\xa0$"),
        (1234567, "CAD", "$12,345.67", "12\xa0345,67\xa0$"),
        (1500, "EUR", "15.00\xa0EUR", "15,00\xa0EUR"),
        (1500, "JPY", "1,500\xa0JPY", "1\xa0500\xa0JPY"),
        (None, "CAD", "", ""),
    ],
)
def test_money_is_written_as_the_language_does(amount: int | None, currency: str, english: str, french: str) -> None:
    with translation.override("en"):
        assert money(amount, currency) == english
    with translation.override("fr"):
        assert money(amount, currency).replace("\u202f", "\xa0") == french


def test_what_is_said_twice_is_shown_once_in_its_order() -> None:
    said = [Message(SUCCESS, "Paid."), Message(WARNING, "Late."), Message(SUCCESS, "Paid."), Message(WARNING, "Paid.")]
    assert said_once(said) == [said[0], said[1], said[3]]


def test_a_stretch_of_time_names_no_day_twice() -> None:
    zone, nine = "America/Edmonton", NINE_IN_EDMONTON
    midnight = nine - timedelta(hours=9)
    assert time_span(nine, nine + timedelta(hours=3), zone) == "Tuesday 1 December, 9:00 to 12:00"
    assert time_span(nine, nine + timedelta(days=1), zone) == "Tuesday 1 December, 9:00 to Wednesday 2 December, 9:00"
    assert time_span(midnight, midnight + timedelta(days=1), zone) == "Tuesday 1 December, the whole day"
    week = midnight + timedelta(days=3)
    assert time_span(midnight, week, zone) == "Tuesday 1 December to Thursday 3 December, whole days"


def test_days_and_hours_are_the_clinics_in_both_languages() -> None:
    zone = "America/Edmonton"
    with translation.override("en"):
        assert day(NINE_IN_EDMONTON, zone) == "Tuesday 1 December 2026"
        assert clock(NINE_IN_EDMONTON, zone) == "9:00"
        assert moment(NINE_IN_EDMONTON, zone) == "Tuesday 1 December, 9:00"
    with translation.override("fr"):
        assert day(date(2026, 12, 1)) == "mardi 1er décembre 2026"
        assert day(date(2026, 12, 2)) == "mercredi 2 décembre 2026"
        assert moment(NINE_IN_EDMONTON, zone) == "mardi 1er décembre à 9\xa0h\xa000"
        assert clock(NINE_IN_EDMONTON, zone) == "9\xa0h\xa000"


def test_lengths_zones_and_waiting_are_said_in_words() -> None:
    assert [duration(15), duration(60), duration(75)] == ["15\xa0min", "1\xa0h", "1\xa0h\xa015\xa0min"]
    assert [zone_name("America/Edmonton"), zone_name("Europe/Paris")] == ["Mountain time", "Paris time"]
    with translation.override("fr-ca"):
        assert [zone_name("America/Edmonton"), zone_name("Europe/Paris")] == ["heure des Rocheuses", "heure de Paris"]
    assert [minutes_left(541), minutes_left(59), minutes_left(0)] == [
        "This time is yours for 10 more minutes.",
        "This time is yours for 1 more minute.",
        "This time is no longer kept for you. Please choose again.",
    ]
