"""The rules of a screening that deserve to be said one by one."""

import pytest

from intake.questionnaires.shipped import shipped_questionnaire
from intake.rules.screening import sources_of
from tests.intake.rules.lines import ITEM, RULES, healthy, screen

WARFARIN = {"drug": ["warfarin"], "inr": 2.4, "inr_date": "2026-11-20"}


def on_warfarin(**follow_ups):
    return healthy(answers={"anticoagulant": "yes"}, follow_ups={"anticoagulant": {**WARFARIN, **follow_ups}})


def item_result(result, name):
    return result.items[name], result.findings[name].urgent


# --- one item -------------------------------------------------------------------------------------------------------
def test_raise_keeps_the_items_own_triage_under_milder_choices():
    line = healthy(answers={"lung": "yes"}, follow_ups={"lung": {"which": ["asthma"], "area": "no"}})
    assert item_result(screen(line), "lung") == ("CAUTION", None)


def test_decide_takes_the_chosen_ones_alone_with_their_urgency():
    line = healthy(answers={"rf_cauda_equina": "yes"}, follow_ups={"rf_cauda_equina": {"onset": "known_stable"}})
    result = screen(line)
    assert item_result(result, "rf_cauda_equina") == ("REVIEW", None)
    assert result.bookable == "request"


def test_decide_without_a_choice_that_decides_falls_back_to_the_item():
    line = healthy(answers={"rf_cauda_equina": "yes"}, follow_ups={"rf_cauda_equina": {"onset": "longer"}})
    assert item_result(screen(line), "rf_cauda_equina") == ("STOP", "EMERGENCY")


def test_decide_with_one_follow_up_open_falls_back_to_the_item_and_is_incomplete():
    line = healthy(answers={"rf_chest_breath": "yes"}, follow_ups={"rf_chest_breath": {"checked": "yes"}})
    result = screen(line)
    assert item_result(result, "rf_chest_breath") == ("STOP", "EMERGENCY")
    assert result.unanswered == ("rf_chest_breath.after_needling",)


def test_none_of_these_answers_a_multi_without_deciding():
    line = healthy(
        answers={"rf_after_needling": "yes"}, follow_ups={"rf_after_needling": {"which": []}}, visit="return"
    )
    result = screen(line)
    assert item_result(result, "rf_after_needling") == ("STOP", "SAME_DAY")
    assert result.complete


def test_unsure_that_stops_brings_the_items_urgency_and_hides_the_follow_ups():
    line = healthy(answers={"rf_cauda_equina": "unsure"}, follow_ups={"rf_cauda_equina": {"onset": "known_stable"}})
    result = screen(line)
    assert item_result(result, "rf_cauda_equina") == ("STOP", "EMERGENCY")
    assert result.findings["rf_cauda_equina"].visible == {}
    assert result.complete


def test_unsure_that_does_not_stop_brings_no_urgency():
    assert item_result(
        screen(healthy(answers={"rf_after_needling": "unsure"}, visit="return")), "rf_after_needling"
    ) == (
        "REVIEW",
        None,
    )


def test_not_applicable_never_fires():
    result = screen(healthy(answers={"pregnancy": "na"}))
    assert (result.items["pregnancy"], result.bookable) == ("CLEAR", "yes")


def test_an_item_triaged_on_no_fires_on_no():
    result = screen(
        healthy(answers={"day_eaten": "no"}, follow_ups={"day_eaten": {"diabetic_low": "no"}}, stage="check_in")
    )
    assert (result.items["day_eaten"], result.bookable) == ("CAUTION", "yes")


def test_a_choice_about_needles_that_was_not_made_stops_and_is_incomplete():
    line = healthy()
    del line["follow_ups"]["needle_choice"]
    for assumed in (False, True):
        result = screen(line, assume_unanswered_safe=assumed)
        assert (result.items["needle_choice"], result.unanswered) == ("STOP", ("needle_choice.level",))


def test_a_minor_is_asked_about_guardian_and_will():
    line = healthy(age=17)
    assert screen(line).bookable == "request"
    line["follow_ups"]["minor"] = {}
    assert screen(line).unanswered == ("minor.guardian", "minor.young_person_agrees")


# --- chains of follow-ups ------------------------------------------------------------------------------------------
def test_an_answer_whose_condition_is_not_met_is_ignored():
    line = on_warfarin(drug=["doac"], inr=9, inr_date="2020-01-01")
    result = screen(line)
    assert result.items["anticoagulant"] == "REVIEW"
    assert result.findings["anticoagulant"].visible == {"drug": ("doac",)}
    assert result.complete


def test_a_condition_on_a_list_is_met_by_any_of_it():
    line = healthy(answers={"pregnancy": "yes"}, follow_ups={"pregnancy": {"weeks": "trying", "problem": "yes"}})
    assert screen(line).items["pregnancy"] == "CAUTION"
    line["follow_ups"]["pregnancy"]["weeks"] = "t2"
    assert screen(line).items["pregnancy"] == "STOP"
    del line["follow_ups"]["pregnancy"]["problem"]
    assert screen(line).unanswered == ("pregnancy.problem",)


# --- numbers and dates ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("inr", "expected", "flags"),
    [
        (3.0, ("REVIEW", None), ()),
        (3.1, ("REVIEW", None), ("high_priority",)),
        (3.5, ("REVIEW", None), ("high_priority",)),
        (3.6, ("STOP", None), ("high_priority",)),
        (4.5, ("STOP", None), ("high_priority",)),
        (4.6, ("STOP", "SAME_DAY"), ("high_priority",)),
        ("unknown", ("REVIEW", None), ()),
    ],
)
def test_inr_limits(inr, expected, flags):
    result = screen(on_warfarin(inr=inr))
    assert (item_result(result, "anticoagulant"), result.flags) == (expected, flags)


@pytest.mark.parametrize(
    ("settings", "inr", "expected"),
    [
        ({"inr_stop": 2.0}, 2.4, ("STOP", None)),
        ({"inr_stop": 4.0}, 3.8, ("REVIEW", None)),
        ({"inr_same_day": 2.0}, 2.4, ("STOP", "SAME_DAY")),
        ({"inr_same_day": 6}, 4.6, ("STOP", None)),
    ],
)
def test_the_clinics_setting_wins_over_the_number_in_the_rule(settings, inr, expected):
    assert item_result(screen(on_warfarin(inr=inr), **settings), "anticoagulant") == expected


@pytest.mark.parametrize(
    ("settings", "day", "flags"),
    [
        ({}, "2026-10-23", ()),
        ({}, "2026-10-22", ("ask_for_recent_inr",)),
        ({}, "unknown", ()),
        ({"inr_max_age_days": 7}, "2026-11-14", ("ask_for_recent_inr",)),
        ({"inr_high_priority": 2.0}, "2026-11-20", ("high_priority",)),
    ],
)
def test_an_old_inr_is_asked_for_again(settings, day, flags):
    assert screen(on_warfarin(inr_date=day), **settings).flags == flags


# --- regions -------------------------------------------------------------------------------------------------------
SORE_SKIN = {"answers": {"local_skin": "yes"}, "follow_ups": {"local_skin": {"what": ["wound"]}}}


def test_a_stop_in_the_only_region_stops():
    result = screen(healthy(**SORE_SKIN))
    assert (result.outcome, result.bookable, result.excluded_regions) == ("STOP", "no", ("knee",))


def test_a_stop_in_one_of_several_regions_is_for_a_therapist_to_sort_out():
    result = screen(healthy(**SORE_SKIN, regions=["knee", "thigh"]))
    assert (result.items["local_skin"], result.bookable, result.excluded_regions) == (
        "REVIEW",
        "request",
        ("knee", "thigh"),
    )


def test_likely_regions_count_for_conditions_but_not_for_the_number_of_regions():
    result = screen(healthy(**SORE_SKIN, regions=["knee"], likely_regions=["neck"]))
    assert result.items["thoracic_region"] == "CAUTION"
    assert (result.outcome, result.excluded_regions) == ("STOP", ("knee",))


def test_a_stop_for_a_modality_stops_this_screening():
    assert screen(healthy(answers={"electrical_modality": "yes"}, modality="electrical")).outcome == "STOP"
    assert screen(healthy(answers={"electrical_modality": "yes"}, modality="manual")).outcome == "CLEAR"


# --- combination rules ---------------------------------------------------------------------------------------------
def rules_of(line, **settings):
    return screen(line, **settings).rules


def test_bleeding_risk_near_the_spine():
    line = healthy(answers={"easy_bruising": "yes"}, follow_ups={"easy_bruising": {"checked": "yes_ok"}})
    assert rules_of(line) == ()
    for where in ({"regions": ["low_back"]}, {"likely_regions": ["low_back"]}):
        line["context"] |= where
        result = screen(line)
        assert (result.rules, result.outcome, result.flags) == (("bleed_deep_region",), "REVIEW", ("high_priority",))


def test_two_kinds_of_antithrombotic():
    line = on_warfarin()
    line["answers"]["antiplatelet"] = "unsure"
    assert rules_of(line) == ("dual_antithrombotic",)


def test_cancer_signs_with_a_history_of_cancer():
    line = healthy(
        answers={"rf_cancer_signs": "yes", "cancer": "yes"},
        follow_ups={
            "rf_cancer_signs": {"which": ["night_pain"], "cancer_ever": "no"},
            "cancer": {"stage": ["past"], "radiation_area": "no"},
        },
    )
    result = screen(line)
    assert (result.rules, result.outcome, result.urgent) == (("cancer_plus_signs",), "STOP", "MEDICAL_SOON")


@pytest.mark.parametrize(
    ("speed", "rules", "urgent"),
    [
        ({"speed": "weeks"}, ("bilateral_progressive",), "EMERGENCY"),
        ({}, ("bilateral_progressive",), "EMERGENCY"),
        ({"speed": "stable_known"}, (), None),
    ],
)
def test_weakness_on_both_sides_that_changes(speed, rules, urgent):
    line = healthy(
        answers={"rf_progressive_weakness": "yes"},
        follow_ups={"rf_progressive_weakness": {"both_sides": "yes", **speed}},
    )
    result = screen(line)
    assert (result.rules, result.urgent) == (rules, urgent)


def test_weakness_that_is_unsure_compares_no_hidden_answer():
    line = healthy(
        answers={"rf_progressive_weakness": "unsure"}, follow_ups={"rf_progressive_weakness": {"both_sides": "yes"}}
    )
    assert rules_of(line) == ()


def test_lung_disease_and_a_region_near_the_lungs():
    line = healthy(answers={"lung": "yes"}, follow_ups={"lung": {"which": ["asthma"], "area": "no"}}, regions=["chest"])
    result = screen(line)
    assert (result.rules, result.outcome) == (("lung_and_region",), "REVIEW")


def test_pregnancy_excludes_the_chosen_regions_that_the_rule_names():
    line = healthy(
        answers={"pregnancy": "yes"},
        follow_ups={"pregnancy": {"weeks": "trying"}},
        regions=["knee", "pelvis_hip", "low_back"],
        likely_regions=["abdomen"],
    )
    result = screen(line)
    assert result.rules == ("pregnancy_region",)
    assert (result.outcome, result.excluded_regions) == ("REVIEW", ("pelvis_hip", "low_back"))
    assert result.flags == ("exclude_region",)


def test_weak_immune_system_and_an_implant_in_the_same_area():
    line = healthy(
        answers={"immune": "yes", "joint_replacement": "yes"},
        follow_ups={"immune": {"cause": ["meds"]}, "joint_replacement": {"same_area": "yes", "lt12m": "no"}},
    )
    result = screen(line)
    assert (result.rules, result.outcome) == (("immune_implant",), "STOP")


def test_diabetes_and_a_weak_immune_system():
    line = healthy(answers={"diabetes": "unsure", "immune": "unsure"})
    assert rules_of(line) == ("diabetes_immune",)


def test_the_clinics_minimum_age():
    assert rules_of(healthy(age=16)) == ()
    assert rules_of(healthy(age=15)) == ("below_min_age",)
    assert rules_of(healthy(age=17), min_age_online_dry_needling=18) == ("below_min_age",)
    assert screen(healthy(age=15)).outcome == "STOP"


def test_four_cautions_together_but_not_the_one_from_the_region():
    line = healthy(
        answers={"fainting": "yes", "bleeding_supplements": "yes", "frail_bone": "yes"},
        follow_ups={"fainting": {"other_faints": "no"}},
        regions=["chest"],
    )
    assert (rules_of(line), screen(line).bookable) == ((), "yes")
    line["answers"]["vascular"] = "unsure"
    assert (rules_of(line), screen(line).bookable) == (("many_cautions",), "request")


def test_every_rule_that_holds_is_listed_in_the_datas_order():
    line = on_warfarin()
    line["answers"] |= {"antiplatelet": "unsure", "diabetes": "unsure", "immune": "unsure"}
    line["context"] |= {"regions": ["neck"], "age": 15}
    expected = ("bleed_deep_region", "dual_antithrombotic", "diabetes_immune", "below_min_age")
    result = screen(line)
    assert result.rules == expected
    assert [rule.sources for rule in result.fired] == [
        tuple(rule["sources"]) for rule in RULES["combination_rules"] if rule["id"] in expected
    ]


def test_a_result_says_what_each_item_and_rule_that_speaks_against_needling_rests_on():
    line = healthy(answers={"diabetes": "unsure", "immune": "unsure", "private_disclosure": "yes"})
    rule = next(rule for rule in RULES["combination_rules"] if rule["id"] == "diabetes_immune")
    assert sources_of(shipped_questionnaire(), screen(line)) == {
        "immune": [source["id"] for source in ITEM["immune"]["sources"]],
        "diabetes": [source["id"] for source in ITEM["diabetes"]["sources"]],
        "diabetes_immune": rule["sources"],
    }
