"""A dump of the database shows no answer; a key can be changed while the clinic works."""

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection

from intake.errors import WrongKey
from intake.models import QuestionnaireResponse, Screening, ScreeningDecision
from intake.services.keys import encrypted_fields, reseal_everything
from intake.services.responses import save_answers
from intake.services.screenings import attach_screening
from tests.factories.intake import NOW, line_with, make_patient, make_response, make_screening, make_user

pytestmark = pytest.mark.django_db
CANARY = "Grünfink-4711"
OLD = ("test", b"a key of thirty-two bytes, tests")
NEW = ("next", b"another key of thirty-two bytes!")
WARFARIN = {"anticoagulant": {"drug": ["warfarin"], "inr": 2.4, "inr_date": "unknown", "reason": CANARY}}


def health_data():
    """A form, its result, a therapist's decision and a draft, all with the canary in them."""
    screening = make_screening(line_with({"anticoagulant": "yes"}, WARFARIN)).screening
    attached = attach_screening(screening=screening, patient=make_patient(), now=NOW)
    ScreeningDecision.objects.create(
        screening=attached, decision="declined", decided_by=make_user(), decided_at=NOW,
        content={"reason": CANARY, "regions": [], "conditions": CANARY},
    )  # fmt: skip
    draft = make_response()
    save_answers(response=draft, answers={"anticoagulant": "yes"}, follow_ups=WARFARIN, now=NOW)
    return attached


def dump():
    """Every table's rows as text, as a stolen dump would show them; the published questions are no secret."""
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - {"intake_questionnaire"}:
            cursor.execute(f'SELECT * FROM "{table}"')
            for value in (value for row in cursor for value in row):
                yield bytes(value).decode("latin-1") if isinstance(value, memoryview | bytes) else str(value)


def test_a_dump_of_the_database_shows_no_answer_result_rule_or_reason():
    health_data()
    shown = list(dump())
    for word in (CANARY, CANARY.encode().decode("latin-1"), "warfarin", "anticoagulant", "inr_date", "knee"):
        assert [value for value in shown if word in value] == []
    assert "Ada" in shown  # the search does find what stands there in clear


def test_the_owner_of_the_key_reads_everything():
    screening = health_data()
    again = Screening.objects.get(pk=screening.pk)
    assert again.result["line"]["follow_ups"]["anticoagulant"]["reason"] == CANARY
    assert again.decisions.get().content["reason"] == CANARY


@pytest.mark.parametrize(
    "keys", [[NEW], [("test", b"not the key it was encrypted by!")]], ids=["no such key", "another key of that name"]
)
def test_a_wrong_key_is_an_error_never_the_ciphertext(settings, keys):
    screening = health_data()
    settings.FIELD_KEYS = keys
    with pytest.raises(WrongKey):
        Screening.objects.get(pk=screening.pk).result  # noqa: B018


def test_a_value_moved_to_another_row_or_field_does_not_open():
    first, second = health_data(), make_screening().screening
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE intake_screening SET result = (SELECT result FROM intake_screening WHERE id = %s) WHERE id = %s",
            [first.pk, second.pk],
        )
        cursor.execute(
            "UPDATE intake_screening SET result = (SELECT content FROM intake_questionnaireresponse WHERE id = %s)"
            " WHERE id = %s",
            [first.response_id, first.pk],
        )
    for screening in Screening.objects.all():
        with pytest.raises(WrongKey):
            screening.result  # noqa: B018


@pytest.mark.parametrize("length", [0, 3, 5, 20])
def test_a_cut_off_value_does_not_open(length):
    make_screening()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE intake_screening SET result = substring(result for %s)", [length])
    with pytest.raises(WrongKey):
        Screening.objects.get().result  # noqa: B018


def test_encrypted_values_can_be_neither_searched_nor_written_past_their_row():
    make_screening()
    with pytest.raises(FieldError):
        Screening.objects.filter(result={}).exists()
    with pytest.raises(FieldError):
        Screening.objects.update(result={})


def test_after_a_new_key_everything_is_sealed_with_it_and_the_old_one_can_go(settings, capsys):
    screening = health_data()
    settings.FIELD_KEYS = [NEW, OLD]
    assert Screening.objects.get(pk=screening.pk).result["outcome"] == "REVIEW"
    call_command("rotate_keys")
    first = capsys.readouterr().out
    call_command("rotate_keys")
    second = capsys.readouterr().out
    settings.FIELD_KEYS = [NEW]
    again = Screening.objects.get(pk=screening.pk)
    assert (first.splitlines()[-1], second.splitlines()[-1]) == ("Sealed again: 4", "Sealed again: 0")
    assert again.result["line"]["follow_ups"]["anticoagulant"]["reason"] == CANARY
    assert again.decisions.get().content["reason"] == CANARY
    assert {one.content["answers"]["anticoagulant"] for one in QuestionnaireResponse.objects.all()} == {"yes"}


def test_more_rows_than_a_batch_are_all_sealed_again(settings, monkeypatch):
    monkeypatch.setattr("intake.services.keys.BATCH", 2)
    for _ in range(5):
        make_response()
    settings.FIELD_KEYS = [NEW, OLD]
    call_command("rotate_keys")
    settings.FIELD_KEYS = [NEW]
    assert len([one.content for one in QuestionnaireResponse.objects.all()]) == 5


def test_while_keys_change_everything_is_read_and_written_and_a_stopped_change_goes_on(settings, monkeypatch):
    monkeypatch.setattr("intake.services.keys.BATCH", 1)
    forms = [make_response() for _ in range(3)]

    def stop_after_forms(label, _changed):
        if label == "intake.QuestionnaireResponse":
            raise KeyboardInterrupt

    settings.FIELD_KEYS = [NEW, OLD]
    save_answers(response=forms[0], answers={"anticoagulant": "yes"}, now=NOW)  # already under the new key
    with pytest.raises(KeyboardInterrupt):
        reseal_everything(progress=stop_after_forms)
    settings.FIELD_KEYS = [OLD, NEW]  # a process that has not heard of the change yet: reads both, writes the old
    save_answers(response=forms[1], answers={"anticoagulant": "no"}, now=NOW)
    screening = make_screening().screening
    settings.FIELD_KEYS = [NEW, OLD]
    reseal_everything(progress=lambda _label, _changed: None)
    settings.FIELD_KEYS = [NEW]
    said = [QuestionnaireResponse.objects.get(pk=form.pk).content["answers"] for form in forms]
    assert said == [{"anticoagulant": "yes"}, {"anticoagulant": "no"}, {}]
    assert Screening.objects.get(pk=screening.pk).result["outcome"] == "CLEAR"


def test_changing_keys_stops_at_a_value_that_no_key_opens(settings):
    make_response()
    settings.FIELD_KEYS = [NEW]
    with pytest.raises(CommandError, match="'test'"):
        call_command("rotate_keys")


def test_a_therapists_decision_is_append_only_but_for_its_key(settings):
    health_data()
    settings.FIELD_KEYS = [NEW, OLD]
    call_command("rotate_keys")
    with pytest.raises(Exception, match="Cannot update"):
        ScreeningDecision.objects.update(decision="approved")


def test_every_app_with_encrypted_fields_is_found():
    found = {f"{model._meta.label}.{name}" for model, names in encrypted_fields() for name in names}
    assert {
        "intake.QuestionnaireResponse.content",
        "intake.Screening.result",
        "intake.ScreeningDecision.content",
        "intake.StoredAnswer.content",
        "booking.Appointment.note",
        "reminders.Communication.content",
    } <= found
