"""Published Cedar text names products and domains by slug, so that a slug never changes; and nothing is in force without a text."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0010_policies_as_cedar'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='dataproduct',
            trigger=pgtrigger.compiler.Trigger(name='slug_is_final', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."slug" IS DISTINCT FROM (NEW."slug"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='fa4377cafa2f812b82e3250200d6cb2d0da37707', operation='UPDATE', pgid='pgtrigger_slug_is_final_c38f1', table='catalog_dataproduct', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='domain',
            trigger=pgtrigger.compiler.Trigger(name='slug_is_final', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."slug" IS DISTINCT FROM (NEW."slug"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='5a965f0b8494d930cc874f68dc7bc23a86074385', operation='UPDATE', pgid='pgtrigger_slug_is_final_79884', table='catalog_domain', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='accesspolicy',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'draft'), models.Q(('cedar', ''), _negated=True), _connector='OR'), name='access_policy_in_force_has_cedar'),
        ),
    ]
