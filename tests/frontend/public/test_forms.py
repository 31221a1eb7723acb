"""Every form field is tied to its label, its help and its error, and the summary leads to it."""

from django import forms
from django.template.loader import render_to_string
from django.test import SimpleTestCase


class Visit(forms.Form):
    name = forms.CharField(label="Your name", help_text="As on your health card.")
    note = forms.CharField(label="Anything else", required=False)
    medicine = forms.MultipleChoiceField(
        label="Which one?",
        choices=[("warfarin", "Warfarin"), ("none", "None of these")],
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose all that apply.",
    )
    agree = forms.BooleanField(label="I agree", error_messages={"required": "Please agree first."})


class FormMarkup(SimpleTestCase):
    def test_a_field_is_described_by_its_help_and_its_error(self) -> None:
        html = str(Visit({})["name"].as_field_group())
        assert '<label for="id_name">Your name</label>' in html
        assert 'id="id_name_helptext"' in html
        assert 'id="id_name_error"' in html
        assert 'aria-describedby="id_name_helptext id_name_error"' in html
        assert 'aria-invalid="true"' in html

    def test_a_field_that_may_be_empty_says_so(self) -> None:
        assert "(optional)" in str(Visit()["note"].as_field_group())

    def test_a_group_is_a_fieldset_with_a_legend_and_a_label_for_each_choice(self) -> None:
        html = str(Visit({})["medicine"].as_field_group())
        assert "<legend" in html
        assert 'aria-describedby="id_medicine_helptext id_medicine_error"' in html
        assert html.count("<label") == 2
        assert 'for="id_medicine_1"' in html

    def test_the_summary_leads_to_the_first_input_of_each_field(self) -> None:
        html = render_to_string("components/_errors.html", {"form": Visit({})})
        assert '<a href="#id_name">Your name: This field is required.</a>' in html
        assert '<a href="#id_medicine_0">Which one? This field is required.</a>' in html
        assert '<a href="#id_agree">Please agree first.</a>' in html

    def test_a_form_without_errors_has_no_summary(self) -> None:
        assert render_to_string("components/_errors.html", {"form": Visit()}).strip() == ""
