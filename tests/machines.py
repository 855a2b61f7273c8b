"""Machines for tests: what runs on one sees no other's files, processes or boot.

Each is a set of Linux namespaces with a cable to a network, where whoever tests has an address too.
What a machine has on its disk stands in place of one folder; all else, as the code, is shared.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_APART = ("unshare", "--mount", "--pid", "--uts", "--net", "--fork", "--kill-child", "--mount-proc")
_BOOT = """
set -e
read _
hostname "$1"
mount --bind "$2" "$3"
mount --bind "$3/boot_id" /proc/sys/kernel/random/boot_id
ip link set lo up
ip address add "$4" dev eth0
ip link set eth0 up
cd "$3"
shift 4
"$@"
exit
"""


class Machine:
    """A machine that runs one command, and what this starts.

    Args:
        network: Its network.
        name: What it is called.
        disk: Its disk, to whoever looks from outside.
        folder: Where that lies to what runs on it.
        number: Which of the network's machines it is.
    """

    def __init__(self, network: Network, name: str, disk: Path, folder: Path, number: int) -> None:
        self.name = name
        self.disk = disk
        self.folder = folder
        self.address = network.address_of(number)
        self._network = network
        self._cable = f"{network.name}-{number}"
        disk.mkdir(exist_ok=True)
        (disk / "boot_id").write_text(f"{uuid.uuid4()}\n")
        self._process: subprocess.Popen[bytes] | None = None
        self._net: int | None = None

    @property
    def log(self) -> str:
        """What its command wrote."""
        return (self.disk / "log").read_text()

    def start(self, *command: str, env: Mapping[str, str]) -> None:
        """Starts it with a command."""
        where = (self.name, f"{self.disk}", f"{self.folder}", f"{self.address}/24")
        with (self.disk / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*_APART, "sh", "-c", _BOOT, "sh", *where, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=os.environ | dict(env),
            )
        assert self._process.stdin is not None
        net = Path(f"/proc/{self._process.pid}/ns/net")
        while net.readlink() == Path("/proc/self/ns/net").readlink():
            assert self._process.poll() is None
        self._net = os.open(net, os.O_RDONLY)  # what the killed say at last still gets out
        _ip(f"link add {self._cable} type veth peer name eth0 netns {self._process.pid}")
        _ip(f"link set {self._cable} up master {self._network.name}")
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def unplug(self) -> None:
        """Takes it from the network: nobody is told what becomes of it."""
        _ip(f"link del {self._cable}")

    def kill(self) -> None:
        """Ends all that runs on it, at once."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def close(self) -> None:
        """Ends it, and what there is of its network."""
        self.kill()
        if self._net is not None:
            os.close(self._net)
        self._net = None

    def wait(self) -> int:
        """Waits for its command, and returns the exit code."""
        assert self._process is not None
        return self._process.wait(timeout=120)


class Network:
    """A network with an address for whoever tests, `hub`, and machines."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._part = f"10.231.{os.getpid() % 256}"
        self._numbers = count(2)
        self._machines: list[Machine] = []

    @property
    def hub(self) -> str:
        """The address of whoever tests."""
        return self.address_of(1)

    def address_of(self, number: int) -> str:
        """The address of a machine."""
        return f"{self._part}.{number}"

    def machine(self, name: str, disk: Path, folder: Path) -> Machine:
        """A machine that isn't started."""
        made = Machine(self, name, disk, folder, next(self._numbers))
        self._machines.append(made)
        return made

    def close(self) -> None:
        """Ends all machines."""
        for machine in self._machines:
            machine.close()
        self._machines.clear()


@contextmanager
def network() -> Iterator[Network | None]:
    """A network for the block; None where none can be made."""
    made = Network(f"hp{os.getpid()}")
    if not _can_be_made(made.name):
        yield None
        return
    try:
        _ip(f"address add {made.hub}/24 dev {made.name}")
        _ip(f"link set {made.name} up")
        yield made
    finally:
        made.close()
        _ip(f"link del {made.name}")


def _can_be_made(name: str) -> bool:
    """Makes a network's bridge, if this process may do so and make namespaces too."""
    commands = [*_APART, "true"], ["ip", "link", "add", name, "type", "bridge"]
    return all(
        shutil.which(command[0])
        and subprocess.run(command, capture_output=True, check=False).returncode == 0
        for command in commands
    )


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True, capture_output=True)
