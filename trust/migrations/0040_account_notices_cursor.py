"""How far governance was notified of changes of accounts, so that none is read twice."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trust', '0030_wording_of_reviews'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountNoticesCursor',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('transaction', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='account_notices_cursor_is_one')],
            },
        ),
    ]
