"""The addresses below /api/v1, one module for each resource: shapes of requests and answers, then the views.

A view checks, calls one service or query, and answers.
"""
