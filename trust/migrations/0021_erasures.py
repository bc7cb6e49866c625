"""The record of what was erased or removed from sealed rows."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from catalog.services.roles import ensure_roles


class Migration(migrations.Migration):

    dependencies = [
        ('trust', '0020_governed_history'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('name', 'name'), ('retention', 'retention')], max_length=20)),
                ('at', models.DateTimeField()),
                ('reason', models.TextField()),
                ('statement', models.TextField()),
                ('signature', models.TextField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['name', 'retention'])), name='erasure_kind_known')],
            },
        ),
        migrations.RunPython(lambda apps, _: ensure_roles(apps=apps)),
    ]
