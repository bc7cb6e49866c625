"""Addresses of AuthZEN, at the root of the server as the standard has them."""

from django.urls import path

from api.authzen.evaluation import evaluate, evaluate_batch
from api.authzen.metadata import configuration
from api.authzen.searching import search_actions, search_resources, search_subjects

urlpatterns = [
    path("access/v1/evaluation", evaluate),
    path("access/v1/evaluations", evaluate_batch),
    path("access/v1/search/subject", search_subjects),
    path("access/v1/search/resource", search_resources),
    path("access/v1/search/action", search_actions),
    path(".well-known/authzen-configuration", configuration),
]
