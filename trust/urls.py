"""Addresses of the pages."""

from django.urls import path

from trust import views

urlpatterns = [
    path("", views.home, name="home"),
    path("products/<slug:slug>", views.product_label, name="product"),
]
