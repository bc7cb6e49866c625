"""Trust policies that one person proposes and another publishes, and further reasons why a use rested on no valid yes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0001_initial'),
        ('trust', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='decisionuse',
            name='decision_use_misuse_known',
        ),
        migrations.AddField(
            model_name='trustpolicyversion',
            name='based_on',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='trustpolicyversion',
            name='proposed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='trustpolicyversion',
            name='proposed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='decisionuse',
            name='misuse',
            field=models.CharField(blank=True, choices=[('denied', 'denied'), ('before_the_answer', 'before the answer'), ('answer_expired', 'answer expired'), ('other_use_case', 'other use case'), ('about_the_past', 'about the past'), ('no_purpose', 'no purpose'), ('other_purpose', 'other purpose'), ('recalled', 'recalled')], max_length=30),
        ),
        migrations.AlterField(
            model_name='trustpolicyversion',
            name='published_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='decisionuse',
            constraint=models.CheckConstraint(condition=models.Q(('misuse', ''), models.Q(('action', 'used'), ('misuse__in', ['denied', 'before_the_answer', 'answer_expired', 'other_use_case', 'about_the_past', 'no_purpose', 'other_purpose', 'recalled'])), _connector='OR'), name='decision_use_misuse_known'),
        ),
        migrations.AddConstraint(
            model_name='trustpolicyversion',
            constraint=models.CheckConstraint(condition=models.Q(('is_current', False), ('published_at__isnull', False), _connector='OR'), name='trust_policy_in_force_is_published'),
        ),
        migrations.AddConstraint(
            model_name='trustpolicyversion',
            constraint=models.CheckConstraint(condition=models.Q(('published_at', None), ('proposed_by', None), models.Q(('published_by__isnull', False), models.Q(('published_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='trust_policy_four_eyes'),
        ),
    ]
