"""Addresses below /api/v1."""

from django.urls import include, path

from api.v1.views import contracts, keys, ports, products, runs, suites, trust, verdicts

PRODUCT = "products/<slug:slug>"
PORT = f"{PRODUCT}/ports/<str:port>"

urlpatterns = [
    path(f"{PRODUCT}/trust", trust.TrustView.as_view(), name="trust"),  # first: asked more often than all others together
    path("trust/check", trust.CheckView.as_view()),
    path("keys", keys.KeysView.as_view()),
    path("keys/<int:key_id>", keys.KeyView.as_view()),
    path("", include("api.v1.consumer_urls")),
    path("products", products.ProductsView.as_view()),
    path(PRODUCT, products.ProductView.as_view()),
    path(f"{PRODUCT}/publish", products.PublishView.as_view()),
    path(f"{PRODUCT}/deprecate", products.DeprecateView.as_view()),
    path(f"{PRODUCT}/retire", products.RetireView.as_view()),
    path(f"{PRODUCT}/acknowledge", products.AcknowledgeView.as_view()),
    path(f"{PRODUCT}/review", products.ReviewView.as_view()),
    path(f"{PRODUCT}/verdicts", verdicts.VerdictsView.as_view()),
    path(f"{PRODUCT}/verdicts/<int:verdict_id>", verdicts.VerdictView.as_view()),
    path("contracts", contracts.ContractsView.as_view()),
    path(f"{PRODUCT}/contract", contracts.ContractView.as_view()),
    path(f"{PRODUCT}/ports", ports.PortsView.as_view()),
    path(PORT, ports.PortView.as_view()),
    path(f"{PORT}/suite", suites.SuiteView.as_view()),
    path(f"{PORT}/suite/versions", suites.SuiteVersionsView.as_view()),
    path(f"{PORT}/suite/versions/<int:version>", suites.SuiteVersionView.as_view()),
    path(f"{PRODUCT}/input-ports", ports.InputPortsView.as_view()),
    path(f"{PRODUCT}/runs", runs.RunsView.as_view()),
    path("runs/<uuid:run_id>", runs.RunView.as_view()),
    path("", include("api.v1.policy_urls")),
    path("", include("api.v1.decision_urls")),
    path("", include("api.v1.proof_urls")),
    path("", include("api.v1.agreement_urls")),
    path("", include("api.v1.exception_urls")),
    path("", include("api.v1.use_case_urls")),
    path("", include("api.v1.readiness_urls")),
]
