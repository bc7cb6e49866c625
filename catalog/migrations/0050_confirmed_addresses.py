"""An e-mail address that waits until the person has confirmed it; `email` is the verified one."""

from django.db import migrations, models

HELP = "Counts, in place of the one above, once the person has confirmed it. They get a mail with a link."


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0032_history_of_usernames"),
    ]

    operations = [
        migrations.AddField(
            model_name=model,
            name="email_to_confirm",
            field=models.EmailField("e-mail address to confirm", blank=True, help_text=HELP, max_length=254),
        )
        for model in ("person", "personusernamefirstnamelastnameemailisactiveisstaffissuperuserevent")
    ]
