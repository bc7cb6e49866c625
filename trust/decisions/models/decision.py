"""The log of answers: one row for everything that was answered, written in the same transaction, never changed afterwards.

The table is partitioned by month of `asked_at` (trust.0001_initial); its rows carry plain ids instead of database foreign keys,
so that writing one costs no lock on what it names.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from catalog.models import Consumer, DataProduct
from trust.decisions.rules.comparison import WORDING_VERSION
from trust.verdicts.models.verdict import Verdict
from trust.vocabulary import DecisionChannel


class Decision(models.Model):
    """One answer to one consumer about one product, exactly as it was given, with all that it rests on.

    id: from the sequence `trust_decision_id_seq`, in the order of asking.
    consumer, subject: who the answer is about (row, and slug as it was asked). asker: slug of the consumer whose key asked,
        which is another one where an enforcement point asks. key_id: `catalog.ApiKey`; None for a browser session.
    product_slug: as asked; product None where there is no such product that the asker may see.
    purpose: None where only the product's trust was asked about.
    decision: the yes or no. production_grade, verdict, score (effective), verdict_row, valid_until: as answered.
    question: what else was asked: `min_score`, `max_evidence_age`, `as_of`, `detail`, `properties`; only what was
        given.
    basis: what was known: product version, contracts, evidence (run ids), trust policy version and digest, facts digest.
    ruling: what the policies said: the Cedar request, the policies in force with versions and hashes, the determining ones, the
        agreement; None without a purpose.
    obligations: what a permitted consumer must do.
    latency_us: microseconds from the arrival of the request in the web process to the writing of this row.
    wording_version: of the texts in `answer` and `ruling` (`trust.decisions.rules.comparison`).
    answer: the JSON text that was answered, byte for byte.
    """

    id = models.BigIntegerField(primary_key=True)
    asked_at = models.DateTimeField()
    channel = models.CharField(max_length=20)
    consumer = models.ForeignKey(Consumer, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    subject = models.CharField(max_length=150)
    asker = models.CharField(max_length=150)
    key_id = models.BigIntegerField(null=True)
    product = models.ForeignKey(DataProduct, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    product_slug = models.CharField(max_length=200)
    action = models.CharField(max_length=80, default="consume")
    purpose = models.CharField(max_length=80, null=True)  # noqa: DJ001 NULL is "not asked"
    use_case = models.CharField(max_length=200, null=True)  # noqa: DJ001 NULL is "not asked"
    decision = models.BooleanField()
    production_grade = models.BooleanField()
    verdict = models.CharField(max_length=30)
    score = models.FloatField(null=True)
    verdict_row = models.ForeignKey(Verdict, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    valid_until = models.DateTimeField(null=True)
    reason_codes = ArrayField(models.CharField(max_length=80), default=list)
    question = models.JSONField(null=True)
    basis = models.JSONField(null=True)
    ruling = models.JSONField(null=True)
    obligations = models.JSONField(default=list)
    request_id = models.CharField(max_length=128)
    latency_us = models.BigIntegerField()
    wording_version = models.SmallIntegerField(default=WORDING_VERSION)
    answer = models.TextField()

    class Meta:
        ordering = ["-id"]
        managed = False
        db_table = "trust_decision"

    def __str__(self) -> str:
        return f"{self.id}: {self.subject} {'may' if self.decision else 'may not'} use {self.product_slug}"

    @property
    def channel_word(self) -> DecisionChannel:
        return DecisionChannel(self.channel)
