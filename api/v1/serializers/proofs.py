"""Proofs as they go over the wire."""

from typing import Any

from rest_framework import serializers

HEX = "hex, SHA-256"


class ProofAnswer(serializers.Serializer[Any]):
    decision_id = serializers.IntegerField()
    batch = serializers.IntegerField(help_text="Number of the sealed batch.")
    leaf_input = serializers.CharField(help_text="The sealed row: the table's name, a colon, PostgreSQL's jsonb text.")
    leaf_hash = serializers.CharField(help_text=f"Of a zero byte and leaf_input as UTF-8 ({HEX}).")
    leaf_index = serializers.IntegerField(help_text="Place among the leaves, from 0.")
    tree_size = serializers.IntegerField(help_text="Number of leaves.")
    path = serializers.ListField(
        child=serializers.CharField(), help_text=f"From the leaf to the root, as in RFC 9162, 2.1.3 ({HEX})."
    )
    root = serializers.CharField(help_text=f"Of the tree of RFC 6962 ({HEX}).")  # type: ignore[assignment]
    statement = serializers.CharField(help_text="What was signed: canonical JSON with number, time, root, previous.")
    signature = serializers.CharField(help_text="Compact JWS over the statement, by a key of /.well-known/jwks.json.")
