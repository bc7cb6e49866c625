"""Where the watch over readiness stands, what a use case lacks for its stage, and when an override ended."""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0021_roles_see_use_cases"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("trust", "0027_waivers_of_two_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadinessWatch",
            fields=[
                (
                    "use_case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="watch",
                        serialize=False,
                        to="catalog.usecase",
                    ),
                ),
                ("assessed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "fall",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("fallen", "fallen"),
                            ("sent", "sent"),
                            ("recovering", "recovering"),
                            ("recovered", "recovered"),
                            ("damped", "damped"),
                        ],
                        max_length=20,
                    ),
                ),
                ("fallen_at", models.DateTimeField(blank=True, null=True)),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "readiness watch",
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="stagemove",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="stagemove",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="stagemove",
            name="delete_delete",
        ),
        migrations.AddField(
            model_name="decisionuse",
            name="misuse",
            field=models.CharField(
                blank=True,
                choices=[
                    ("denied", "denied"),
                    ("before_the_answer", "before the answer"),
                    ("answer_expired", "answer expired"),
                    ("other_use_case", "other use case"),
                ],
                max_length=30,
            ),
        ),
        migrations.AddField(
            model_name="readiness",
            name="lacking",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="stagemove",
            name="override_ended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="stagemoveevent",
            name="override_ended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="decisionuse",
            index=models.Index(
                condition=models.Q(("misuse", ""), _negated=True), fields=["use_case", "-at"], name="decision_use_misuse"
            ),
        ),
        migrations.AddIndex(
            model_name="stagemove",
            index=models.Index(
                condition=models.Q(("is_override", True), ("override_ended_at__isnull", True), ("status", "done")),
                fields=["override_expires_at"],
                name="stage_move_overrides",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stagemove",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trust_stagemoveevent" ("decided_at", "decided_by_id", "decision_reason", "from_stage", "id", "is_override", "missing", "override_ended_at", "override_expires_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "readiness_id", "reason", "requested_at", "requested_by_id", "status", "to_stage", "use_case_id") VALUES (NEW."decided_at", NEW."decided_by_id", NEW."decision_reason", NEW."from_stage", NEW."id", NEW."is_override", NEW."missing", NEW."override_ended_at", NEW."override_expires_at", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."readiness_id", NEW."reason", NEW."requested_at", NEW."requested_by_id", NEW."status", NEW."to_stage", NEW."use_case_id"); RETURN NULL;',
                    hash="62471f6545d722b9af06263c149a3a0effd5b70a",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_14e58",
                    table="trust_stagemove",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stagemove",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trust_stagemoveevent" ("decided_at", "decided_by_id", "decision_reason", "from_stage", "id", "is_override", "missing", "override_ended_at", "override_expires_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "readiness_id", "reason", "requested_at", "requested_by_id", "status", "to_stage", "use_case_id") VALUES (NEW."decided_at", NEW."decided_by_id", NEW."decision_reason", NEW."from_stage", NEW."id", NEW."is_override", NEW."missing", NEW."override_ended_at", NEW."override_expires_at", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."readiness_id", NEW."reason", NEW."requested_at", NEW."requested_by_id", NEW."status", NEW."to_stage", NEW."use_case_id"); RETURN NULL;',
                    hash="3e3e0a9bfe71b985a3570174818d652a0b873fd1",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_efc1a",
                    table="trust_stagemove",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stagemove",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trust_stagemoveevent" ("decided_at", "decided_by_id", "decision_reason", "from_stage", "id", "is_override", "missing", "override_ended_at", "override_expires_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "readiness_id", "reason", "requested_at", "requested_by_id", "status", "to_stage", "use_case_id") VALUES (OLD."decided_at", OLD."decided_by_id", OLD."decision_reason", OLD."from_stage", OLD."id", OLD."is_override", OLD."missing", OLD."override_ended_at", OLD."override_expires_at", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."readiness_id", OLD."reason", OLD."requested_at", OLD."requested_by_id", OLD."status", OLD."to_stage", OLD."use_case_id"); RETURN NULL;',
                    hash="30b1796eaa9c5f5fe52c60a2ece7a5af94051801",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_63c23",
                    table="trust_stagemove",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionuse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("misuse", ""),
                    models.Q(
                        ("action", "used"), ("misuse__in", ["denied", "before_the_answer", "answer_expired", "other_use_case"])
                    ),
                    _connector="OR",
                ),
                name="decision_use_misuse_known",
            ),
        ),
        migrations.AddField(
            model_name="readinesswatch",
            name="row",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="trust.readiness"
            ),
        ),
        migrations.AddIndex(
            model_name="readinesswatch",
            index=models.Index(
                condition=models.Q(("fall", ""), _negated=True), fields=["changed_at"], name="readiness_watch_falls"
            ),
        ),
        migrations.AddConstraint(
            model_name="readinesswatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fall", ""),
                    models.Q(
                        ("changed_at__isnull", False),
                        ("fall__in", ["fallen", "sent", "recovering"]),
                        ("fallen_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="readiness_watch_fall_known",
            ),
        ),
    ]
