"""Addresses of the map and its tiles."""

from django.urls import path

from civicloop.onemap import pages, public_pages, tiles

app_name = "onemap"
_TILE = "<int:z>/<int:x>/<int:y>.mvt"
urlpatterns = [
    path("map/", pages.page, name="map"),
    path("map/public", public_pages.public_map, name="public"),
    path("map/news", tiles.news, name="news"),
    path("map/here", pages.here, name="here"),
    path("map/areas", pages.areas, name="areas"),
    path("map/days", pages.days, name="days"),
    path(f"tiles/areas/{_TILE}", tiles.of_boundaries, {"layer": "areas"}, name="tiles-areas"),
    path(f"tiles/overlays/{_TILE}", tiles.of_boundaries, {"layer": "overlays"}, name="tiles-overlays"),
    path(f"tiles/matters/{_TILE}", tiles.of_matters, name="tiles-matters"),
    path(f"tiles/components/{_TILE}", tiles.of_components, name="tiles-components"),
    path(f"tiles/public/{_TILE}", tiles.for_everybody, name="tiles-public"),
]
