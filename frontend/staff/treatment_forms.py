"""What a therapist chooses, asks and writes down in the room."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.models import TreatmentRecord
from booking.services.treatments import MAX_NEEDLES, MAX_NOTE, Treated
from frontend.staff.forms import text_area
from frontend.staff.words import REGIONS
from intake.models import Patient
from intake.rules.items import UNKNOWN, FollowUp, answer_values
from intake.selectors.regions import OpenItem
from intake.services.consents import Talk

TECHNIQUES: Final = {"manual": _("By hand"), "electrical": _("With current")}
EVENTS: Final = (
    ("bleeding", _("Bleeding")),
    ("bruise", _("Bruise")),
    ("pain", _("More pain than usual")),
    ("faint", _("Fainted or nearly")),
    ("drowsy", _("Sleepy")),
    ("nausea", _("Nausea or headache")),
    ("worse", _("Symptoms worse")),
    ("needle-trouble", _("Bent, stuck or broken needle")),
    ("other", _("Something else (say what in the note)")),
)
_GATES: Final = {"yes": _("Yes"), "no": _("No"), "unsure": _("Not sure"), "na": _("Does not apply")}


class PlanForm(forms.Form):
    """Where and how."""

    regions = forms.MultipleChoiceField(
        label=_("Where you treat today"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Please choose where you treat.")},
    )
    technique = forms.ChoiceField(label=_("How"), widget=forms.RadioSelect)

    def __init__(
        self, *args: Any, regions: tuple[str, ...], first: tuple[str, ...], techniques: tuple[str, ...], **more: Any
    ) -> None:
        """`first`: the likely ones stand before the others."""
        super().__init__(*args, **more)
        ordered = [*(one for one in regions if one in first), *(one for one in regions if one not in first)]
        self._choices("regions", [(one, REGIONS[one]) for one in ordered])
        self._choices("technique", [(one, TECHNIQUES[one]) for one in techniques])
        if len(techniques) == 1:
            self.fields["technique"].widget = forms.HiddenInput()
            self.fields["technique"].initial = techniques[0]

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class RoomQuestionsForm(forms.Form):
    """The questions that only these regions ask; `answers` and `follow_ups` hold what was said."""

    def __init__(self, *args: Any, open_items: tuple[OpenItem, ...], **more: Any) -> None:
        super().__init__(*args, **more)
        self.open_items = open_items
        for one in open_items:
            if one.asks_gate:
                self.fields[one.item.id] = forms.ChoiceField(
                    label=one.item.question,
                    help_text=one.item.help,
                    choices=[(value, _GATES[value]) for value in one.item.gate_answers],
                    widget=forms.RadioSelect,
                )
            for follow_up in self._asked(one):
                self.fields[f"{one.item.id}--{follow_up.id}"] = _field(follow_up, one)

    def line(self) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        """The answers, and the follow-ups of those that were given."""
        said = self.cleaned_data
        answers = {one.item.id: said[one.item.id] for one in self.open_items if one.asks_gate}
        follow_ups: dict[str, dict[str, Any]] = {}
        for one in self.open_items:
            for follow_up in self._asked(one):
                value = _value(follow_up, said[f"{one.item.id}--{follow_up.id}"])
                if value is not None:
                    follow_ups.setdefault(one.item.id, {})[follow_up.id] = value
        return answers, follow_ups

    @staticmethod
    def _asked(one: OpenItem) -> tuple[FollowUp, ...]:
        return tuple(follow_up for follow_up in one.item.follow_ups if follow_up.id in one.item.deciding)


class TalkForm(forms.Form):
    """What was said about the risks, and the patient's yes."""

    says_yes = forms.BooleanField(
        label=_("We have talked about these risks and the other options, and the patient says yes"),
        error_messages={"required": _("Without the patient's yes there is no consent.")},
    )
    young_person_agrees = forms.BooleanField(label=_("The young person agrees too"), required=False)
    why_mature = forms.CharField(
        label=_("Decides alone: why you find this young person able to"),
        required=False,
        max_length=2000,
        widget=text_area(2),
        help_text=_("Leave empty where a parent or guardian has signed."),
    )
    note = forms.CharField(
        label=_("Questions that came up, an interpreter, anything else"),
        required=False,
        max_length=2000,
        widget=text_area(2),
    )

    def __init__(self, *args: Any, must_agree: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not must_agree:
            del self.fields["young_person_agrees"], self.fields["why_mature"]

    def talk(self, regions: tuple[str, ...], technique: str) -> Talk:
        return Talk(regions=regions, technique=technique, **self.cleaned_data)


class RoomDecisionForm(forms.Form):
    """A therapist's decision about what only these regions brought."""

    reason = forms.CharField(label=_("Why you needle all the same"), max_length=2000, widget=text_area(2))
    regions = forms.MultipleChoiceField(
        label=_("Excluded regions that you needle"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, excluded: tuple[str, ...], **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["regions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(one, REGIONS[one]) for one in excluded]
        if not excluded:
            del self.fields["regions"]


class RecordForm(forms.Form):
    """What was done."""

    needling = forms.ChoiceField(
        label=_("Needling"), choices=TreatmentRecord.Needling.choices, widget=forms.RadioSelect, initial="done"
    )
    regions = forms.MultipleChoiceField(label=_("Where"), required=False, widget=forms.CheckboxSelectMultiple)
    needles = forms.IntegerField(label=_("Needles"), required=False, min_value=0, max_value=MAX_NEEDLES)
    events = forms.MultipleChoiceField(
        label=_("Anything unwanted"), required=False, choices=EVENTS, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=MAX_NOTE, widget=text_area(3))
    notes_given = forms.BooleanField(
        label=_("The notes for after the visit were handed over"),
        required=False,
        help_text=_("Before they leave, on paper or opened on their phone. Near the lungs a mail alone is not enough."),
    )
    why_amended = forms.CharField(label=_("Why you change the record"), max_length=MAX_NOTE, widget=text_area(2))

    def __init__(self, *args: Any, regions: tuple[str, ...], may_needle: bool, amends: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        where = self.fields["regions"]
        assert isinstance(where, forms.MultipleChoiceField)
        where.choices, where.initial = [(one, REGIONS[one]) for one in regions], list(regions)
        if not may_needle:
            self.fields["needling"].initial = "none"
        if not amends:
            del self.fields["why_amended"]

    def treated(self, technique: str) -> Treated:
        said = self.cleaned_data
        none = said["needling"] == TreatmentRecord.Needling.NONE
        return Treated(
            needling=said["needling"],
            regions=() if none else tuple(said["regions"]),
            technique="" if none else technique,
            needles=None if none else said["needles"],
            events=tuple(said["events"]),
            note=said["note"],
            notes_given=said["notes_given"],
            why_amended=said.get("why_amended", ""),
        )


class GuardianForm(forms.Form):
    """What the account that acts for a young person may see."""

    sees = forms.ChoiceField(
        label=_("What a parent's account sees"), choices=Patient.GuardianSees.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=_("Why"), max_length=2000, widget=text_area(2))


class WithdrawalForm(forms.Form):
    """Taken back at the patient's word."""

    reason = forms.CharField(
        label=_("What the patient said"),
        required=False,
        max_length=2000,
        widget=text_area(2),
        help_text=_("Nobody has to say why."),
    )


def _field(follow_up: FollowUp, one: OpenItem) -> forms.Field:
    label = follow_up.question or one.item.question
    labels = {option.value: option.label for option in follow_up.options}
    choices = [(value, labels.get(value) or _GATES.get(value) or _("Not known")) for value in answer_values(follow_up)]
    kind: dict[str, Any] = {"label": label, "help_text": follow_up.help, "required": not one.asks_gate}
    if follow_up.type == "multi":
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, **kind | {"required": False}
        )
    if choices:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **kind)
    if follow_up.type == "number":
        return forms.FloatField(**kind)
    if follow_up.type == "date":
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **kind)
    return forms.CharField(max_length=2000, **kind)


def _value(follow_up: FollowUp, said: Any) -> Any:
    if follow_up.type == "multi":
        return list(said)
    if said in (None, ""):
        return UNKNOWN if follow_up.unknown_allowed else None
    return said.isoformat() if follow_up.type == "date" else said
