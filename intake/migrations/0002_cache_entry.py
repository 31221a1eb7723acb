"""The table of the database cache, so that the web needs nothing but PostgreSQL."""

from django.core.management import call_command
from django.db import migrations


def make_table(apps, schema_editor):
    call_command("createcachetable", verbosity=0, database=schema_editor.connection.alias)


def drop_table(apps, schema_editor):
    schema_editor.execute("DROP TABLE IF EXISTS cache_entry")


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial")]
    operations = [migrations.RunPython(make_table, drop_table)]
