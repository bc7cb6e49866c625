"""A draft may have no owner, or a provisional one, and inputs that are not registered."""


import catalog.rules.vocabulary
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0071_excel_ports'),
    ]

    operations = [
        migrations.AddField(
            model_name='dataproduct',
            name='missing_inputs',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, size=None),
        ),
        migrations.AddField(
            model_name='dataproduct',
            name='owner_is_provisional',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='dataproduct',
            name='registered_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='dataproductevent',
            name='missing_inputs',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, size=None),
        ),
        migrations.AddField(
            model_name='dataproductevent',
            name='owner_is_provisional',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='dataproductevent',
            name='registered_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='dataproduct',
            name='owner',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='owned_products', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='dataproductevent',
            name='owner',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='dataproduct',
            constraint=models.CheckConstraint(condition=models.Q(('owner__isnull', False), ('lifecycle__in', [catalog.rules.vocabulary.Lifecycle['DRAFT'], catalog.rules.vocabulary.Lifecycle['RETIRED']]), _connector='OR'), name='product_offered_has_owner'),
        ),
    ]
