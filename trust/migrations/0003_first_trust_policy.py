"""The trust policy that every installation starts with. Frozen here: later defaults arrive as a new version, never as an edit."""

from datetime import datetime, timezone

from django.db import migrations

BODY = {
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
DIGEST = "cb3cb30f3a7657d49135913fcf45713ec5f329d217ce10772076d20b15d918b1"


def publish(apps, schema_editor):
    apps.get_model("trust", "TrustPolicyVersion").objects.create(
        version=1,
        body=BODY,
        digest=DIGEST,
        note="The policy that Touchstone comes with.",
        is_current=True,
        published_at=datetime.now(timezone.utc),
    )


class Migration(migrations.Migration):
    dependencies = [("trust", "0002_invalidation")]
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
