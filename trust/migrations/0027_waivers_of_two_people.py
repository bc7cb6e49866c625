"""Waivers need a second person: those from before are revoked, and owners may ask for one (`catalog.rules.roles`)."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from catalog.services.roles import ensure_roles

REVOKE = """
UPDATE trust_waiver SET status = 'revoked', revoked_at = coalesce(revoked_at, least(expires_at, now())),
    ended_at = coalesce(revoked_at, least(expires_at, now())),
    end_reason = 'Granted before waivers needed a second person. Ask for it again where it is still needed.'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0021_roles_see_use_cases"),
        ("api", "0010_keys_keep_step"),
        ("trust", "0026_incidents_and_waivers"),
    ]

    operations = [
        migrations.RunSQL(REVOKE, migrations.RunSQL.noop),
        migrations.RunPython(lambda apps, _: ensure_roles(apps=apps), migrations.RunPython.noop),
        pgtrigger.migrations.AddTrigger(
            model_name='waiver',
            trigger=pgtrigger.compiler.Trigger(name='waiver_is_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='17593a64660ac574fbaea564b846f52c1af0a1d4', operation='DELETE', pgid='pgtrigger_waiver_is_kept_70d6e', table='trust_waiver', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='waiver',
            trigger=pgtrigger.compiler.Trigger(name='waiver_status_moves_on', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{requested:granted,requested:rejected,requested:withdrawn,granted:revoked}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='985ab35caf6cbb75355e020e017405e1be304d52', operation='UPDATE', pgid='pgtrigger_waiver_status_moves_on_b6161', table='trust_waiver', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='waiver',
            trigger=pgtrigger.compiler.Trigger(name='waiver_stays_as_it_was_asked', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."product_id" IS DISTINCT FROM (NEW."product_id") OR OLD."gate" IS DISTINCT FROM (NEW."gate") OR OLD."check_key" IS DISTINCT FROM (NEW."check_key") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."requested_by_id" IS DISTINCT FROM (NEW."requested_by_id") OR OLD."requested_at" IS DISTINCT FROM (NEW."requested_at") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='27af127d89aa3e5dea0b27aeab7a04a9ff91a11b', operation='UPDATE', pgid='pgtrigger_waiver_stays_as_it_was_asked_0c1bc', table='trust_waiver', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='waiver',
            trigger=pgtrigger.compiler.Trigger(name='waiver_stays_as_it_was_granted', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."status" = \'granted\' AND OLD."status" = \'granted\')', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='b524b618c250983ae30f21deee665015c8651bfa', operation='UPDATE', pgid='pgtrigger_waiver_stays_as_it_was_granted_d03dc', table='trust_waiver', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='waiver',
            trigger=pgtrigger.compiler.Trigger(name='waiver_not_by_the_owner', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."status" = \'granted\')', func="\n                IF EXISTS (SELECT FROM catalog_dataproduct WHERE id = NEW.product_id AND owner_id = NEW.granted_by_id) THEN\n                    RAISE EXCEPTION 'Waiver % is granted by the owner of the product.', NEW.id\n                        USING ERRCODE = 'check_violation', CONSTRAINT = 'waiver_not_by_the_owner';\n                END IF;\n                RETURN NEW;\n                ", hash='2fb974793de04c7877977e4ed9cb0e7b4854766b', operation='INSERT OR UPDATE', pgid='pgtrigger_waiver_not_by_the_owner_ad5cf', table='trust_waiver', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='waiver',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['requested', 'granted', 'rejected', 'withdrawn', 'revoked'])), name='waiver_status_known'),
        ),
        migrations.AddConstraint(
            model_name='waiver',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['requested', 'granted']), _negated=True), models.Q(models.Q(('gate__in', ['evidence', 'lifecycle']), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='waiver_of_what_may_be_waived'),
        ),
        migrations.AddConstraint(
            model_name='waiver',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'requested'), _negated=True), models.Q(('granted_by', None), ('requested_by__isnull', False), ('starts_at', None)), _connector='OR'), name='waiver_requested_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='waiver',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'granted'), _negated=True), models.Q(('granted_by__isnull', False), ('requested_by__isnull', False), ('starts_at__isnull', False), models.Q(('granted_by', models.F('requested_by')), _negated=True)), _connector='OR'), name='waiver_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='waiver',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', False), ('status', 'revoked')), models.Q(models.Q(('status', 'revoked'), _negated=True), ('revoked_at', None)), _connector='OR'), name='waiver_revoked_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='waiver',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'requested')), fields=('product', 'gate', 'check_key'), name='waiver_one_request'),
        ),
    ]
