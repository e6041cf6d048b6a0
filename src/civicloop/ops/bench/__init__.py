"""Benchmarks: a throw-away database, a small city, a served instance, a cheap client. They report and never assert."""
