"""Lines of answers for tests: a healthy person's, and changes to them."""

import copy
from datetime import date
from functools import partial

from intake.questionnaires.shipped import shipped_data, shipped_questionnaire
from intake.rules.answers import read_line
from intake.rules.screening import evaluate

ITEMS, RULES = shipped_data()
ITEM = {item["id"]: item for item in ITEMS}
TODAY = date(2026, 11, 22)


def healthy(*, follow_ups=None, answers=None, **context):
    """A complete line on which nothing speaks against needling, but for what is changed by the arguments."""
    line = {
        "context": {
            "regions": ["knee"],
            "likely_regions": [],
            "age": 40,
            "modality": "manual",
            "stage": "booking",
            "visit": "first",
            "on": TODAY.isoformat(),
            **context,
        },
        "answers": {item["id"]: safe(item) for item in ITEMS if item["answer_type"].startswith("yes_no")},
        "follow_ups": {
            "needle_choice": {"level": "fine"},
            "minor": {"guardian": "yes", "young_person_agrees": "yes"},
            "thoracic_region": {"travel": "no"},
        },
    }
    line["answers"] |= answers or {}
    for item, given in (follow_ups or {}).items():
        line["follow_ups"][item] = {**line["follow_ups"].get(item, {}), **given}
    return copy.deepcopy(line)


def safe(item):
    return {"yes": "no", "no": "yes"}[item["triage_on"]]


def screen(line, *, assume_unanswered_safe=False, **settings):
    """The engine's result of a line."""
    questionnaire = shipped_questionnaire(**settings)
    context, answers = read_line(questionnaire, line, today=TODAY)
    return evaluate(questionnaire, context, answers, assume_unanswered_safe=assume_unanswered_safe)


def possible_answers(follow_up):
    """Every single answer of a follow-up that could make a difference."""
    values = [option["value"] for option in follow_up.get("options", [])]
    if follow_up["type"] == "multi":
        answers = [[], *([value] for value in values), values]
    elif follow_up["type"] == "number":
        answers = [0.5, 3, 3.0, 3.01, 3.5, 3.51, 4.5, 4.51, 20]
    elif follow_up["type"] == "date":
        answers = ["1900-01-01", "2026-10-22", "2026-10-23", "2026-10-24", "2026-11-22"]
    elif follow_up["type"] == "text":
        answers = ["", "some words"]
    else:
        answers = values or ["yes", "no"]
    return [*answers, "unknown"] if follow_up.get("unknown_allowed") else answers


def calm_answers(follow_ups):
    """To each follow-up the answer that restricts least."""
    return {
        follow_up["id"]: min(possible_answers(follow_up), key=partial(_weight, follow_up)) for follow_up in follow_ups
    }


def _weight(follow_up, answer):
    triage_of = {option["value"]: option.get("triage", "CLEAR") for option in follow_up.get("options", [])}
    chosen = answer if isinstance(answer, list) else [answer]
    return max((["CLEAR", "CAUTION", "REVIEW", "STOP"].index(triage_of.get(one, "CLEAR")) for one in chosen), default=0)


def context_that_keeps(item):
    """A context in which the item is asked."""
    text = str(item["applies_when"])
    context = {"regions": ["knee"]}
    if "region_any" in text:
        context["regions"] = [region for region in RULES["regions"] if region in text][:1]
    if "age_below" in text:
        context["age"] = 17
    if "stage_any" in text:
        context["stage"] = "check_in"
    if "visit_any" in text:
        context["visit"] = "return"
    if "modality_any" in text:
        context["modality"] = "electrical"
    return context
