"""Keys have narrower scopes."""

from django.db import migrations

# What a key could do, under the new names. Reading keys lose what changed something; keys of AI lose the rest of `catalog:write`.
SCOPES = """
UPDATE catalog_apikey SET scopes = scopes || '{reports:write}' WHERE scopes && '{decide,catalog:write}';
UPDATE catalog_apikey SET scopes = scopes || '{agreements:request}' WHERE scopes && '{catalog:write}';
UPDATE catalog_apikey k SET scopes = array_remove(k.scopes, 'catalog:write') FROM catalog_consumer c
    WHERE c.id = k.consumer_id AND c.kind IN ('ai_agent', 'ai_model') AND k.scopes && '{catalog:write}';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0010_callers'),
    ]

    operations = [
        migrations.RunSQL(SCOPES, migrations.RunSQL.noop),
    ]
