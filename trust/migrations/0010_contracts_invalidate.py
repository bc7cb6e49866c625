"""A new contract marks the stored answer as outdated too: the basis of every decision names the contract that is in force."""

from django.db import migrations

TRANSITIONS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows",
}
TRIGGERS = "".join(
    f"CREATE TRIGGER trust_invalidates_{operation.lower()} AFTER {operation} ON catalog_contract {transition} "
    "FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');\n"
    for operation, transition in TRANSITIONS.items()
)
# Ready-made answers are worded anew with what this version puts into them.
AGAIN = "UPDATE trust_currentverdict SET invalidated = true, body = '';"
UNDO = "".join(f"DROP TRIGGER trust_invalidates_{operation.lower()} ON catalog_contract;\n" for operation in TRANSITIONS)


class Migration(migrations.Migration):
    dependencies = [("trust", "0005_decision_log")]
    operations = [migrations.RunSQL(TRIGGERS + AGAIN, UNDO)]
