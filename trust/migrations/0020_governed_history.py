"""The history of suites and trust policies, with the policy that an installation starts with."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


TABLES = ("suiteevent", "trustpolicyversionevent")


def add_first_policies(apps, schema_editor):
    """The triggers that write the history of later ones are installed after the last migration."""
    events = apps.get_model("trust", "TrustPolicyVersionEvent").objects
    names = [field.attname for field in events.model._meta.concrete_fields if not field.name.startswith("pgh_")]
    for policy in apps.get_model("trust", "TrustPolicyVersion").objects.order_by("id"):
        events.create(pgh_label="insert", pgh_obj=policy, **{name: getattr(policy, name) for name in names})


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0021_governed_history'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('trust', '0010_callers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SuiteEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('version', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=200)),
                ('digest', models.CharField(max_length=64)),
                ('schedule', models.CharField(blank=True, max_length=100)),
                ('is_current', models.BooleanField(default=True)),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trust.suite')),
                ('port', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.outputport')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TrustPolicyVersionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('version', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('note', models.TextField(blank=True)),
                ('is_current', models.BooleanField(default=True)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('proposed_at', models.DateTimeField(blank=True, null=True)),
                ('based_on', models.PositiveIntegerField(blank=True, null=True)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trust.trustpolicyversion')),
                ('proposed_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('published_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        *(
            migrations.RunSQL(
                f"CREATE INDEX trust_{table}_by_time ON trust_{table} (pgh_created_at DESC, pgh_id DESC)"
            )
            for table in TABLES
        ),
        migrations.RunPython(add_first_policies),
    ]
