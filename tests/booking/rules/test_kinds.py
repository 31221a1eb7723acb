import pytest

from booking.rules.kinds import EMAIL, KINDS, SMS, family_of, hours_are_fine, kind_of, still_true, waits_for_morning


def test_a_number_belongs_to_its_kind() -> None:
    assert [family_of(code) for code in ("reminder-2", "reminder", "next-day-check-2", "fee-coming")] == [
        "reminder",
        "reminder",
        "next-day-check",
        "fee-coming",
    ]
    assert kind_of("reminder-3") is KINDS["reminder"]
    with pytest.raises(KeyError):
        kind_of("postcard")


def test_the_night_is_quiet_but_for_what_cannot_wait() -> None:
    """A mail that answers what somebody did may arrive by night, a text may not, and safety may always."""
    waits = {
        code: [waits_for_morning(code, channel=channel) for channel in (EMAIL, SMS)]
        for code in ("reminder-1", "confirmation", "aftercare", "waitlist-offer")
    }
    assert waits == {
        "reminder-1": [True, True],
        "confirmation": [False, True],
        "aftercare": [False, False],
        "waitlist-offer": [False, False],
    }


def test_what_people_count_on_cannot_be_switched_off() -> None:
    assert {code for code, kind in KINDS.items() if kind.switchable} == {
        "reminder",
        "waitlist-joined",
        "outcome-questions",
        "no-show",
        "receipt-ready",
        "package-expiring",
        "morning-list",
    }


def test_every_kind_goes_by_mail_and_as_a_text_only_where_it_has_a_short_form() -> None:
    for kind in KINDS.values():
        assert kind.channels[0] == EMAIL or kind.of == "text", kind.code  # what answers a text goes to its number
        assert SMS not in kind.channels or kind.sms, kind.code
        assert all(kind.between[0] <= one <= kind.between[1] for one in kind.hours), kind.code
        assert not (kind.quiet and kind.urgent), kind.code


def test_after_a_visit_a_message_is_true_only_if_it_took_place() -> None:
    states = [("fulfilled", ""), ("checked-in", ""), ("noshow", ""), ("booked", ""), ("cancelled", "")]
    true = {
        code: [status for status, awaiting in states if still_true(code, status=status, awaiting=awaiting)]
        for code in ("aftercare", "next-day-check-2", "no-show", "receipt-ready")
    }
    assert true == {
        "aftercare": ["fulfilled", "checked-in"],
        "next-day-check-2": ["fulfilled", "checked-in"],
        "no-show": ["noshow"],
        "receipt-ready": ["fulfilled", "checked-in", "noshow", "booked", "cancelled"],
    }


@pytest.mark.parametrize(
    ("code", "hours", "fine"),
    [
        ("reminder", [], True),
        ("reminder", [72, 24, 2], True),
        ("reminder", [72, 48, 24, 2], False),
        ("reminder", [24, 24], False),
        ("reminder", [337], False),
        ("aftercare", [6], True),
        ("aftercare", [7], False),
        ("next-day-check", [24], False),
        ("next-day-check", [20, 48], True),
        ("confirmation", [1], False),
    ],
)
def test_a_clinic_sets_hours_within_reach(code: str, hours: list[int], fine: bool) -> None:
    assert hours_are_fine(code, hours) is fine
