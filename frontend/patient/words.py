"""Our words for the words of the rules. Texts of the questionnaire are translated as they stand there."""

from typing import Final

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from intake.rules.wording import said_in

REGIONS: Final = {
    "head_face": _("Head or face"),
    "neck": _("Neck"),
    "shoulder_girdle": _("Shoulder or shoulder blade"),
    "upper_back_thorax": _("Upper back or ribs"),
    "chest": _("Chest"),
    "abdomen": _("Belly"),
    "low_back": _("Low back"),
    "pelvis_hip": _("Hip, buttock or groin"),
    "thigh": _("Thigh"),
    "knee": _("Knee"),
    "calf_shin": _("Calf or shin"),
    "ankle_foot": _("Ankle or foot"),
    "upper_arm": _("Upper arm"),
    "elbow_forearm": _("Elbow or forearm"),
    "wrist_hand": _("Wrist or hand"),
}
GROUPS: Final = {
    "A_red_flags": _("First, signs that can't wait"),
    "B_choice_consent": _("Needles and you"),
    "C_past_reactions": _("Needles before"),
    "D_bleeding": _("Bleeding and bruising"),
    "E_infection_immune": _("Skin and infections"),
    "F_conditions": _("Your health"),
    "G_allergy_meds_mind": _("Allergies, medicines and mind"),
    "H_day_of_visit": _("Today"),
}
ANSWERS: Final = {
    "yes": _("Yes"),
    "no": _("No"),
    "unsure": _("Not sure"),
    "na": _("Does not apply"),
    "unknown": _("I don't know"),
}
KINDS: Final = {
    "manual": (_("Dry needling"), _("All health questions, about three minutes.")),
    "electrical": (_("Dry needling with a gentle current"), _("All health questions, about three minutes.")),
    "none": (_("A visit without needles"), _("Only a few questions about urgent signs.")),
}


def said(text: str) -> str:
    """A text of the questionnaire in the reader's language: in the clinic's own words where it has any.

    (gettext gives an empty text its own header.)
    """
    return said_in(text, get_language() or "en") or (gettext(text) if text else "")


def region(name: str) -> str:
    return str(REGIONS.get(name, name.replace("_", " ")))


def group(name: str) -> str:
    return str(GROUPS.get(name, _("Your health")))
