"""What everybody may see of the map: coarse, a day late, and nothing where there are few."""

from datetime import timedelta

from civicloop.foundation import morton

LEVEL = 14  # zoom of the cells: about two kilometres
SHIFT = 2 * (morton.ZOOM - LEVEL)
LEAST = 5
DELAY = timedelta(hours=24)
SPAN = timedelta(days=90)
HIGHEST = 13  # beyond this zoom the browser stretches the last tile
