"""Cursor pagination: stable under writes, no counting."""

from rest_framework import pagination


class CursorPagination(pagination.CursorPagination):
    """`?cursor=` and `?limit=` (at most 500); ordered by the view's `ordering`."""

    page_size_query_param = "limit"
    max_page_size = 500
    ordering = "-id"
