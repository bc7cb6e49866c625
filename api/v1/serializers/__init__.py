"""Shapes of requests and answers that are too many for the module of their views, where all others are."""
