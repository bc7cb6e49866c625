"""Rows name the machine that made them, and consumers may be enforcement points."""

import catalog.callers
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


CALLERS = """CREATE INDEX pghistory_context_caller ON pghistory_context ((metadata ->> 'caller'), created_at DESC)
    WHERE metadata ->> 'caller' IS NOT NULL"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0002_reviewed_claims'),
    ]

    operations = [
        migrations.AddField(
            model_name='agreement',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='ended_caller',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='agreementevent',
            name='caller',
            field=models.ForeignKey(blank=True, db_constraint=False, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='agreementevent',
            name='ended_caller',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='consumer',
            name='is_enforcement_point',
            field=models.BooleanField(default=False, help_text='May ask about other consumers, and which consumers there are. Governance gives this right.'),
        ),
        migrations.AddField(
            model_name='consumerevent',
            name='is_enforcement_point',
            field=models.BooleanField(default=False, help_text='May ask about other consumers, and which consumers there are. Governance gives this right.'),
        ),
        migrations.AddField(
            model_name='contract',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='notification',
            name='caller_read_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='scopes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('trust:read', 'trust:read'), ('decide', 'decide'), ('reports:write', 'reports:write'), ('agreements:request', 'agreements:request'), ('recalls:acknowledge', 'recalls:acknowledge'), ('catalog:write', 'catalog:write'), ('admin', 'admin')], max_length=40), default=list, size=None),
        ),
        migrations.AlterField(
            model_name='apikeyevent',
            name='scopes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('trust:read', 'trust:read'), ('decide', 'decide'), ('reports:write', 'reports:write'), ('agreements:request', 'agreements:request'), ('recalls:acknowledge', 'recalls:acknowledge'), ('catalog:write', 'catalog:write'), ('admin', 'admin')], max_length=40), default=list, size=None),
        ),
        migrations.AddConstraint(
            model_name='consumer',
            constraint=models.CheckConstraint(condition=models.Q(('is_enforcement_point', False), models.Q(('kind__in', ['ai_agent', 'ai_model']), _negated=True), _connector='OR'), name='consumer_ai_asks_about_itself'),
        ),
        migrations.RunSQL(CALLERS, "DROP INDEX pghistory_context_caller"),
    ]
