"""A few components in the tests' tiny city, as lines of a file."""

from civicloop.catalogue import component_actions as actions
from civicloop.catalogue import component_files as files
from civicloop.people import access

SYSTEM = access.system("tests")
LID = "99010101001000001"  # 供水井盖 in 甲区, owned by the power company, kept up by the urban department
LAMP = "99010101037000001"  # 路灯, without an owner
FAR_LID = "99010201001000001"  # in 乙区
AT = (117.02, 39.05)
HEAD = "code,name,lon,lat,accuracy,state,owner_code,maintainer_code,address,first_on\n"
LINES = f"""{LID},供水井盖,117.02,39.05,B,intact,d1-power,d1-urban,东风道3号门前,2021-05-01
{LAMP},,117.0201,39.0501,C,完好,,d1-urban,,20210501
{FAR_LID},供水井盖,117.25,39.05,A,intact,city-centre,,,2021-05-01
"""


def take(text: str, crs: str = "wgs84", name: str = "components.csv") -> actions.Taken:
    """A file taken over."""
    return actions.take_over(SYSTEM, lines=files.read(name, text.encode()), crs=crs, what=name)


def some() -> None:
    """The three components."""
    taken = take(HEAD + LINES)
    assert (taken.added, taken.faults) == (3, [])


def owner_answers(code: str = "01001", party: str = "owner") -> None:
    """A rule of the first district: of this kind, the component's owner (or maintainer) answers."""
    from civicloop.catalogue import selectors
    from civicloop.catalogue.models import Responsibility, Revision
    from civicloop.foundation import caches
    from civicloop.places import selectors as places
    from tests import world

    Responsibility.objects.create(
        kind_id=selectors.kind_by_code("GB/T 47678.5-2026", "matter", code).id, area_id=places.by_code("990101").id,
        party=party, priority=20, reason={"zh-hans": "谁的井盖谁负责"}, paper="市政发〔2026〕1号",
        valid_from=world.BEGINNING,
    )  # fmt: skip
    Revision.objects.update(number=999)
    caches.forget_all()
