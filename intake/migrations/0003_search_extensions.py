from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Searching for patients forgives accents and typing."""

    dependencies = [("intake", "0002_cache_entry")]

    operations = [UnaccentExtension(), TrigramExtension()]
