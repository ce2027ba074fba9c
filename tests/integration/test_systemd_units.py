"""The units as systemd itself reads them: valid, in slices of their own, with few rights."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.ipc.settings import read_settings
from tests.source_tree import ROOT, pyproject

UNITS = ROOT / "systemd"
PROCESSES = ("core", "discovery", "recordings", "faces", "courier")
OFFICE = ("receiving", "verification")
SERVICES = [
    *(f"exam-{name}.service" for name in (*PROCESSES, "seat")),
    *(f"exam-central-{name}.service" for name in OFFICE),
]
FILTER = "examhall-packet-filter.service"
EXPOSURE = 20  # tenths, as systemd-analyze counts: 0 nothing to fear, 100 everything
KINDS = {".service", ".slice", ".target"}
INSTALLED = "/opt/examhall/bin/"

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs Debian's systemd package"
)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the units whose commands exist on this machine."""
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(UNITS, folder, dirs_exist_ok=True)
    for service in folder.glob("*.service"):
        text = service.read_text(encoding="utf-8")
        service.write_text(re.sub(rf"{INSTALLED}[a-z-]+", "/bin/true", text), encoding="utf-8")
    return folder


def analyze(units: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze with our units before those of this machine."""
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{units}:", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def settings(name: str) -> dict[str, str]:
    """Return a unit's own settings; for a repeated one, the last."""
    text = (UNITS / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


def test_systemd_finds_nothing_wrong(units: Path) -> None:
    """systemd reads every unit without a word: no unknown setting, no missing unit, no cycle."""
    names = [str(path) for path in units.iterdir() if path.is_file() and path.suffix in KINDS]
    verified = analyze(units, "verify", "--man=no", *sorted(names))
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@pytest.mark.parametrize("service", [*SERVICES, FILTER])
def test_a_service_has_few_rights(units: Path, service: str) -> None:
    """systemd's own count of what a service could do stays below the threshold."""
    report = analyze(
        units, "security", "--offline=true", f"--threshold={EXPOSURE}", str(units / service)
    )
    assert report.returncode == 0, report.stdout


@pytest.mark.parametrize("setting", ["Restart", "NoNewPrivileges", "MemoryDenyWriteExecute"])
def test_the_shared_file_is_what_lowers_the_count(units: Path, setting: str) -> None:
    """The settings that all services share are read from the drop-in, and stand nowhere else."""
    shared = (UNITS / "exam-.service.d" / "hardening.conf").read_text(encoding="utf-8")
    assert f"\n{setting}=" in shared
    assert all(setting not in settings(service) for service in SERVICES)


def test_without_the_shared_file_the_count_is_exceeded(units: Path, tmp_path: Path) -> None:
    """The threshold can fail: without the hardening a service is over it."""
    bare = tmp_path / "exam-core.service"
    shutil.copy(units / "exam-core.service", bare)
    report = analyze(tmp_path, "security", "--offline=true", f"--threshold={EXPOSURE}", str(bare))
    assert report.returncode != 0


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_that_a_unit_says_is_overruled_by_the_shared_file(service: str) -> None:
    """What a service has otherwise than the others stands in a drop-in that is read later."""
    adding = {"RestrictAddressFamilies", "ReadWritePaths"}  # lists, to which each file adds
    shared = settings("exam-.service.d/hardening.conf")
    assert not (settings(service).keys() & shared.keys()) - adding
    later = [path.name for path in (UNITS / f"{service}.d").glob("*.conf")]
    assert all(name > "hardening.conf" for name in later)


def test_the_seat_reaches_its_cameras_and_core_lets_staff_in(units: Path) -> None:
    """Read by systemd with their drop-ins: devices at the seat, a socket for staff at core."""
    found = {}
    for service in ("exam-seat.service", "exam-core.service", "exam-faces.service"):
        report = analyze(units, "security", "--offline=true", "--json=short", str(units / service))
        found[service] = {line["json_field"]: line["set"] for line in json.loads(report.stdout)}
    assert not found["exam-seat.service"]["PrivateDevices"]
    assert found["exam-faces.service"]["PrivateDevices"]
    assert not found["exam-core.service"]["UMask"]
    assert found["exam-seat.service"]["UMask"]


@pytest.mark.parametrize("process", PROCESSES)
def test_each_process_has_its_slice(process: str) -> None:
    """Each process has its own command, and its own slice with limits."""
    service = settings(f"exam-{process}.service")
    assert service["Slice"] == f"examhall-{process}.slice"
    assert f"exam-appliance run {process} --wait --config" in service["ExecStart"]
    limits = settings(f"examhall-{process}.slice")
    assert {"CPUWeight", "IOWeight", "MemoryMax", "TasksMax"} <= set(limits)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_sees_its_own_folders_only(process: str) -> None:
    """Of the processes' folders each one writes its own, and the others' are out of its sight."""
    service = settings(f"exam-{process}.service")
    own = {name.removeprefix("examhall/") for name in service["StateDirectory"].split()}
    hidden = {Path(name).name for name in service["InaccessiblePaths"].split()}
    assert process in own
    assert own | hidden == {*PROCESSES, "outbox"}
    assert not own & hidden


def test_the_units_agree_with_the_settings_file() -> None:
    """The folders made for the services are those of the settings beside the units."""
    found = read_settings(UNITS / "appliance.toml")
    made = (UNITS / "examhall.tmpfiles").read_text(encoding="utf-8")
    folders = [found.bundles, found.outbox, found.staff_socket.parent, *map(found.own, PROCESSES)]
    assert all(re.search(rf"^d {folder} +0", made, re.MULTILINE) for folder in folders)
    hardening = (UNITS / "exam-.service.d" / "hardening.conf").read_text(encoding="utf-8")
    assert f"ReadWritePaths=-{found.staff_socket.parent}\n" in hardening


def test_every_user_has_a_home_and_staff_have_a_folder() -> None:
    """What the users need is made with them: a home each, owned by them; the staff keys' folder."""
    users = re.findall(
        r"^u (\S+) .* (/\S+) +-$", (UNITS / "examhall.sysusers").read_text(), re.MULTILINE
    )
    made = (UNITS / "examhall.tmpfiles").read_text(encoding="utf-8")
    state = {settings("exam-seat.service")["StateDirectory"]: "systemd makes it at the start"}
    missing = [
        user
        for user, home in users
        if Path(home).name not in state
        and not re.search(rf"^d {home} +0700 {user} +{user} ", made, re.MULTILINE)
    ]
    assert len(users) == 4
    assert not missing
    keys = read_settings(UNITS / "appliance.toml").staff_keys
    assert re.search(rf"^d {keys} +0750 root +examhall ", made, re.MULTILINE)


def test_the_courier_can_write_to_a_stick() -> None:
    """Where the documents mount a stick is where the courier, and no other process, may write."""
    own = settings("exam-courier.service")["ReadWritePaths"].split()
    page = (ROOT / "docs" / "several_machines.md").read_text(encoding="utf-8")
    (place,) = set(re.findall(r"^mount .* (/\S+)$", page, re.MULTILINE))
    assert f"-{Path(place).parent}" in own
    others = [name for name in SERVICES if name != "exam-courier.service"]
    assert all("ReadWritePaths" not in settings(name) for name in others)


def test_each_process_of_the_office_reaches_its_own_folders_only(units: Path) -> None:
    """The receiver sees no key of the office, the inner worker has no network."""
    receiving, verification = (settings(f"exam-central-{name}.service") for name in OFFICE)
    assert receiving["InaccessiblePaths"] == "-/var/lib/examhall-office/inner"
    assert "inner" not in receiving["StateDirectory"]
    assert (receiving["User"], verification["User"]) == ("examhall-office", "examhall-office")
    found = {}
    for name in OFFICE:
        service = str(units / f"exam-central-{name}.service")
        report = analyze(units, "security", "--offline=true", "--json=short", service)
        found[name] = {line["json_field"]: line["set"] for line in json.loads(report.stdout)}
    assert found["verification"]["PrivateNetwork"]
    assert found["verification"]["RestrictAddressFamilies_AF_INET_INET6"]
    assert not found["receiving"]["RestrictAddressFamilies_AF_INET_INET6"]


def test_answers_come_first() -> None:
    """Core outweighs the other four together, in processor and in disk, and dies last."""
    others = [settings(f"examhall-{name}.slice") for name in PROCESSES if name != "core"]
    core = settings("examhall-core.slice")
    for weight in ("CPUWeight", "IOWeight"):
        assert int(core[weight]) > 3 * sum(int(other[weight]) for other in others)
    scores = {name: int(settings(f"exam-{name}.service")["OOMScoreAdjust"]) for name in PROCESSES}
    assert min(scores, key=scores.__getitem__) == "core"


def test_the_target_brings_up_all_processes() -> None:
    """The appliance's target wants its five services and nothing else."""
    wanted = settings("exam-appliance.target")["Wants"].split()
    assert sorted(wanted) == sorted(f"exam-{name}.service" for name in PROCESSES)
    office = settings("exam-central.target")["Wants"].split()
    assert office == [f"exam-central-{name}.service" for name in OFFICE]


def test_the_units_start_commands_that_exist() -> None:
    """Every command in a unit is one that the product installs."""
    commands = {settings(service)["ExecStart"].split()[0] for service in SERVICES}
    assert commands <= {INSTALLED + name for name in pyproject()["project"]["scripts"]}


def test_discovery_brings_the_packet_filter_up_before_itself() -> None:
    """The unit that loads it is wanted by discovery, and names the file where it is installed."""
    discovery = settings("exam-discovery.service")
    assert FILTER in discovery["Wants"].split()
    assert FILTER in discovery["After"].split()
    installed = pyproject()["tool"]["setuptools"]["data-files"]["share/examhall"]
    (source,) = [ROOT / name for name in installed]
    assert source.is_file()
    loads = f"/usr/sbin/nft -f /opt/examhall/share/examhall/{source.name}"
    assert settings(FILTER)["ExecStart"] == settings(FILTER)["ExecReload"] == loads


def test_the_packet_filter_has_one_right() -> None:
    """It may change the packet filter, and is no service that lives."""
    found = settings(FILTER)
    assert (found["CapabilityBoundingSet"], found["Type"]) == ("CAP_NET_ADMIN", "oneshot")
    assert found["RestrictAddressFamilies"] == "AF_NETLINK"


@pytest.mark.netns
def test_what_the_unit_does_is_what_the_kernel_then_has() -> None:
    """In a network of its own: loaded, loaded again without a double, and taken away whole."""
    source = str(ROOT / "appliance" / "discovery" / "packet_filter.nft")
    load = settings(FILTER)["ExecStart"].replace(
        "/opt/examhall/share/examhall/packet_filter.nft", source
    )
    listing, unload = "nft list ruleset", settings(FILTER)["ExecStop"]
    script = f"{load} && {load} && {listing} && echo --- && {unload} && {listing}"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script], capture_output=True, text=True, check=True
    )
    loaded, _, after = done.stdout.partition("---")
    assert loaded.count("udp dport 5353") == 1
    assert after.strip() == ""
