"""Addresses of consumers and their keys, below /api/v1."""

from django.urls import path

from api.v1.views import consumers, keys, me

CONSUMER = "consumers/<str:slug>"

urlpatterns = [
    path("me", me.MeView.as_view()),
    path("consumers", consumers.ConsumersView.as_view()),
    path(CONSUMER, consumers.ConsumerView.as_view()),
    path(f"{CONSUMER}/suspend", consumers.SuspendConsumerView.as_view()),
    path(f"{CONSUMER}/reactivate", consumers.ReactivateConsumerView.as_view()),
    path(f"{CONSUMER}/retire", consumers.RetireConsumerView.as_view()),
    path(f"{CONSUMER}/clearance", consumers.ClearanceView.as_view()),
    path(f"{CONSUMER}/hand-over", consumers.HandOverView.as_view()),
    path(f"{CONSUMER}/keys", keys.ConsumerKeysView.as_view()),
    path(f"{CONSUMER}/keys/<int:key_id>", keys.ConsumerKeyView.as_view()),
]
