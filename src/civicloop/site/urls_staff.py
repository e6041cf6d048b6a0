"""Addresses of the desks."""

from django.urls import URLPattern

staff: list[URLPattern] = []
