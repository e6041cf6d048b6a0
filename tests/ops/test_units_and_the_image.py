"""The units for systemd and the container file name commands, files and folders that there are."""

import shlex
import shutil
from pathlib import Path

import pytest

from civicloop.ops.commands import COMMANDS
from tests.conftest import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
NAMED = {command.name: command for command in COMMANDS}
PROGRAM = "/opt/civicloop/.venv/bin/civicloop"
IMAGE = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")


def settings(unit: Path) -> dict[str, str]:
    """The settings of a unit as `Section.Name`; what is said twice would be lost, so it is refused."""
    found: dict[str, str] = {}
    section = ""
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals, line
            assert f"{section}.{name}" not in found, line
            found[f"{section}.{name}"] = value
    return found


def instructions(name: str) -> list[list[str]]:
    """The words of each such instruction of the container file."""
    return [line.split()[1:] for line in IMAGE.splitlines() if line.startswith(f"{name} ")]


@pytest.mark.parametrize("unit", [each for each in UNITS if each.suffix == ".service"], ids=lambda each: each.stem)
def test_a_unit_calls_a_command_that_there_is_and_may_write_its_own_folders_only(unit: Path) -> None:
    said = settings(unit)
    program, *words = shlex.split(said["Service.ExecStart"])
    assert program == PROGRAM
    NAMED[words[0]].make_context(words[0], words[1:])  # its options and arguments are known
    assert said["Service.User"] == "civicloop"
    assert said["Service.UMask"] == "0077"
    assert said["Service.ProtectSystem"] == "strict"
    assert said["Service.CapabilityBoundingSet"] == ""
    assert set(said["Service.ReadWritePaths"].split()) <= {"/var/lib/civicloop", "/var/backups/civicloop"}
    documented = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for path in (said["Service.EnvironmentFile"], said["Service.WorkingDirectory"]):
        assert path in documented


def test_each_timer_has_its_service() -> None:
    timers = [each for each in UNITS if each.suffix == ".timer"]
    assert timers
    for timer in timers:
        assert timer.with_suffix(".service") in UNITS
        assert settings(timer)["Timer.OnCalendar"]


def test_what_the_image_copies_is_there_and_whole_without_the_rest(tmp_path: Path) -> None:
    """A link in the sources that leads out of what is copied would be broken in the image."""
    for *sources, into in instructions("COPY"):
        target = tmp_path / into
        for each in sources:
            source = ROOT / each
            assert source.exists(), each
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / source.name)
    broken = [path for path in tmp_path.rglob("*") if path.is_symlink() and not path.exists()]
    assert broken == []
    assert list((tmp_path / "src").rglob("verify_receipt.py"))
    assert [[word.strip('"[]') for word in words] for words in instructions("CMD")] == [["serve"]]
    assert {"serve", "migrate", "worker"} <= set(NAMED)
    assert instructions("USER") == [["civicloop"]]
