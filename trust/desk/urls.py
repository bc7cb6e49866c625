"""Addresses of the pages."""

from django.urls import path

from trust.desk import views

urlpatterns = [
    path("", views.home, name="home"),
    path("account/email", views.account_email, name="account_email"),
    path("products/<slug:slug>", views.product_label, name="product"),
    path("use-cases/<slug:slug>/report", views.use_case_report, name="use_case_report"),
]
