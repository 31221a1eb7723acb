"""What a patient reads before signing: shipped as data, with the risks of each region and where they come from."""

import json
from pathlib import Path

from intake.information import INFORMATION_VERSION, current_information, risks_of
from intake.questionnaires.shipped import shipped_questionnaire

DATA = json.loads(
    (Path(__file__).parents[2] / f"intake/questionnaires/information/{INFORMATION_VERSION}.en.json").read_text()
)
LUNG = ("neck", "shoulder_girdle", "upper_back_thorax", "chest")


def test_the_hash_is_of_exactly_what_is_shown() -> None:
    shown = current_information("en")
    assert (shown.version, len(shown.hash)) == (INFORMATION_VERSION, 64)
    for words in (DATA["title"], DATA["figures"][0]["figure"], DATA["rare"], DATA["sections"][0]["text"]):
        assert words in shown.text


def test_a_language_without_a_translation_is_shown_in_english() -> None:
    assert current_information("fr-CA") == current_information("en")


def test_every_region_near_the_lung_names_it_and_no_other_does() -> None:
    for region in shipped_questionnaire().regions:
        named = {risk.id for risk in risks_of([region], "manual", "en")}
        assert ("lung" in named) == (region in LUNG)
        assert "everywhere" in named


def test_current_has_a_risk_of_its_own() -> None:
    assert [risk.id for risk in risks_of(["thigh"], "electrical", "en")] == ["current", "everywhere"]
    assert [risk.id for risk in risks_of(["thigh"], "manual", "en")] == ["everywhere"]


def test_every_risk_names_known_regions_and_its_sources() -> None:
    known = set(shipped_questionnaire().regions)
    for risk in DATA["regions"]:
        assert set(risk["regions"]) <= known
    for one in (*DATA["figures"], *DATA["regions"], *DATA["techniques"], DATA["everywhere"]):
        assert one["sources"]
        assert set(one["sources"]) <= set(DATA["sources"])
    cited = {name for one in (*DATA["figures"], *DATA["regions"], *DATA["techniques"]) for name in one["sources"]}
    assert cited | set(DATA["rare_sources"]) == set(DATA["sources"])


def test_numbers_say_who_counted_and_nothing_is_promised() -> None:
    shown = current_information("en")
    assert "Therapists counted" in shown.figures_note
    assert "1 in 100,000" in risks_of(["neck"], "manual", "en")[0].text
    assert "good sign" not in shown.text
