"""Runners that are known as data: where each is found, what it lacks, and one that is really run.

CTest is run where CMake is installed. What the others report was recorded (see `test_reports`), but for .NET, whose
tools were not to be had: of it only the place where it is found is held here.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.verify.checks import Check
from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.finders.presets import presets, reading_of

CSPROJ = '<Project><PackageReference Include="Microsoft.NET.Test.Sdk" />{}</Project>\n'


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty PATH on which each runner is a program that says nothing."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("gradle", "mvn", "dotnet", "rspec", "bundle", "phpunit", "ctest", "bats"):
        (folder / name).write_text("#!/bin/sh\nexit 0\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def found(bench: Bench) -> dict[str, Check]:
    return {check.name: check for check in discover(bench.root, None) if check.reading is not None or check.problem}


def test_every_preset_is_whole() -> None:
    assert [preset.tool for preset in presets()] == [
        "gradle", "maven", "dotnet-test", "rspec", "phpunit", "ctest", "bats",
    ]  # fmt: skip
    for preset in presets():
        reading = reading_of(preset)
        told = any("{report" in word for word in preset.arguments)
        assert bool(reading.path) != told or reading.format == "tap"
        for sign, step in reading.lacks:
            assert re.compile(sign)
            assert step


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"build.gradle": "", "app/build.gradle": ""}, ["gradle"]),
        ({"server/settings.gradle.kts": ""}, ["gradle:server"]),
        ({"pom.xml": "", "core/pom.xml": ""}, ["maven"]),
        ({"App.sln": "", "Tests/T.csproj": CSPROJ.format('<PackageReference Include="JunitXml.TestLogger" />')},
         ["dotnet-test"]),
        ({".rspec": "", "spec/a_spec.rb": ""}, ["rspec"]),
        ({"Gemfile": ""}, []),
        ({"phpunit.xml.dist": "<phpunit/>"}, ["phpunit"]),
        ({"CMakeLists.txt": "project(x)\nenable_testing()\n", "sub/CMakeLists.txt": "enable_testing()\n"}, ["ctest"]),
        ({"CMakeLists.txt": "project(x)\n"}, []),
        ({"tests/cases/reports/phpunit.xml": "<phpunit/>", "fixtures/app/pom.xml": ""}, []),
        ({"test/a.bats": "", "node_modules/x/b.bats": ""}, ["bats:test"]),
    ],
)  # fmt: skip
def test_a_runner_is_found_by_its_manifest_in_the_outermost_folder(
    bench: Bench, programs: Path, files: dict[str, str], names: list[str]
) -> None:
    bench.put(files)
    assert sorted(found(bench)) == names
    assert not any(check.problem for check in found(bench).values())


def test_the_projects_own_wrapper_comes_before_a_program_on_path(bench: Bench, programs: Path) -> None:
    bench.put({"build.gradle": "", "gradlew": "#!/bin/sh\n"})
    assert found(bench)["gradle"].command[0] == str(programs / "gradle")
    (bench.root / "gradlew").chmod(0o755)
    assert found(bench)["gradle"].command[0] == "./gradlew"


@pytest.mark.parametrize(
    ("files", "name", "problem"),
    [
        ({"pom.xml": ""}, "maven", "'mvn' is neither"),
        ({"T.csproj": CSPROJ.format("")}, "dotnet-test", "JunitXml.TestLogger"),
        ({"Gemfile": "", "Gemfile.lock": "    rspec (3.12)\n", "spec/a_spec.rb": ""}, "rspec", "rspec_junit_formatter"),
    ],
)
def test_what_a_runner_lacks_is_told_before_it_is_run(
    bench: Bench, programs: Path, files: dict[str, str], name: str, problem: str
) -> None:
    if name == "maven":
        (programs / "mvn").unlink()
    bench.put(files)
    check = found(bench)[name]
    assert problem in check.problem
    assert check.next_step
    assert bench.one(name).outcome == "unknown"


@pytest.mark.parametrize("tool", [preset.tool for preset in presets()])
@pytest.mark.parametrize(
    "script",
    ["exit 0", "exit 1", "echo 'Tests run: 9, Failures: 0'; exit 0", "kill -SEGV $$", "exec /nowhere/x", "echo OK >&2"],
)
def test_a_runner_that_leaves_no_report_is_never_green(bench: Bench, tmp_path: Path, tool: str, script: str) -> None:
    """Planted reports lie where each would write its own."""
    planted = '<testsuite tests="1"><testcase name="planted"/></testsuite>'
    bench.put(
        {
            "build/test-results/test/TEST-a.xml": planted,
            "target/surefire-reports/TEST-a.xml": planted,
            "build/junit.xml": planted,
            "run": f"#!/bin/sh\n{script}\n",
            "a.bats": "",
        }
    )
    preset = next(one for one in presets() if one.tool == tool)
    command = ("/bin/sh", "./run", *preset.arguments)
    bench.declared = (Check(tool, tool, "tests", command, reading=reading_of(preset), problem=""),)
    verdict = bench.one(tool)
    assert verdict.outcome == "unknown", verdict
    assert verdict.next_step


@pytest.mark.parametrize(
    ("tool", "said", "step"),
    [
        ("maven", "[ERROR] Cannot access central in offline mode", "~/.m2"),
        ("gradle", "No cached version of junit:junit:4.13 available for offline mode.", "~/.gradle"),
        ("rspec", "cannot load such file -- rspec_junit_formatter", "bundle add"),
        ("phpunit", "Failed opening required 'vendor/autoload.php'", "composer install"),
        ("ctest", "CMake Error at CMakeLists.txt:3", "does not configure"),
        ("dotnet-test", "error NU1301: Unable to load the service index", "dotnet restore"),
    ],
)
def test_a_runner_that_says_what_it_lacks_is_answered_with_what_to_do(
    bench: Bench, tool: str, said: str, step: str
) -> None:
    preset = next(one for one in presets() if one.tool == tool)
    bench.put({"a": ""})
    command = ("/bin/sh", "-c", f'echo "{said}"; exit 1', "sh")
    bench.declared = (Check(tool, tool, "tests", command, reading=reading_of(preset)),)
    verdict = bench.one(tool)
    assert (verdict.outcome, step in verdict.next_step) == ("unknown", True)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ctest") is None or shutil.which("make") is None, reason="CMake is not installed")
def test_the_real_ctest_builds_in_the_shadow_and_reports_outside_of_it(bench: Bench) -> None:
    listing = "cmake_minimum_required(VERSION 3.20)\nproject(x NONE)\nenable_testing()\n"
    listing += 'add_test(NAME good COMMAND sh -c "exit 0")\n'
    listing += 'add_test(NAME bad COMMAND sh "${CMAKE_SOURCE_DIR}/bad.sh")\n'
    bench.put({"CMakeLists.txt": listing, "bad.sh": "echo 'bad.sh:1: 3 is not 4' >&2\nexit 1\n"})
    red = bench.one("ctest")
    assert (red.outcome, red.collected, red.passed) == ("fail", 2, 1), red.log
    assert [(finding.path, finding.start_line, finding.test) for finding in red.findings] == [("bad.sh", 0, "bad::bad")]
    bench.shadow.write("bad.sh", b"exit 0\n")
    green = bench.one("ctest")
    assert (green.outcome, green.collected, green.passed) == ("pass", 2, 2)
    bench.shadow.write("CMakeLists.txt", b"project(\n")
    assert "does not configure" in bench.one("ctest").next_step
    assert sorted(path.name for path in bench.root.iterdir()) == ["CMakeLists.txt", "bad.sh"]
