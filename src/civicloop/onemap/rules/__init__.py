"""Calculation of the map without Django."""
