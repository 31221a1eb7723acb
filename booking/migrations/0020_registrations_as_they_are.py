from django.db import migrations


def keep_what_is_known(apps, schema_editor):
    """From when it holds was never written down: since before our records."""
    registration = apps.get_model("booking", "Registration")
    registration.objects.bulk_create(
        registration(practitioner=one, title=one.title, number=one.registration_number, college=one.register or "—")
        for one in apps.get_model("booking", "Practitioner").objects.exclude(registration_number="")
    )


def write_back(apps, schema_editor):
    for one in apps.get_model("booking", "Practitioner").objects.all():
        latest = one.registrations.order_by("valid_until").last()
        if latest is not None:
            one.registration_number, one.register = latest.number, latest.college
            one.save(update_fields=["registration_number", "register"])


class Migration(migrations.Migration):
    dependencies = [("booking", "0019_therapists_have_registrations")]

    operations = [migrations.RunPython(keep_what_is_known, write_back, elidable=True)]
