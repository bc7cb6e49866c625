"""Addresses of access policies, guardrails and the trust policy, below /api/v1."""

from django.urls import path

from api.v1.views import policies, trust_policies

POLICIES = "products/<slug:slug>/policies"
POLICY = f"{POLICIES}/<slug:name>/<int:version>"
GUARDRAIL = "guardrails/<slug:name>/<int:version>"

urlpatterns = [
    path(POLICIES, policies.AccessPoliciesView.as_view()),
    path(POLICY, policies.AccessPolicyView.as_view()),
    path(f"{POLICY}/cedar", policies.AccessPolicyCedarView.as_view()),
    path(f"{POLICY}/diff", policies.AccessPolicyDifferenceView.as_view()),
    path(f"{POLICY}/try", policies.TryPolicyView.as_view()),
    path(f"{POLICY}/publish", policies.PublishPolicyView.as_view()),
    path(f"{POLICY}/withdraw", policies.WithdrawPolicyView.as_view()),
    path("guardrails", policies.GuardrailsView.as_view()),
    path(GUARDRAIL, policies.GuardrailView.as_view()),
    path(f"{GUARDRAIL}/cedar", policies.GuardrailCedarView.as_view()),
    path(f"{GUARDRAIL}/diff", policies.GuardrailDifferenceView.as_view()),
    path(f"{GUARDRAIL}/try", policies.TryGuardrailView.as_view()),
    path(f"{GUARDRAIL}/publish", policies.PublishGuardrailView.as_view()),
    path(f"{GUARDRAIL}/withdraw", policies.WithdrawGuardrailView.as_view()),
    path("policies/schema", policies.PolicySchemaView.as_view()),
    path("policies/export", policies.ExportPoliciesView.as_view()),
    path("trust-policy", trust_policies.TrustPolicyView.as_view()),
    path("trust-policies", trust_policies.TrustPoliciesView.as_view()),
    path("trust-policies/<int:version>", trust_policies.TrustPolicyVersionView.as_view()),
]
