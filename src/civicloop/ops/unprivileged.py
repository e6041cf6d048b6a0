"""How root runs a program that refuses root: as `nobody`, who may still walk through folders that are root's alone.

A clone below /root lies below a 0700 folder, its binaries and its data alike. No permission of a folder is changed;
the program gets one capability instead, and only where it is needed: dac_read_search (walk and read), or dac_override
where a container has taken that one away. The kernel drops it for access(2), by which PostgreSQL looks for its own
binaries, unless the securebit no_setuid_fixup stays set.
"""

import grp
import pwd
import shutil
from collections.abc import Iterable
from pathlib import Path

STATUS = Path("/proc/self/status")
DAC_OVERRIDE, DAC_READ_SEARCH, SETPCAP = 1, 2, 8  # numbers of capabilities (capabilities(7))
CAPABILITIES = ((DAC_READ_SEARCH, "+dac_read_search"), (DAC_OVERRIDE, "+dac_override"))


class NoWay(Exception):
    """The program cannot be run as somebody else; the text says why and how to mend it."""


def group_of_nobody() -> str:
    """The name differs: nogroup, or nobody."""
    return grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name


def prefix(paths: Iterable[Path]) -> list[str]:
    """What stands before a command so that it runs as `nobody` and reaches `paths`. Raises NoWay."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NoWay("root cannot run PostgreSQL and `setpriv` is missing: install util-linux")
    who = [setpriv, "--reuid=nobody", f"--regid={group_of_nobody()}", "--clear-groups"]
    closed = next(filter(None, map(_closed_above, paths)), None)
    if closed is None:
        return who
    mine = _capabilities()
    capability = next((name for number, name in CAPABILITIES if mine >> number & 1), None)
    if capability is None or not mine >> SETPCAP & 1:
        raise NoWay(
            f"{closed} is closed to others, and root may not pass on the right to walk through it here: "
            f"move the installation elsewhere, run it as an ordinary user, or chmod o+x {closed}"
        )
    return [*who, "--securebits=+no_setuid_fixup", f"--inh-caps={capability}", f"--ambient-caps={capability}"]


def _closed_above(path: Path) -> Path | None:
    """The highest folder above `path` that others may not walk through."""
    above = [folder for folder in reversed(path.absolute().parents) if folder.is_dir()]
    return next((folder for folder in above if not folder.stat().st_mode & 0o001), None)


def _capabilities() -> int:
    """What this process may pass on, as bits."""
    facts = dict(line.split(":", 1) for line in STATUS.read_text().splitlines() if ":" in line)
    return int(facts["CapEff"], 16) & int(facts["CapBnd"], 16)
