"""Who acts for governance in one domain."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0021_governed_history'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='DomainGovernor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='governors', to='catalog.domain')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='governed_domains', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['domain', 'person'],
            },
        ),
        migrations.CreateModel(
            name='DomainGovernorEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('domain', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.domain')),
                ('person', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='catalog.domaingovernor')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='domaingovernor',
            constraint=models.UniqueConstraint(fields=('domain', 'person'), name='domain_governor_once'),
        ),
        migrations.RunSQL(
            "CREATE INDEX catalog_domaingovernorevent_by_time"
            " ON catalog_domaingovernorevent (pgh_created_at DESC, pgh_id DESC)"
        ),
    ]
