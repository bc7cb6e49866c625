"""Every table of evidence, verdicts and decisions, the three roles, and the trust policy that an installation starts with.

Functions and triggers: `trust/sql/`.
"""

import catalog.rules.vocabulary
import django.contrib.postgres.fields
import django.db.models.deletion
import trust.ledger.rules.ledger_check
import trust.vocabulary
import uuid
from datetime import datetime, timezone

from django.conf import settings
from django.db import migrations, models

from catalog.migration_operations import Together
from catalog.services.roles import ensure_roles

# The log of answers: partitioned by month, and written by roles that need no more than INSERT and SELECT. What makes the
# partitions: `trust/sql/decision_partitions.sql`.
DECISIONS = """
CREATE SEQUENCE trust_decision_id_seq;
CREATE TABLE trust_decision (
    id bigint NOT NULL DEFAULT nextval('trust_decision_id_seq'),
    asked_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    channel varchar(20) NOT NULL CHECK (channel IN ('trust', 'check', 'evaluation', 'evaluations', 'search')),
    consumer_id bigint,
    subject varchar(150) NOT NULL,
    asker varchar(150) NOT NULL,
    key_id bigint,
    product_id bigint,
    product_slug varchar(200) NOT NULL,
    action varchar(80) NOT NULL DEFAULT 'consume',
    purpose varchar(80),
    use_case varchar(200),
    decision boolean NOT NULL,
    production_grade boolean NOT NULL,
    verdict varchar(30) NOT NULL CHECK (verdict IN ('production_grade', 'not_production_grade', 'unknown')),
    score double precision,
    verdict_row_id bigint,
    valid_until timestamptz,
    reason_codes varchar(80)[] NOT NULL DEFAULT '{}',
    question jsonb,
    basis jsonb,
    ruling jsonb,
    obligations jsonb NOT NULL DEFAULT '[]',
    request_id varchar(128) NOT NULL,
    latency_us bigint NOT NULL,
    wording_version smallint NOT NULL DEFAULT 1,
    answer text NOT NULL,
    PRIMARY KEY (id, asked_at),
    CONSTRAINT decision_only_on_good_data CHECK (production_grade OR NOT decision)
) PARTITION BY RANGE (asked_at);
ALTER SEQUENCE trust_decision_id_seq OWNED BY trust_decision.id;
CREATE TABLE trust_decision_default PARTITION OF trust_decision DEFAULT;
"""
# Lists of the log go by time, and are narrowed without reading the answers: each index leads from one column through time and
# holds what a list is narrowed by besides, so that a page looks at thousands of entries and reads only the rows that it shows.
# The index by use case also holds who asked: readiness reads no row of the log.
# Answers without purpose or use case are not in those indexes and pay nothing for them.
DECISIONS_BY_TIME = """
CREATE INDEX trust_decision_time ON trust_decision (asked_at DESC, id DESC)
    INCLUDE (consumer_id, product_id, purpose, decision, channel);
CREATE INDEX trust_decision_consumer ON trust_decision (consumer_id, asked_at DESC, id DESC)
    INCLUDE (product_id, purpose, decision, channel);
CREATE INDEX trust_decision_product ON trust_decision (product_id, asked_at DESC, id DESC)
    INCLUDE (consumer_id, purpose, decision, channel);
CREATE INDEX trust_decision_purpose ON trust_decision (purpose, asked_at DESC, id DESC)
    INCLUDE (consumer_id, product_id, decision, channel) WHERE purpose IS NOT NULL;
CREATE INDEX trust_decision_use_case ON trust_decision (use_case, asked_at DESC, id DESC)
    INCLUDE (consumer_id, product_id, purpose, decision, channel, asker) WHERE use_case IS NOT NULL;
ALTER TABLE trust_decision_default
    SET (autovacuum_vacuum_insert_threshold = 20000, autovacuum_vacuum_insert_scale_factor = 0);
"""
# `trust_new_product` inserts the row of a new product without these.
DEFAULTS = """
ALTER TABLE trust_currentverdict ALTER COLUMN basis SET DEFAULT '{}', ALTER COLUMN reason_codes SET DEFAULT '{}';
"""
# As in catalog's first migration.
HISTORY_BY_TIME = """
DO $$ DECLARE one record; BEGIN
    FOR one IN
        SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
        WHERE a.attname = 'pgh_created_at' AND c.relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON public.%I (pgh_created_at DESC, pgh_id DESC)',
            left(one.relname, 54) || '_by_time', one.relname);
    END LOOP;
END $$;
"""
# Fixed here: later defaults arrive as a new version, never as an edit.
POLICY = {
    "version": 1,
    "gates": [
        "acknowledgement", "coverage", "critical_checks", "evidence", "explainability", "freshness", "incidents", "lifecycle",
        "owner", "policy", "review", "schema", "score", "sensitivity", "upstream",
    ],
    "required_dimensions": {"completeness": 1.0, "uniqueness": 1.0, "validity": 1.0, "volume": 1.0, "schema": 1.0},
    "critical_field_share": 1.0,
    "minimum_score": 75.0,
    "capped_score": 59.0,
    "ttl_factor": 1.5,
    "default_ttl": "P1DT43200S",
    "minimum_tolerance": 0.95,
    "acknowledgement_interval": "P180D",
    "review_interval": "P365D",
    "reliability_window": 20,
    "part_weights": {"quality": 40.0, "reliability": 15.0, "freshness": 15.0, "coverage": 15.0, "governance": 15.0},
    "severity_weights": {"critical": 5, "warning": 2, "info": 1},
    "clock_skew": "PT300S",
    "maximum_waiver": "P90D",
    "maximum_validity": "P30D",
}
POLICY_DIGEST = "cb3cb30f3a7657d49135913fcf45713ec5f329d217ce10772076d20b15d918b1"


def publish_policy(apps, schema_editor):
    apps.get_model("trust", "TrustPolicyVersion").objects.create(
        version=1,
        body=POLICY,
        digest=POLICY_DIGEST,
        note="The policy that Touchstone comes with.",
        is_current=True,
        published_at=datetime.now(timezone.utc),
    )


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('catalog', '0001_initial'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='LedgerCheck',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('status', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('holds', 'holds'), ('broken', 'broken'), ('failed', 'failed')], default=trust.ledger.rules.ledger_check.LedgerCheckStatus['WAITING'], max_length=20)),
                    ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('requested_at', models.DateTimeField()),
                    ('started_at', models.DateTimeField(null=True)),
                    ('progress_at', models.DateTimeField(null=True)),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('batches_to_do', models.PositiveBigIntegerField(default=0)),
                    ('batches', models.PositiveBigIntegerField(default=0)),
                    ('rows', models.PositiveBigIntegerField(default=0)),
                    ('believed', models.CharField(blank=True, help_text='Source of the trusted keys.', max_length=100)),
                    ('fault', models.TextField(blank=True)),
                    ('remedy', models.TextField(blank=True)),
                ],
                options={
                    'verbose_name': 'check of the ledger',
                    'verbose_name_plural': 'ledger checks',
                    'ordering': ['-id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'running', 'holds', 'broken', 'failed'])), name='ledger_check_status_known'), models.UniqueConstraint(models.Value(1), condition=models.Q(('status__in', ['waiting', 'running'])), name='ledger_check_one_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['broken', 'failed']), _negated=True), models.Q(('fault', ''), _negated=True), _connector='OR'), name='ledger_check_says_what_is_wrong')],
                    'indexes': [],
                },
            ),
            migrations.CreateModel(
                name='Export',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('what', models.CharField(max_length=40)),
                    ('format', models.CharField(max_length=10)),
                    ('filters', models.JSONField(blank=True, default=dict)),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('started_at', models.DateTimeField()),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('rows', models.PositiveBigIntegerField(default=0)),
                ],
                options={
                    'ordering': ['-id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('format__in', ['csv', 'json'])), name='export_format_known')],
                    'indexes': [],
                },
            ),
            migrations.CreateModel(
                name='Suite',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('port', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suites', to='catalog.outputport')),
                    ('version', models.PositiveIntegerField()),
                    ('name', models.CharField(max_length=200)),
                    ('expectations', models.JSONField(default=list)),
                    ('digest', models.CharField(max_length=64)),
                    ('schedule', models.CharField(blank=True, max_length=100)),
                    ('is_current', models.BooleanField(default=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'ordering': ['port', '-version'],
                    'constraints': [models.UniqueConstraint(fields=('port', 'version'), name='suite_version_once'), models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('port',), name='suite_one_current')],
                    'indexes': [],
                },
            ),
            migrations.CreateModel(
                name='Run',
                fields=[
                    ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    ('port', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='catalog.outputport')),
                    ('suite', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='trust.suite')),
                    ('status', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('completed', 'completed'), ('failed', 'failed')], default=trust.vocabulary.RunStatus['QUEUED'], max_length=20)),
                    ('cause', models.CharField(choices=[('request', 'Request'), ('schedule', 'Schedule')], default='request', max_length=20)),
                    ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('requested_at', models.DateTimeField()),
                    ('not_before', models.DateTimeField()),
                    ('attempt', models.PositiveSmallIntegerField(default=0)),
                    ('max_attempts', models.PositiveSmallIntegerField()),
                    ('worker', models.CharField(blank=True, max_length=200)),
                    ('lease_token', models.UUIDField(blank=True, null=True)),
                    ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                    ('started_at', models.DateTimeField(blank=True, null=True)),
                    ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ('port_digest', models.CharField(blank=True, max_length=64)),
                    ('evidence_status', models.CharField(blank=True, choices=[('passed', 'passed'), ('failed', 'failed'), ('error', 'error')], max_length=20)),
                    ('rows', models.BigIntegerField(blank=True, null=True)),
                    ('seconds', models.FloatField(blank=True, null=True)),
                    ('columns', models.JSONField(blank=True, default=list)),
                    ('data_time', models.DateTimeField(blank=True, null=True)),
                    ('failure', models.JSONField(blank=True, null=True)),
                ],
                options={
                    'ordering': ['-requested_at'],
                    'indexes': [models.Index(fields=['port', '-finished_at'], name='run_port_finished'), models.Index(fields=['-requested_at', 'id'], name='run_requested'), models.Index(condition=models.Q(('status', 'queued')), fields=['not_before'], name='run_queue'), models.Index(condition=models.Q(('status', 'running')), fields=['lease_expires_at'], name='run_leases')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'completed', 'failed'])), name='run_status_known'), models.UniqueConstraint(condition=models.Q(('status', 'queued')), fields=('port',), name='run_one_queued_per_port'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'running'), _negated=True), models.Q(('lease_expires_at__isnull', False), ('lease_token__isnull', False)), _connector='OR'), name='run_running_has_a_lease'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['completed', 'failed']), _negated=True), ('finished_at__isnull', False), _connector='OR'), name='run_finished_has_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'failed'), _negated=True), ('failure__isnull', False), _connector='OR'), name='run_failed_has_a_reason')],
                },
            ),
            migrations.CreateModel(
                name='CheckResult',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='check_results', to='trust.run')),
                    ('position', models.PositiveIntegerField()),
                    ('type', models.CharField(max_length=200)),
                    ('kwargs', models.JSONField(default=dict)),
                    ('meta', models.JSONField(blank=True, default=dict)),
                    ('dimension', models.CharField(choices=[('completeness', 'completeness'), ('uniqueness', 'uniqueness'), ('validity', 'validity'), ('consistency', 'consistency'), ('accuracy', 'accuracy'), ('timeliness', 'timeliness'), ('volume', 'volume'), ('schema', 'schema')], max_length=20)),
                    ('severity', models.CharField(choices=[('critical', 'critical'), ('warning', 'warning'), ('info', 'info')], max_length=20)),
                    ('status', models.CharField(choices=[('passed', 'passed'), ('failed', 'failed'), ('error', 'error'), ('skipped', 'skipped')], max_length=20)),
                    ('element_count', models.BigIntegerField(blank=True, null=True)),
                    ('missing_count', models.BigIntegerField(blank=True, null=True)),
                    ('unexpected_count', models.BigIntegerField(blank=True, null=True)),
                    ('unexpected_percent', models.FloatField(blank=True, null=True)),
                    ('observed_value', models.JSONField(blank=True, null=True)),
                    ('samples', models.JSONField(blank=True, default=list)),
                    ('message', models.TextField(blank=True)),
                ],
                options={
                    'ordering': ['run', 'position'],
                    'constraints': [models.UniqueConstraint(fields=('run', 'position'), name='check_result_once'), models.CheckConstraint(condition=models.Q(('status__in', ['passed', 'failed', 'error', 'skipped'])), name='check_result_status_known'), models.CheckConstraint(condition=models.Q(('severity__in', ['critical', 'warning', 'info'])), name='check_result_severity_known'), models.CheckConstraint(condition=models.Q(('dimension__in', ['completeness', 'uniqueness', 'validity', 'consistency', 'accuracy', 'timeliness', 'volume', 'schema'])), name='check_result_dimension_known')],
                    'indexes': [],
                },
            ),
            migrations.CreateModel(
                name='TrustPolicyVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('version', models.PositiveIntegerField(unique=True)),
                    ('body', models.JSONField()),
                    ('digest', models.CharField(max_length=64)),
                    ('note', models.TextField(blank=True)),
                    ('is_current', models.BooleanField(default=True)),
                    ('published_at', models.DateTimeField()),
                    ('published_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'trust policy',
                    'verbose_name_plural': 'trust policies',
                    'ordering': ['-version'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('is_current',), name='trust_policy_one_current')],
                    'indexes': [],
                },
            ),
            migrations.CreateModel(
                name='Verdict',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='verdicts', to='catalog.dataproduct')),
                    ('verdict', models.CharField(choices=[('production_grade', 'production grade'), ('unknown', 'unknown'), ('not_production_grade', 'not production grade')], max_length=30)),
                    ('raw_score', models.FloatField()),
                    ('score', models.FloatField()),
                    ('effective_score', models.FloatField()),
                    ('grade', models.CharField(max_length=1)),
                    ('failing_gates', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                    ('judged_at', models.DateTimeField()),
                    ('valid_until', models.DateTimeField()),
                    ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trust.trustpolicyversion')),
                    ('run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='trust.run')),
                    ('cause', models.CharField(max_length=80)),
                    ('facts_changed_at', models.DateTimeField(blank=True, null=True)),
                    ('facts', models.TextField()),
                    ('facts_sha256', models.CharField(max_length=64)),
                    ('outcome', models.TextField()),
                ],
                options={
                    'ordering': ['-judged_at', '-id'],
                    'indexes': [models.Index(fields=['product', '-judged_at', '-id'], name='verdict_product_time')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('verdict__in', ['production_grade', 'unknown', 'not_production_grade'])), name='verdict_known'), models.CheckConstraint(condition=models.Q(('valid_until__gt', models.F('judged_at'))), name='verdict_valid_for_some_time')],
                },
            ),
            migrations.CreateModel(
                name='CurrentVerdict',
                fields=[
                    ('product', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='current_verdict', serialize=False, to='catalog.dataproduct')),
                    ('verdict_row', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trust.verdict')),
                    ('verdict', models.CharField(choices=[('production_grade', 'production grade'), ('unknown', 'unknown'), ('not_production_grade', 'not production grade')], default=trust.vocabulary.VerdictStatus['UNKNOWN'], max_length=30)),
                    ('raw_score', models.FloatField(default=0)),
                    ('score', models.FloatField(default=0)),
                    ('effective_score', models.FloatField(default=0)),
                    ('grade', models.CharField(default='F', max_length=1)),
                    ('failing_gates', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                    ('evidence_at', models.DateTimeField(blank=True, null=True)),
                    ('judged_at', models.DateTimeField(blank=True, null=True)),
                    ('valid_until', models.DateTimeField(blank=True, null=True)),
                    ('invalidated', models.BooleanField(default=True)),
                    ('invalidated_at', models.DateTimeField(blank=True, null=True)),
                    ('body', models.TextField(default='')),
                    ('reason_codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                    ('basis', models.JSONField(blank=True, default=dict)),
                ],
                options={
                    'indexes': [models.Index(fields=['verdict'], name='current_verdict_word'), models.Index(fields=['valid_until'], name='current_verdict_valid_until'), models.Index(condition=models.Q(('invalidated', True)), fields=['invalidated'], name='current_verdict_invalidated')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('verdict__in', ['production_grade', 'unknown', 'not_production_grade'])), name='current_verdict_known')],
                },
            ),
            migrations.CreateModel(
                name='Decision',
                fields=[
                    ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                    ('asked_at', models.DateTimeField()),
                    ('channel', models.CharField(max_length=20)),
                    ('consumer', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.consumer')),
                    ('subject', models.CharField(max_length=150)),
                    ('asker', models.CharField(max_length=150)),
                    ('key_id', models.BigIntegerField(null=True)),
                    ('product', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.dataproduct')),
                    ('product_slug', models.CharField(max_length=200)),
                    ('action', models.CharField(default='consume', max_length=80)),
                    ('purpose', models.CharField(max_length=80, null=True)),
                    ('use_case', models.CharField(max_length=200, null=True)),
                    ('decision', models.BooleanField()),
                    ('production_grade', models.BooleanField()),
                    ('verdict', models.CharField(max_length=30)),
                    ('score', models.FloatField(null=True)),
                    ('verdict_row', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trust.verdict')),
                    ('valid_until', models.DateTimeField(null=True)),
                    ('reason_codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, size=None)),
                    ('question', models.JSONField(null=True)),
                    ('basis', models.JSONField(null=True)),
                    ('ruling', models.JSONField(null=True)),
                    ('obligations', models.JSONField(default=list)),
                    ('request_id', models.CharField(max_length=128)),
                    ('latency_us', models.BigIntegerField()),
                    ('wording_version', models.SmallIntegerField(default=1)),
                    ('answer', models.TextField()),
                ],
                options={
                    'db_table': 'trust_decision',
                    'ordering': ['-id'],
                    'managed': False,
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='Incident',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='incidents', to='catalog.dataproduct')),
                    ('title', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('severity', models.CharField(choices=[('critical', 'critical'), ('warning', 'warning'), ('info', 'info')], default=catalog.rules.vocabulary.Severity['CRITICAL'], max_length=20)),
                    ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('opened_at', models.DateTimeField()),
                    ('opened_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('resolved_at', models.DateTimeField(blank=True, null=True)),
                    ('resolved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('resolution', models.TextField(blank=True)),
                    ('rule', models.CharField(blank=True, choices=[('critical_check_failed', 'critical check failed'), ('run_failed', 'run failed')], max_length=40)),
                    ('port', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.outputport')),
                    ('check_key', models.CharField(blank=True, max_length=200)),
                    ('held_by_governance', models.BooleanField(default=False)),
                ],
                options={
                    'ordering': ['-opened_at'],
                    'indexes': [models.Index(condition=models.Q(('resolved_at__isnull', True)), fields=['product'], name='incident_open'), models.Index(fields=['-opened_at', '-id'], name='incident_time')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('severity__in', ['critical', 'warning', 'info'])), name='incident_severity_known'), models.CheckConstraint(condition=models.Q(('rule', ''), models.Q(('port__isnull', False), ('rule__in', ['critical_check_failed', 'run_failed'])), _connector='OR'), name='incident_rule_is_known_and_names_its_port'), models.UniqueConstraint(condition=models.Q(('resolved_at__isnull', True), models.Q(('rule', ''), _negated=True)), fields=('product', 'rule', 'port', 'check_key'), name='incident_one_open_for_each_cause'), models.CheckConstraint(condition=models.Q(('resolved_at__isnull', True), models.Q(('resolution', ''), _negated=True), _connector='OR'), name='incident_resolved_says_how')],
                },
            ),
            migrations.CreateModel(
                name='IncidentEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trust.incident')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('id', models.BigIntegerField()),
                    ('product', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.dataproduct')),
                    ('title', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('severity', models.CharField(choices=[('critical', 'critical'), ('warning', 'warning'), ('info', 'info')], default=catalog.rules.vocabulary.Severity['CRITICAL'], max_length=20)),
                    ('owner', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('opened_at', models.DateTimeField()),
                    ('opened_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('resolved_at', models.DateTimeField(blank=True, null=True)),
                    ('resolved_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('resolution', models.TextField(blank=True)),
                    ('rule', models.CharField(blank=True, choices=[('critical_check_failed', 'critical check failed'), ('run_failed', 'run failed')], max_length=40)),
                    ('port', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.outputport')),
                    ('check_key', models.CharField(blank=True, max_length=200)),
                    ('held_by_governance', models.BooleanField(default=False)),
                ],
                options={
                    'abstract': False,
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='IncidentEntry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='trust.incident')),
                    ('at', models.DateTimeField()),
                    ('kind', models.CharField(choices=[('opened', 'opened'), ('comment', 'comment'), ('severity', 'severity'), ('owner', 'owner'), ('resolved', 'resolved')], max_length=20)),
                    ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('text', models.TextField(blank=True)),
                    ('before', models.CharField(blank=True, max_length=150)),
                    ('after', models.CharField(blank=True, max_length=150)),
                    ('run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trust.run')),
                ],
                options={
                    'verbose_name_plural': 'incident entries',
                    'ordering': ['incident', 'id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['opened', 'comment', 'severity', 'owner', 'resolved'])), name='incident_entry_kind_known')],
                    'indexes': [],
                },
            ),
            migrations.CreateModel(
                name='IncidentEntryEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trust.incidententry')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('id', models.BigIntegerField()),
                    ('incident', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trust.incident')),
                    ('at', models.DateTimeField()),
                    ('kind', models.CharField(choices=[('opened', 'opened'), ('comment', 'comment'), ('severity', 'severity'), ('owner', 'owner'), ('resolved', 'resolved')], max_length=20)),
                    ('actor', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('text', models.TextField(blank=True)),
                    ('before', models.CharField(blank=True, max_length=150)),
                    ('after', models.CharField(blank=True, max_length=150)),
                    ('run', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trust.run')),
                ],
                options={
                    'abstract': False,
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='Waiver',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='waivers', to='catalog.dataproduct')),
                    ('gate', models.CharField(blank=True, max_length=40)),
                    ('check_key', models.CharField(blank=True, max_length=200)),
                    ('reason', models.TextField()),
                    ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('status', models.CharField(choices=[('requested', 'requested'), ('granted', 'granted'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn'), ('revoked', 'revoked')], default=trust.vocabulary.WaiverStatus['REQUESTED'], max_length=20)),
                    ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('requested_at', models.DateTimeField(blank=True, null=True)),
                    ('granted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('starts_at', models.DateTimeField(blank=True, null=True)),
                    ('expires_at', models.DateTimeField()),
                    ('revoked_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('end_reason', models.TextField(blank=True)),
                ],
                options={
                    'ordering': ['-expires_at'],
                    'indexes': [models.Index(condition=models.Q(('status', 'granted')), fields=['product'], name='waiver_granted'), models.Index(condition=models.Q(('status', 'requested')), fields=['requested_at'], name='waiver_requested'), models.Index(fields=['-expires_at', '-id'], name='waiver_end')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('gate', ''), models.Q(('check_key', ''), _negated=True)), models.Q(models.Q(('gate', ''), _negated=True), ('check_key', '')), _connector='OR'), name='waiver_names_one_thing'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('starts_at'))), name='waiver_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('status__in', ['requested', 'granted', 'rejected', 'withdrawn', 'revoked'])), name='waiver_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['requested', 'granted']), _negated=True), models.Q(models.Q(('gate__in', ['evidence', 'lifecycle']), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='waiver_of_what_may_be_waived'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'requested'), _negated=True), models.Q(('granted_by', None), ('requested_by__isnull', False), ('starts_at', None)), _connector='OR'), name='waiver_requested_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'granted'), _negated=True), models.Q(('granted_by__isnull', False), ('requested_by__isnull', False), ('starts_at__isnull', False), models.Q(('granted_by', models.F('requested_by')), _negated=True)), _connector='OR'), name='waiver_four_eyes'), models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', False), ('status', 'revoked')), models.Q(models.Q(('status', 'revoked'), _negated=True), ('revoked_at', None)), _connector='OR'), name='waiver_revoked_has_a_time'), models.UniqueConstraint(condition=models.Q(('status', 'requested')), fields=('product', 'gate', 'check_key'), name='waiver_one_request')],
                },
            ),
            migrations.CreateModel(
                name='WaiverEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trust.waiver')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('id', models.BigIntegerField()),
                    ('product', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.dataproduct')),
                    ('gate', models.CharField(blank=True, max_length=40)),
                    ('check_key', models.CharField(blank=True, max_length=200)),
                    ('reason', models.TextField()),
                    ('owner', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('status', models.CharField(choices=[('requested', 'requested'), ('granted', 'granted'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn'), ('revoked', 'revoked')], default=trust.vocabulary.WaiverStatus['REQUESTED'], max_length=20)),
                    ('requested_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('requested_at', models.DateTimeField(blank=True, null=True)),
                    ('granted_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('starts_at', models.DateTimeField(blank=True, null=True)),
                    ('expires_at', models.DateTimeField()),
                    ('revoked_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('end_reason', models.TextField(blank=True)),
                ],
                options={
                    'abstract': False,
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='SigningKey',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kid', models.CharField(help_text='RFC 7638 thumbprint.', max_length=64, unique=True)),
                    ('jwk', models.JSONField()),
                    ('created_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['-created_at', '-id'],
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='LedgerBatch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.BigIntegerField(unique=True)),
                    ('sealed_at', models.DateTimeField()),
                    ('size', models.PositiveIntegerField()),
                    ('segments', models.JSONField()),
                    ('row_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                    ('leaves', models.BinaryField()),
                    ('root', models.CharField(max_length=64)),
                    ('previous', models.CharField(max_length=64)),
                    ('statement', models.TextField()),
                    ('signature', models.TextField()),
                    ('published_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'verbose_name_plural': 'ledger batches',
                    'ordering': ['-number'],
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='Recall',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recalls', to='catalog.dataproduct')),
                    ('status', models.CharField(choices=[('fallen', 'fallen'), ('sent', 'sent'), ('recovering', 'recovering'), ('recovered', 'recovered'), ('damped', 'damped')], default=trust.vocabulary.RecallStatus['FALLEN'], max_length=20)),
                    ('fallen_at', models.DateTimeField()),
                    ('changed_at', models.DateTimeField()),
                    ('fallen_verdict', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trust.verdict')),
                    ('recovered_verdict', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trust.verdict')),
                    ('sent_at', models.DateTimeField(blank=True, null=True)),
                    ('recovered_at', models.DateTimeField(blank=True, null=True)),
                    ('closed_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'ordering': ['-fallen_at', '-id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['fallen', 'sent', 'recovering', 'recovered', 'damped'])), name='recall_status_known'), models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('product',), name='recall_one_open')],
                    'indexes': [],
                },
            ),
            migrations.CreateModel(
                name='RecalledConsumer',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('recall', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consumers', to='trust.recall')),
                    ('consumer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recalls', to='catalog.consumer')),
                    ('decision_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                    ('decision_count', models.PositiveIntegerField(help_text='All of them; `decision_ids` holds the newest.')),
                    ('purposes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, size=None)),
                    ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
                    ('acknowledged_by', models.CharField(blank=True, max_length=150)),
                ],
                options={
                    'ordering': ['recall', 'consumer'],
                    'constraints': [models.UniqueConstraint(fields=('recall', 'consumer'), name='recalled_once')],
                    'indexes': [],
                },
            ),
            migrations.CreateModel(
                name='DailyVerdictCount',
                fields=[
                    ('day', models.DateField(primary_key=True, serialize=False)),
                    ('production_grade', models.PositiveIntegerField()),
                    ('not_production_grade', models.PositiveIntegerField()),
                    ('unknown', models.PositiveIntegerField()),
                ],
                options={
                    'ordering': ['day'],
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='Readiness',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('use_case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='catalog.usecase')),
                    ('level', models.CharField(choices=[('ready', 'ready'), ('unknown', 'unknown'), ('not_ready', 'not ready')], max_length=20)),
                    ('weakest', models.CharField(choices=[('trust', 'trust'), ('governance', 'governance'), ('ownership', 'ownership'), ('workflow', 'workflow'), ('accountability', 'accountability')], max_length=20)),
                    ('open_gaps', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, size=None)),
                    ('lacking', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                    ('stage', models.CharField(choices=[('idea', 'idea'), ('pilot', 'pilot'), ('approved', 'approved'), ('production', 'production'), ('retired', 'retired')], max_length=20)),
                    ('assessed_at', models.DateTimeField()),
                    ('valid_until', models.DateTimeField()),
                    ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trust.trustpolicyversion')),
                    ('cause', models.CharField(max_length=80)),
                    ('facts', models.TextField()),
                    ('facts_sha256', models.CharField(max_length=64)),
                    ('outcome', models.TextField()),
                ],
                options={
                    'verbose_name_plural': 'readiness',
                    'ordering': ['-assessed_at', '-id'],
                    'indexes': [models.Index(fields=['use_case', '-assessed_at', '-id'], name='readiness_use_case_time')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('level__in', ['ready', 'unknown', 'not_ready'])), name='readiness_level_known'), models.CheckConstraint(condition=models.Q(('weakest__in', ['trust', 'governance', 'ownership', 'workflow', 'accountability'])), name='readiness_gap_known'), models.CheckConstraint(condition=models.Q(('valid_until__gt', models.F('assessed_at'))), name='readiness_valid_for_some_time')],
                },
            ),
            migrations.CreateModel(
                name='ReadinessWatch',
                fields=[
                    ('use_case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='watch', serialize=False, to='catalog.usecase')),
                    ('row', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trust.readiness')),
                    ('assessed_at', models.DateTimeField(blank=True, null=True)),
                    ('fall', models.CharField(blank=True, choices=[('fallen', 'fallen'), ('sent', 'sent'), ('recovering', 'recovering'), ('recovered', 'recovered'), ('damped', 'damped')], max_length=20)),
                    ('fallen_at', models.DateTimeField(blank=True, null=True)),
                    ('changed_at', models.DateTimeField(blank=True, null=True)),
                    ('told_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'verbose_name_plural': 'readiness watch',
                    'indexes': [models.Index(condition=models.Q(('fall', ''), _negated=True), fields=['changed_at'], name='readiness_watch_falls')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('fall', ''), models.Q(('changed_at__isnull', False), ('fall__in', ['fallen', 'sent', 'recovering']), ('fallen_at__isnull', False)), _connector='OR'), name='readiness_watch_fall_known')],
                },
            ),
            migrations.CreateModel(
                name='StageMove',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('use_case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stage_moves', to='catalog.usecase')),
                    ('from_stage', models.CharField(choices=[('idea', 'idea'), ('pilot', 'pilot'), ('approved', 'approved'), ('production', 'production'), ('retired', 'retired')], max_length=20)),
                    ('to_stage', models.CharField(choices=[('idea', 'idea'), ('pilot', 'pilot'), ('approved', 'approved'), ('production', 'production'), ('retired', 'retired')], max_length=20)),
                    ('status', models.CharField(choices=[('requested', 'requested'), ('done', 'done'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn')], default=trust.vocabulary.StageMoveStatus['REQUESTED'], max_length=20)),
                    ('reason', models.TextField(blank=True)),
                    ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('requested_at', models.DateTimeField()),
                    ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('decided_at', models.DateTimeField(blank=True, null=True)),
                    ('decision_reason', models.TextField(blank=True)),
                    ('is_override', models.BooleanField(default=False)),
                    ('override_expires_at', models.DateTimeField(blank=True, null=True)),
                    ('override_ended_at', models.DateTimeField(blank=True, null=True)),
                    ('readiness', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trust.readiness')),
                    ('missing', models.JSONField(blank=True, default=list)),
                ],
                options={
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['use_case', '-id'], name='stage_move_use_case'), models.Index(condition=models.Q(('is_override', True), ('override_ended_at__isnull', True), ('status', 'done')), fields=['override_expires_at'], name='stage_move_overrides')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('from_stage__in', ['idea', 'pilot', 'approved', 'production', 'retired'])), name='stage_move_from_known'), models.CheckConstraint(condition=models.Q(('to_stage__in', ['idea', 'pilot', 'approved', 'production', 'retired'])), name='stage_move_to_known'), models.CheckConstraint(condition=models.Q(('status__in', ['requested', 'done', 'rejected', 'withdrawn'])), name='stage_move_status_known'), models.UniqueConstraint(condition=models.Q(('status', 'requested')), fields=('use_case',), name='stage_move_one_request'), models.CheckConstraint(condition=models.Q(models.Q(('from_stage__in', ['idea', 'pilot', 'approved']), ('status', 'done'), ('to_stage__in', ['approved', 'production']), _negated=True), models.Q(('decided_by__isnull', False), ('readiness__isnull', False), ('requested_by__isnull', False), models.Q(('decided_by', models.F('requested_by')), _negated=True)), _connector='OR'), name='stage_move_four_eyes'), models.CheckConstraint(condition=models.Q(('is_override', False), models.Q(('override_expires_at__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='stage_move_override_has_reason_and_end')],
                },
            ),
            migrations.CreateModel(
                name='StageMoveEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trust.stagemove')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('id', models.BigIntegerField()),
                    ('use_case', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.usecase')),
                    ('from_stage', models.CharField(choices=[('idea', 'idea'), ('pilot', 'pilot'), ('approved', 'approved'), ('production', 'production'), ('retired', 'retired')], max_length=20)),
                    ('to_stage', models.CharField(choices=[('idea', 'idea'), ('pilot', 'pilot'), ('approved', 'approved'), ('production', 'production'), ('retired', 'retired')], max_length=20)),
                    ('status', models.CharField(choices=[('requested', 'requested'), ('done', 'done'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn')], default=trust.vocabulary.StageMoveStatus['REQUESTED'], max_length=20)),
                    ('reason', models.TextField(blank=True)),
                    ('requested_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('requested_at', models.DateTimeField()),
                    ('decided_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('decided_at', models.DateTimeField(blank=True, null=True)),
                    ('decision_reason', models.TextField(blank=True)),
                    ('is_override', models.BooleanField(default=False)),
                    ('override_expires_at', models.DateTimeField(blank=True, null=True)),
                    ('override_ended_at', models.DateTimeField(blank=True, null=True)),
                    ('readiness', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trust.readiness')),
                    ('missing', models.JSONField(blank=True, default=list)),
                ],
                options={
                    'abstract': False,
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='OutcomeReport',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('use_case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outcomes', to='catalog.usecase')),
                    ('measure', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='catalog.measure')),
                    ('value', models.FloatField()),
                    ('observed_at', models.DateTimeField()),
                    ('reported_at', models.DateTimeField()),
                    ('reported_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('consumer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.consumer')),
                    ('note', models.TextField(blank=True)),
                ],
                options={
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['measure', '-observed_at'], name='outcome_measure_time')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('observed_at__lte', models.F('reported_at'))), name='outcome_is_not_of_the_future'), models.CheckConstraint(condition=models.Q(('value__gt', float("-inf")), ('value__lt', float("inf"))), name='outcome_is_a_number'), models.UniqueConstraint(fields=('measure', 'observed_at'), name='outcome_once')],
                },
            ),
            migrations.CreateModel(
                name='DecisionUse',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('use_case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='catalog.usecase')),
                    ('consumer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.consumer')),
                    ('decision_id', models.BigIntegerField()),
                    ('product_id', models.BigIntegerField(null=True)),
                    ('action', models.CharField(choices=[('used', 'used'), ('fell_back', 'fell back')], max_length=20)),
                    ('at', models.DateTimeField()),
                    ('asked_at', models.DateTimeField()),
                    ('misuse', models.CharField(blank=True, choices=[('denied', 'denied'), ('before_the_answer', 'before the answer'), ('answer_expired', 'answer expired'), ('other_use_case', 'other use case')], max_length=30)),
                    ('note', models.TextField(blank=True)),
                    ('reported_at', models.DateTimeField()),
                    ('reported_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['use_case', '-at'], name='decision_use_case_time'), models.Index(fields=['decision_id'], name='decision_use_decision'), models.Index(condition=models.Q(('misuse', ''), _negated=True), fields=['use_case', '-at'], name='decision_use_misuse')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('action__in', ['used', 'fell_back'])), name='decision_use_action_known'), models.CheckConstraint(condition=models.Q(('misuse', ''), models.Q(('action', 'used'), ('misuse__in', ['denied', 'before_the_answer', 'answer_expired', 'other_use_case'])), _connector='OR'), name='decision_use_misuse_known'), models.CheckConstraint(condition=models.Q(('at__lte', models.F('reported_at'))), name='decision_use_is_not_of_the_future'), models.UniqueConstraint(fields=('use_case', 'decision_id', 'action', 'at'), name='decision_use_once')],
                },
            ),
            migrations.CreateModel(
                name='OutputException',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('use_case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exceptions', to='catalog.usecase')),
                    ('consumer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.consumer')),
                    ('decision_id', models.BigIntegerField()),
                    ('reference', models.CharField(blank=True, default='', max_length=200)),
                    ('title', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('severity', models.CharField(choices=[('critical', 'critical'), ('warning', 'warning'), ('info', 'info')], default=catalog.rules.vocabulary.Severity['WARNING'], max_length=20)),
                    ('opened_at', models.DateTimeField()),
                    ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('assigned_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('due_at', models.DateTimeField()),
                    ('closed_at', models.DateTimeField(blank=True, null=True)),
                    ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('resolution', models.TextField(blank=True)),
                ],
                options={
                    'verbose_name': 'exception of an output',
                    'verbose_name_plural': 'output exceptions',
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['use_case', '-opened_at'], name='exception_use_case_time'), models.Index(fields=['decision_id'], name='exception_decision'), models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['due_at'], name='exception_due')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('severity__in', ['critical', 'warning', 'info'])), name='exception_severity_known'), models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), models.Q(('closed_by__isnull', False), models.Q(('resolution', ''), _negated=True)), _connector='OR'), name='exception_closed_by_somebody_who_says_how')],
                },
            ),
            migrations.CreateModel(
                name='OutputExceptionEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trust.outputexception')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('id', models.BigIntegerField()),
                    ('use_case', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.usecase')),
                    ('consumer', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalog.consumer')),
                    ('decision_id', models.BigIntegerField()),
                    ('reference', models.CharField(blank=True, default='', max_length=200)),
                    ('title', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('severity', models.CharField(choices=[('critical', 'critical'), ('warning', 'warning'), ('info', 'info')], default=catalog.rules.vocabulary.Severity['WARNING'], max_length=20)),
                    ('opened_at', models.DateTimeField()),
                    ('opened_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('assigned_to', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('due_at', models.DateTimeField()),
                    ('closed_at', models.DateTimeField(blank=True, null=True)),
                    ('closed_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ('resolution', models.TextField(blank=True)),
                ],
                options={
                    'abstract': False,
                    'indexes': [],
                    'constraints': [],
                },
            ),
        ]),
        migrations.RunSQL([(DECISIONS, None)]),
        migrations.RunSQL(DECISIONS_BY_TIME),
        migrations.RunSQL([(DEFAULTS, None)]),
        migrations.RunSQL([(HISTORY_BY_TIME, None)]),
        migrations.RunPython(publish_policy),
        migrations.RunPython(lambda apps, _: ensure_roles(apps=apps)),
    ]
