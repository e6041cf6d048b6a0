"""Addresses of the pages of figures."""

from django.urls import path

from civicloop.figures import pages, public_pages, score_pages, workload_pages

app_name = "figures"
urlpatterns = [
    path("figures/", pages.figures, name="figures"),
    path("figures/matters", pages.matters, name="matters"),
    path("figures/export.<slug:kind>", pages.export, name="export"),
    path("figures/scores", score_pages.scores, name="scores"),
    path("figures/weights", score_pages.propose, name="weights-propose"),
    path("figures/weights/<int:weights_no>/decide", score_pages.decide, name="weights-decide"),
    path("figures/workload", workload_pages.page, name="workload"),
    path("figures/keep", pages.keep, name="keep"),
    path("figures/kept", pages.kept_list, name="kept-list"),
    path("figures/kept/<int:table_no>", pages.kept, name="kept"),
    path("figures/kept/<int:table_no>/publish", pages.publish, name="publish"),
    path("public/figures/", public_pages.figures, name="public"),
    path("figures/published", pages.published_list, name="published-list"),
    path("figures/published/<int:table_no>", pages.published, name="published"),
]
