"""Compiles the policies that were drafted or published before there was Cedar, and fixes the text as publishing would have.

A published row is protected by a trigger, which is put out of the way here: the text says what the row's other columns say, and
from now on it is what rules. Compiling it whenever it is read would let a later compiler change what was published.
"""

from django.db import migrations

from catalog.rules.access_policy import AccessPolicy, obligations_from_json
from catalog.rules.cedar_text import cedar_text
from catalog.rules.vocabulary import ConsumerKind, Effect

TRIGGER = "pgtrigger_published_policy_is_immutable_c864a"


def compile_policies(apps, schema_editor):
    policies = apps.get_model("catalog", "AccessPolicy").objects
    schema_editor.execute(f"ALTER TABLE catalog_accesspolicy DISABLE TRIGGER {TRIGGER}")
    for row in policies.filter(cedar="", product__isnull=False).select_related("product"):
        policy = AccessPolicy(
            effect=Effect(row.effect),
            consumer_kinds=frozenset(ConsumerKind(kind) for kind in row.consumer_kinds),
            purposes=frozenset(row.purposes),
            minimum_score=row.minimum_score,
            obligations=obligations_from_json(row.obligations),
            agreement_required=row.agreement_required,
            expires_at=row.expires_at,
        )
        text = cedar_text(policy, product=row.product.slug, name=row.name, version=row.version)
        policies.filter(pk=row.pk).update(cedar=text)
    schema_editor.execute(f"ALTER TABLE catalog_accesspolicy ENABLE TRIGGER {TRIGGER}")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_roles_see_consumers_and_decisions")]
    operations = [migrations.RunPython(compile_policies, migrations.RunPython.noop)]
