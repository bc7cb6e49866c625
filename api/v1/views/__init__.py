"""The addresses below /api/v1, one module for each resource. A view checks, calls one service or query, and answers."""
