"""An item of the clinic's own, and its further questions, as forms."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from frontend.patient.words import GROUPS, REGIONS
from frontend.staff.forms import text_area
from frontend.staff.questionnaire_words import (
    FOLLOW_UP_CHOICES,
    OUTCOME_CHOICES,
    SCOPE_CHOICES,
    URGENCY_CHOICES,
)
from intake.rules.wording import MAX_WORDS

MAX_OPTIONS: Final = 12
SPARE_OPTIONS: Final = 4
OWN_SOURCE: Final = {"id": "CLINIC", "grade": "", "citation": "This clinic's own question"}
_OPTION_OUTCOMES: Final = (("", _("Only for information")), *OUTCOME_CHOICES, ("CLEAR", _("Nothing to mind")))


def _words(label: Any, *, rows: int = 2, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=MAX_WORDS, widget=text_area(rows), **more)


class ItemForm(forms.Form):
    """A question with yes, no and "not sure": what the answer comes to, and when it is asked."""

    label = forms.CharField(label=_("Short name, for staff"), max_length=80)
    group = forms.ChoiceField(
        label=_("On which page"),
        choices=[*GROUPS.items()][1:],
        initial="F_conditions",
    )
    question = _words(_("Question"))
    help = _words(_("Help under it"), required=False)
    triage_on = forms.ChoiceField(
        label=_("The answer that matters"), choices=(("yes", _("Yes")), ("no", _("No"))), initial="yes"
    )
    triage = forms.ChoiceField(label=_("That answer means"), choices=OUTCOME_CHOICES, initial="REVIEW")
    triage_if_unsure = forms.ChoiceField(label=_('"Not sure" means'), choices=OUTCOME_CHOICES, initial="REVIEW")
    urgent = forms.ChoiceField(label=_("How urgent"), choices=URGENCY_CHOICES, required=False)
    scope = forms.ChoiceField(label=_("It is about"), choices=SCOPE_CHOICES, initial="booking")
    follow_up_mode = forms.ChoiceField(
        label=_("Further questions"),
        choices=(
            ("raise", _("can only make it stricter")),
            ("decide", _("decide, once all of them are answered")),
        ),
        initial="raise",
    )
    reask = forms.ChoiceField(
        label=_("Asked again"),
        choices=(("each_booking", _("at each booking")), ("each_visit", _("before each visit"))),
        initial="each_booking",
    )
    regions = forms.MultipleChoiceField(
        label=_("Only for these places"), choices=list(REGIONS.items()), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: asked of everybody."),
    )  # fmt: skip
    patient_message = _words(
        _("What the patient is told when it fires"), required=False,
        help_text=_("You can write {{emergency_number}}, {{nurse_line}} or {{crisis_line}}."),
    )  # fmt: skip
    therapist_alert = _words(_("What the therapist sees"), required=False)
    rationale = _words(_("Why you ask"), required=False)

    def __init__(self, *args: Any, item: Mapping[str, Any] | None = None, **more: Any) -> None:
        super().__init__(*args, **{"initial": _initial(item) if item else None, **more})
        self.item = item

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("urgent") and said.get("triage") == "CAUTION":
            self.add_error("urgent", _("What is urgent can't be booked: choose another meaning, or not urgent."))
        return said

    def raw(self) -> dict[str, Any]:
        """The item as it stands in the data."""
        said = dict(self.cleaned_data)
        regions = said.pop("regions")
        return {
            **(self.item or {"id": f"clinic_{uuid4().hex[:8]}", "follow_ups": []}),
            **said,
            "urgent": said["urgent"] or None,
            "answer_type": "yes_no_unsure",
            "category": "relative",
            "applies_when": {"region_any": regions} if regions else {"always": True},
            "sources": [OWN_SOURCE],
        }


def _initial(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, "regions": item["applies_when"].get("region_any", []), "urgent": item.get("urgent") or ""}


class FollowUpForm(forms.Form):
    """A further question, with what its answers come to."""

    question = _words(_("Question"))
    help = _words(_("Help under it"), required=False)
    type = forms.ChoiceField(label=_("How it is answered"), choices=FOLLOW_UP_CHOICES, widget=forms.RadioSelect)
    yes = forms.ChoiceField(label=_('"Yes" means'), choices=_OPTION_OUTCOMES, required=False)
    no = forms.ChoiceField(label=_('"No" means'), choices=_OPTION_OUTCOMES, required=False)

    def __init__(self, *args: Any, follow_up: Mapping[str, Any] | None = None, **more: Any) -> None:
        self.follow_up = follow_up or {}
        self.options: list[dict[str, Any]] = (
            list(self.follow_up.get("options", ())) if self.follow_up.get("type") in ("choice", "multi") else []
        )
        super().__init__(*args, **{"initial": self._initial(), **more})
        self.rows = min(MAX_OPTIONS, len(self.options) + SPARE_OPTIONS)
        for number in range(self.rows):
            self.fields[f"label-{number}"] = forms.CharField(
                label=_("Choice %(number)s") % {"number": number + 1}, max_length=200, required=False
            )
            self.fields[f"triage-{number}"] = forms.ChoiceField(
                label=_("means"), choices=_OPTION_OUTCOMES, required=False
            )

    @property
    def option_rows(self) -> list[tuple[BoundField, BoundField]]:
        return [(self[f"label-{number}"], self[f"triage-{number}"]) for number in range(self.rows)]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("type") in ("choice", "multi"):
            labels = [said[f"label-{number}"] for number in range(self.rows) if said.get(f"label-{number}")]
            if len(labels) < (2 if said["type"] == "choice" else 1):
                self.add_error("label-0", _("Give at least two choices, or one where any number may be chosen."))
            if len(set(labels)) != len(labels):
                self.add_error("label-0", _("Two choices have the same words."))
        return said

    def raw(self) -> dict[str, Any]:
        """The follow-up as it stands in the data."""
        said = self.cleaned_data
        made = {
            "id": self.follow_up.get("id") or f"f{uuid4().hex[:6]}",
            "question": said["question"],
            "help": said["help"],
            "type": said["type"],
        }
        options = self._yes_and_no() if said["type"] == "yes_no" else self._choices()
        return made | ({"options": options} if options and said["type"] != "text" else {})

    def _yes_and_no(self) -> list[dict[str, Any]]:
        words = (("yes", str(_("Yes"))), ("no", str(_("No"))))
        options = [_option(value, label, self.cleaned_data[value]) for value, label in words]
        return options if any("triage" in one for one in options) else []

    def _choices(self) -> list[dict[str, Any]]:
        """The choices in their order; each keeps its value, so that answers to it keep their meaning."""
        made = []
        used = {one["value"] for one in self.options}
        fresh = (f"o{number}" for number in range(1, 1000) if f"o{number}" not in used)
        for number in range(self.rows):
            label = self.cleaned_data[f"label-{number}"]
            if label:
                value = self.options[number]["value"] if number < len(self.options) else next(fresh)
                made.append(_option(value, label, self.cleaned_data[f"triage-{number}"]))
        return made

    def _initial(self) -> dict[str, Any]:
        initial = {key: self.follow_up.get(key, "") for key in ("question", "help")}
        initial["type"] = self.follow_up.get("type", "choice")
        if initial["type"] == "yes_no":
            initial |= {one["value"]: one.get("triage", "") for one in self.follow_up.get("options", ())}
        for number, option in enumerate(self.options):
            initial |= {f"label-{number}": option["label"], f"triage-{number}": option.get("triage", "")}
        return initial


def _option(value: str, label: str, triage: str) -> dict[str, Any]:
    return {"value": value, "label": label} | ({"triage": triage} if triage else {})
