"""The table of the trend: how many products stood how at the end of each day."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("trust", "0021_stages_are_moved"),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyStanding",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("production_grade", models.PositiveIntegerField()),
                ("not_production_grade", models.PositiveIntegerField()),
                ("unknown", models.PositiveIntegerField()),
            ],
            options={
                "ordering": ["day"],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailystanding",
            trigger=pgtrigger.compiler.Trigger(
                name="daily_standing_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4226a86b020f7c23c70515be7a5ce080f448601e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_daily_standing_is_append_only_60787",
                    table="trust_dailystanding",
                    when="BEFORE",
                ),
            ),
        ),
    ]
