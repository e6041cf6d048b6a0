"""What a serving process has behind it before somebody asks for a page."""

import gc
import subprocess
import sys

SETTLED = """
import gc
from civicloop.ops import environment
environment.prepare()
import django
django.setup()
from civicloop.ops import settling
settling.settle()
import sys
print(gc.get_freeze_count() > 10 * len(gc.get_objects()), "civicloop.steering.pages" in sys.modules)
"""


def test_addresses_are_loaded_and_what_stays_is_left_alone() -> None:
    before = gc.get_freeze_count()
    done = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
    assert gc.get_freeze_count() == before
