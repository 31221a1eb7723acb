from django.db import migrations

FEES = ("late_fee", "no_show_fee")


def keep_what_holds(apps, schema_editor):
    """A service keeps its deposit, and as fees the parts of it that the clinic set."""
    place = apps.get_model("booking", "Location").objects.order_by("name").first()
    terms = apps.get_model("booking", "PaymentTerms")
    for service in apps.get_model("booking", "HealthcareService").objects.filter(deposit_amount__gt=0):
        percent = {fee: getattr(place, f"{fee}_percent") if place else 100 for fee in FEES}
        amounts = {f"{fee}_amount": (service.deposit_amount * percent[fee] + 50) // 100 or None for fee in FEES}
        terms.objects.create(
            service=service, variant="any", way="deposit", deposit_amount=service.deposit_amount, **amounts
        )
    apps.get_model("booking", "Location").objects.filter(province="QC").update(forbids_prepayment=True)


def write_back(apps, schema_editor):
    """Deposits alone: the fees of a clinic were parts of them."""
    for one in apps.get_model("booking", "PaymentTerms").objects.exclude(deposit_amount=None).select_related("service"):
        one.service.deposit_amount = one.deposit_amount
        one.service.save(update_fields=["deposit_amount"])


class Migration(migrations.Migration):
    dependencies = [("booking", "0025_services_have_terms")]

    operations = [migrations.RunPython(keep_what_holds, write_back, elidable=True)]
