"""What a working copy would have made of past forms, and how often things fire."""

from datetime import timedelta

import pytest

from intake.models import AuditEvent, Outcome, Role, ScreeningCount
from intake.selectors import shares as shares_module
from intake.selectors.preview import Cause, Changed, Ending, Move, Preview, preview_of
from intake.selectors.questionnaire_drafts import current_draft, seen_of
from intake.selectors.shares import Share, shares_of
from intake.services import questionnaire_drafts as drafts
from tests.factories import intake as made
from tests.factories.intake import NOW

pytestmark = pytest.mark.django_db
CLEAR, CAUTION, REVIEW = Ending("CLEAR", ""), Ending("CAUTION", ""), Ending("REVIEW", "")
STOP, EMERGENCY = Ending("STOP", ""), Ending("STOP", "EMERGENCY")


@pytest.fixture
def manager():
    made.make_questionnaire()
    return made.make_user(Role.MANAGER)


def seen():
    return seen_of(current_draft())


def inr(value):
    return made.line_with(
        {"anticoagulant": "yes"},
        {
            "anticoagulant": {
                "drug": ["warfarin"],
                "inr": value,
                "inr_date": (NOW - timedelta(days=9)).date().isoformat(),
                "stable": "yes",
            }
        },
    )


def lung(**context):
    follow_ups = {"lung": {"which": ["copd"], "area": "no"}, "thoracic_region": {"travel": "no"}}
    return made.line_with({"lung": "yes"}, follow_ups, **context)


def looked_at(manager, days=7):
    return preview_of(current_draft(), days=days, by=manager, now=NOW)


def test_a_changed_limit_moves_the_forms_that_it_concerns_and_no_others(manager):
    for number, value in enumerate((2.5, 3.3, 3.6, 4.6)):
        made.make_screening(inr(value), now=NOW - timedelta(hours=number))
    made.make_screening(made.clear_line(), now=NOW)
    made.make_screening(inr(3.3), now=NOW - timedelta(days=8))
    drafts.change_settings(seen=seen(), config={"inr_stop": 3.1}, by=manager, now=NOW)
    found = looked_at(manager)
    assert found == Preview(
        days=7,
        total=5,
        moves=(Move(REVIEW, STOP, 1),),
        causes=(Cause("item", found.causes[0].label, 1),),
        unjudged=0,
        missing=(),
        other_regions=0,
        changed=(Changed(NOW - timedelta(hours=1), REVIEW, STOP),),
    )
    assert looked_at(manager, days=30).moves == (Move(REVIEW, STOP, 2),)


def test_a_question_that_is_switched_off_takes_its_combination_along(manager):
    made.make_screening(lung(regions=["chest"]), now=NOW)  # REVIEW, by the combination
    made.make_screening(lung(), now=NOW)  # REVIEW, by itself
    drafts.switch_item(seen=seen(), item_id="lung", asked=False, by=manager, now=NOW)
    found = looked_at(manager)
    assert sorted(found.moves) == [Move(REVIEW, CAUTION, 1), Move(REVIEW, CLEAR, 1)]
    assert sorted((one.kind, one.forms) for one in found.causes) == [("item", 2), ("rule", 1)]
    assert (found.moved, found.unjudged) == (2, 0)


def test_a_new_question_can_not_be_judged_on_old_answers_but_the_rest_can(manager):
    made.make_screening(inr(3.3), now=NOW)
    made.make_screening(made.clear_line(), now=NOW)
    drafts.put_item(seen=seen(), item=made.OWN_ITEM, by=manager, now=NOW)
    found = looked_at(manager)
    assert (found.total, found.moves, found.unjudged, found.missing) == (
        2, (), 2, (Cause("item", "Sea water", 2),),
    )  # fmt: skip
    drafts.change_settings(seen=seen(), config={"inr_stop": 3.1}, by=manager, now=NOW)
    assert looked_at(manager).moves == (Move(REVIEW, STOP, 1),)


def test_nothing_changed_means_nothing_comes_out_differently(manager):
    lines = (made.clear_line(), made.caution_line(), made.review_line(), made.stop_line(), made.emergency_line())
    for line in lines:
        made.make_screening(line, now=NOW)
    drafts.begin_draft(by=manager, now=NOW)
    assert looked_at(manager) == Preview(7, 5, (), (), 0, (), 0, ())


def test_the_look_is_written_down_once_with_its_counts_and_no_clinical_word(manager):
    made.make_screening(inr(3.3), now=NOW)
    drafts.change_settings(seen=seen(), config={"inr_stop": 3.1}, by=manager, now=NOW)
    looked_at(manager)
    event = AuditEvent.objects.get(action="previewed")
    assert (event.agent, event.patient_id, event.details) == (
        manager, None, {"days": 7, "screenings": 1, "different": 1},
    )  # fmt: skip


def test_many_forms_are_read_in_few_queries(manager, django_assert_max_num_queries):
    drafts.switch_item(seen=seen(), item_id="lung", asked=False, by=manager, now=NOW)
    for _form in range(12):
        made.make_screening(now=NOW)
    with django_assert_max_num_queries(8):
        assert looked_at(manager).total == 12
    questionnaire = made.make_questionnaire()
    with django_assert_max_num_queries(8):
        assert shares_of(questionnaire, days=7, by=manager, now=NOW).stored == 12


def test_the_shares_count_kept_and_deleted_forms(manager):
    for line in (made.clear_line(), made.caution_line(), lung(regions=["chest"]), made.stop_line()):
        made.make_screening(line, now=NOW)
    for outcome, count in (("CLEAR", 5), ("REVIEW", 1), ("unfinished", 3)):
        ScreeningCount.objects.create(date=NOW.date(), outcome=outcome, count=count)
    ScreeningCount.objects.create(date=NOW.date() - timedelta(days=9), outcome="STOP", count=9)
    found = shares_of(made.make_questionnaire(), days=7, by=manager, now=NOW)
    assert (found.forms, found.stored, found.unfinished) == (10, 4, 3)
    assert dict(found.outcomes) == {
        "CLEAR": Share(6, 10), "CAUTION": Share(1, 10), "REVIEW": Share(2, 10), "STOP": Share(1, 10),
    }  # fmt: skip
    assert found.items["lung"] == Share(1, 4, (("REVIEW", 1),))
    assert found.items["needle_choice"] == Share(2, 4, (("STOP", 1), ("CAUTION", 1)))
    assert found.items["thoracic_region"].of == 1
    assert dict(found.rules) == {"lung_and_region": Share(1, 4)}
    assert AuditEvent.objects.get(action="counted").details == {"days": 7, "screenings": 4}


def test_a_form_that_counts_as_review_because_of_an_earlier_one_is_counted_so(manager):
    earlier = made.make_screening(made.review_line(), now=NOW, session_hash="s").screening
    later = made.make_screening(made.clear_line(), now=NOW + timedelta(minutes=1), session_hash="s").screening
    assert later.earlier_stricter == earlier
    found = shares_of(made.make_questionnaire(), days=7, by=manager, now=NOW + timedelta(hours=1))
    assert found.outcomes[Outcome.REVIEW] == Share(2, 2)


@pytest.mark.parametrize(("count", "of", "too_often"), [(8, 20, False), (9, 20, True), (19, 19, False), (0, 0, False)])
def test_what_fires_in_more_than_two_of_five_forms_is_marked_once_there_are_enough(count, of, too_often):
    assert (shares_module.FIRES_TOO_OFTEN, shares_module.ENOUGH_TO_TELL) == (0.4, 20)
    assert Share(count, of).is_too_often == too_often
