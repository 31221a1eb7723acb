"""Hypothesis strategies for lines of answers: any well-formed ones, and complete ones."""

from hypothesis import strategies as st

from tests.intake.rules.lines import ITEMS, RULES, possible_answers, safe

GATES = {
    "yes_no_unsure": ["yes", "no", "no", "no", "unsure", None],
    "yes_no_unsure_na": ["yes", "no", "unsure", "na", None],
}
GATED = [item["id"] for item in ITEMS if item["answer_type"] in GATES]
REGIONS = st.lists(st.sampled_from(RULES["regions"]), min_size=1, max_size=4, unique=True)


@st.composite
def contexts(draw):
    return {
        "regions": draw(REGIONS),
        "likely_regions": draw(REGIONS),
        "age": draw(st.integers(0, 120)),
        "modality": draw(st.sampled_from(RULES["modalities"])),
        "stage": draw(st.sampled_from(RULES["stages"])),
        "visit": draw(st.sampled_from(RULES["visits"])),
        "on": "2026-11-22",
    }


@st.composite
def answers_to(draw, follow_ups, *, may_lack=True):
    lacking = [None] if may_lack else []
    given = {one["id"]: draw(st.sampled_from([*lacking, *possible_answers(one)])) for one in follow_ups}
    return {key: answer for key, answer in given.items() if answer is not None}


@st.composite
def lines(draw, *, is_complete=False):
    """A line on which up to eight items are answered in any way and the others safely; complete if asked for."""
    line = {"context": draw(contexts()), "answers": {}, "follow_ups": {}}
    risks = draw(st.sets(st.sampled_from([item["id"] for item in ITEMS]), max_size=8))
    for item in ITEMS:
        name = item["id"]
        if name in GATED:
            gate = draw(st.sampled_from(GATES[item["answer_type"]])) if name in risks else safe(item)
            if gate or is_complete:
                line["answers"][name] = gate or item["triage_on"]
        if name in risks or name not in GATED:
            line["follow_ups"][name] = draw(answers_to(item["follow_ups"], may_lack=not is_complete))
    return line
