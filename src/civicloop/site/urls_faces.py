"""Addresses of the residents' and the grid workers' faces."""

from django.urls import URLPattern

faces: list[URLPattern] = []
