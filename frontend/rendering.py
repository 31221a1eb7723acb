"""How Django forms become our markup."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Forms and fields through `components/`: label, help and error, each tied to its input."""

    form_template_name = "components/forms/form.html"
    field_template_name = "components/_field.html"
