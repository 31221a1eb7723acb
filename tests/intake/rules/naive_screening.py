"""A second, deliberately naive reading of the questionnaire's `evaluation`, straight over the raw JSON.

It shares no code with the engine, checks nothing and is slow; where the two differ, one of them misread the data.
"""

# ruff: noqa: C901, PERF401
from datetime import date

STRICT = ["STOP", "REVIEW", "CAUTION", "CLEAR"]
STRONG = ["EMERGENCY", "SAME_DAY", "MEDICAL_SOON"]


def naive_screen(items, rules, line, *, assume_unanswered_safe=False):
    context = {"likely_regions": [], **line["context"]}
    answers, follow_ups = line.get("answers", {}), line.get("follow_ups", {})
    kept = [item for item in items if holds(item["applies_when"], context, rules)]
    results, urgents, active, visible, unanswered, excluded = {}, [], set(), {}, [], []
    for item in kept:
        name = item["id"]
        gated = item["answer_type"].startswith("yes_no")
        answer = answers.get(name) if gated else None
        if gated and answer is None:
            results[name] = "CLEAR" if assume_unanswered_safe else None
            if not assume_unanswered_safe:
                unanswered.append(name)
            continue
        if answer == "unsure":
            result, urgent, shown = item["triage_if_unsure"], None, {}
            if result == "STOP":
                urgent = item["urgent"]
        elif item["triage_on"] in ("applies", "follow_up") or answer == item["triage_on"]:
            shown = see(item, follow_ups.get(name, {}))
            result, urgent = weigh(item, shown, context, rules)
            for follow_up in item["follow_ups"]:
                if follow_up["id"] in shown and bears(follow_up) and shown[follow_up["id"]] is None:
                    unanswered.append(f"{name}.{follow_up['id']}")
        else:
            results[name] = "CLEAR"
            continue
        if item["scope"] == "region" and result == "STOP":
            excluded += context["regions"]
            if len(context["regions"]) > 1:
                result = "REVIEW"
        results[name] = result
        urgents.append(urgent)
        visible[name] = shown
        if result != "CLEAR":
            active.add(name)
    held = [
        rule for rule in rules["combination_rules"] if holds(rule["when"], context, rules, results, active, visible)
    ]
    for rule in held:
        urgents.append(rule.get("urgent"))
        if rule.get("flag") == "exclude_region":
            excluded += [region for region in context["regions"] if region in str(rule["when"])]
    outcome = worst([*results.values(), *(rule["raise_to"] for rule in held)])
    urgent = strongest(urgents)
    bookable = {"STOP": "no", "REVIEW": "request"}.get(outcome, "yes")
    if unanswered or urgent:
        bookable = "no"
    return {
        "outcome": outcome,
        "urgent": urgent,
        "bookable": bookable,
        "complete": unanswered == [],
        "unanswered": unanswered,
        "items": results,
        "rules": [rule["id"] for rule in held],
        "excluded_regions": [region for region in context["regions"] if region in excluded],
        "rules_version": rules["rules_version"],
    }


def worst(outcomes):
    return sorted([one for one in outcomes if one], key=STRICT.index)[0] if any(outcomes) else "CLEAR"


def strongest(urgents):
    return sorted([one for one in urgents if one], key=STRONG.index)[0] if any(urgents) else None


def bears(follow_up):
    return "rules" in follow_up or any("triage" in option for option in follow_up.get("options", []))


def see(item, given):
    """The visible follow-ups with their answers, None where there is none."""
    shown = {}
    for follow_up in item["follow_ups"]:
        conditions = follow_up.get("show_if", {})
        if all(is_met(shown.get(parent), value) for parent, value in conditions.items()):
            shown[follow_up["id"]] = given.get(follow_up["id"])
    return shown


def is_met(answer, value):
    wanted = value if isinstance(value, list) else [value]
    chosen = answer if isinstance(answer, list) else [answer]
    return any(one in wanted for one in chosen)


def weigh(item, shown, context, rules):
    chosen = []
    for follow_up in item["follow_ups"]:
        answer = shown.get(follow_up["id"])
        for option in follow_up.get("options", []):
            if answer == option["value"] or (isinstance(answer, list) and option["value"] in answer):
                chosen.append(option)
        for rule in follow_up.get("rules", []):
            if answer is not None and answer != "unknown" and rule_matches(follow_up, rule, answer, context, rules):
                chosen.append(rule)
    chosen = [one for one in chosen if "triage" in one]
    if item["follow_up_mode"] == "raise":
        return worst([item["triage"], *(one["triage"] for one in chosen)]), strongest(
            [item["urgent"], *(one.get("urgent") for one in chosen)]
        )
    open_ones = [
        follow_up["id"]
        for follow_up in item["follow_ups"]
        if follow_up["id"] in shown
        and shown[follow_up["id"]] is None
        and any("triage" in option for option in follow_up.get("options", []))
    ]
    if chosen and not open_ones:
        return worst([one["triage"] for one in chosen]), strongest([one.get("urgent") for one in chosen])
    return item["triage"], item["urgent"]


def rule_matches(follow_up, rule, answer, context, rules):
    config = rules["clinic_config"]
    if rule["op"] == "older_than_days":
        days = (date.fromisoformat(context["on"]) - date.fromisoformat(answer)).days
        return days > config["inr_max_age_days"]
    setting = {4.5: "inr_same_day", 3.5: "inr_stop", 3.0: "inr_high_priority"}[rule["value"]]
    return answer > config[setting]


def holds(when, context, rules, results=None, active=(), visible=None):
    [(key, value)] = when.items()

    def again(part):
        return holds(part, context, rules, results, active, visible)

    if key == "always":
        return True
    if key == "all":
        return all(again(part) for part in value)
    if key == "any":
        return any(again(part) for part in value)
    if key == "region_any":
        return any(region in value for region in context["regions"] + context["likely_regions"])
    if key in ("modality_any", "stage_any", "visit_any"):
        return context[key.removesuffix("_any")] in value
    if key == "age_below":
        return context["age"] < value
    if key == "age_below_config":
        return context["age"] < rules["clinic_config"][value]
    if key == "item_any":
        return any(item in active for item in value)
    if key == "follow_up":
        return value["item"] in active and is_met(visible[value["item"]].get(value["id"]), value["value"])
    if key == "not_follow_up":
        return not is_met(visible.get(value["item"], {}).get(value["id"]), value["value"])
    if key == "count_at_least":
        counted = [item for item, result in results.items() if result == value["triage"]]
        return len([item for item in counted if item not in value["except"]]) >= value["n"]
    raise AssertionError(key)
