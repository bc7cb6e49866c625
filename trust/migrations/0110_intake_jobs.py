"""Contracts to try and files to draft one from, for a day."""


import catalog.callers
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0080_provisional_owners'),
        ('trust', '0070_run_reading'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IntakeJob',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('try', 'Try'), ('draft', 'Draft')], max_length=10)),
                ('content', models.BinaryField(blank=True)),
                ('filename', models.CharField(blank=True, max_length=255)),
                ('data', models.TextField(blank=True)),
                ('requested_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('result', models.JSONField(blank=True, null=True)),
                ('caller', models.ForeignKey(blank=True, default=catalog.callers.machine_key, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.apikey')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-requested_at'],
                'indexes': [models.Index(fields=['expires_at'], name='intake_job_expiry')],
                'constraints': [models.CheckConstraint(condition=models.Q(('finished_at', None), ('result__isnull', False), _connector='OR'), name='intake_job_ends_with_a_result')],
            },
        ),
    ]
