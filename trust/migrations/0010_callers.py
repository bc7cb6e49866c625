"""Rows name the machine that made them; a recall keeps what the consumer itself acknowledged."""

import catalog.callers
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0010_callers'),
        ('trust', '0003_run_figures'),
    ]

    operations = [
        migrations.AddField(
            model_name='decisionuse',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='incident',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='incident',
            name='resolved_caller',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='incidententry',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='incidententryevent',
            name='caller',
            field=models.ForeignKey(blank=True, db_constraint=False, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='incidentevent',
            name='caller',
            field=models.ForeignKey(blank=True, db_constraint=False, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='incidentevent',
            name='resolved_caller',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='outcomereport',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='outputexception',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='outputexceptionevent',
            name='caller',
            field=models.ForeignKey(blank=True, db_constraint=False, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='recalledconsumer',
            name='caller',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='recalledconsumer',
            name='caller_acknowledged_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='stagemove',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='stagemove',
            name='decided_caller',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='stagemoveevent',
            name='caller',
            field=models.ForeignKey(blank=True, db_constraint=False, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='stagemoveevent',
            name='decided_caller',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='suite',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='waiver',
            name='caller',
            field=models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='waiver',
            name='ended_caller',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='waiverevent',
            name='caller',
            field=models.ForeignKey(blank=True, db_constraint=False, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
        migrations.AddField(
            model_name='waiverevent',
            name='ended_caller',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.apikey'),
        ),
    ]
