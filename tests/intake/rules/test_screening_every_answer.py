"""Every single answer of the shipped questionnaire, against a second reading of the data."""

import itertools

import pytest

from tests.intake.rules.lines import (
    ITEMS,
    RULES,
    calm_answers,
    context_that_keeps,
    healthy,
    possible_answers,
    screen,
)
from tests.intake.rules.naive_screening import naive_screen

SEVERAL_REGIONS = ["low_back", "pelvis_hip", "neck"]
GATES = {"yes_no_unsure": ["yes", "no", "unsure"], "yes_no_unsure_na": ["yes", "no", "unsure", "na"]}


def lines_of(item):
    """The item alone: unanswered, each gate, then each follow-up's every answer, alone and with each other one's."""
    name = item["id"]
    context = context_that_keeps(item)
    several = {
        **context,
        "regions": [*context["regions"], *(r for r in SEVERAL_REGIONS if r not in context["regions"])],
    }
    for where in (context, several):
        yield from complete_lines_of(item, where)
        unanswered = healthy(**where)
        unanswered["answers"].pop(name, None)
        unanswered["follow_ups"].pop(name, None)
        yield unanswered
        for gate in GATES.get(item["answer_type"], [None]):
            answers = {name: gate} if gate else {}
            for given in follow_up_answers(item["follow_ups"]):
                line = healthy(answers=answers, **where)
                line["follow_ups"][name] = given
                yield line


def complete_lines_of(item, where):
    """Each gate, and each follow-up's every answer, within a form that is complete and else as harmless as can be."""
    name, calm = item["id"], calm_answers(item["follow_ups"])
    for gate in GATES.get(item["answer_type"], [None]):
        for changed in ({}, *({one["id"]: answer} for one in item["follow_ups"] for answer in possible_answers(one))):
            yield healthy(answers={name: gate} if gate else {}, follow_ups={name: {**calm, **changed}}, **where)


def follow_up_answers(follow_ups):
    yield {}
    choices = [[(follow_up["id"], answer) for answer in possible_answers(follow_up)] for follow_up in follow_ups]
    for one in itertools.chain(*choices):
        yield dict([one])
    for first, second in itertools.combinations(choices, 2):
        yield from (dict(pair) for pair in itertools.product(first, second))
    if len(choices) > 2:
        yield from (dict(all_of_them) for all_of_them in itertools.islice(itertools.product(*choices), 3000))


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_every_answer_gives_what_the_data_says(item):
    for line in lines_of(item):
        assert screen(line).as_line() == naive_screen(ITEMS, RULES, line), line


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_every_answer_alone_gives_what_the_data_says_when_the_rest_is_assumed_safe(item):
    for line in lines_of(item):
        alone = {
            "context": line["context"],
            "answers": {name: answer for name, answer in line["answers"].items() if name == item["id"]},
            "follow_ups": {name: given for name, given in line["follow_ups"].items() if name == item["id"]},
        }
        result = screen(alone, assume_unanswered_safe=True).as_line()
        assert result == naive_screen(ITEMS, RULES, alone, assume_unanswered_safe=True), alone


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_every_option_alone_in_a_complete_form_is_screened_whole(item):
    for line in complete_lines_of(item, context_that_keeps(item)):
        result = screen(line)
        assert (result.complete, result.unanswered) == (True, ())
        assert result.items[item["id"]] is not None


def test_a_healthy_person_is_clear_and_may_book():
    result = screen(healthy())
    assert (result.outcome, result.urgent, result.bookable, result.complete) == ("CLEAR", None, "yes", True)
    assert set(result.items.values()) == {"CLEAR"}
