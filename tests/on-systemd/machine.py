"""A booted Debian and commands inside it, whatever it was booted with. Needs root; all mounts end with this process."""

import atexit
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q"], "btrfs": ["mkfs.btrfs", "-q"]}


def in_own_namespace():
    """Runs the script again where its mounts are its own, below an empty /run, as nspawn wants it."""
    if os.environ.get("SEALDROP_OWN_MOUNTS") != "1":
        os.environ["SEALDROP_OWN_MOUNTS"] = "1"
        here = [sys.executable, *sys.argv]
        os.execvp("unshare", ["unshare", "-m", "--propagation", "private", *here])
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.mkdir("/run/systemd")


def host(*command):
    """A command of this host that has to succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


class Machine:
    """Its root is an overlay over `base`, so that the cached one stays as it was made. `disks` are sizes by mount point."""

    PATIENCE = 90  # seconds; only a failure waits for it
    WATCHDOG = 4  # seconds that are enough for a daemon that is well

    def __init__(self, base, disks, file_system="ext4"):
        folder = tempfile.TemporaryDirectory(prefix="sealdrop-on-systemd-", ignore_cleanup_errors=True)
        self._folder, self.folder = folder, pathlib.Path(folder.name)
        self.root, self.disks, self.is_up = self.folder / "root", disks, False
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        layers = f"lowerdir={base},upperdir={self.folder}/upper,workdir={self.folder}/work"
        host("mount", "-t", "overlay", "overlay", "-o", layers, self.root)
        self.mounted = [self.root]
        for place, size in disks.items():
            with open(self.image(place), "wb") as file:
                file.truncate(size)
            host(*MAKE[file_system], self.image(place))
        (self.root / "var/log/journal").mkdir(exist_ok=True)  # the journal outlives a boot
        atexit.register(self.close)

    def image(self, place):
        """The disk that is mounted there."""
        return self.folder / (place.strip("/").replace("/", "-") + ".img")

    def boot(self):
        self.start()
        self.is_up = True
        self.wait("the boot", lambda: self.ask("systemctl is-system-running") in ("running", "degraded"))

    def crash(self):
        """The plug is pulled."""
        self.is_up = False
        self.kill()

    def power_off(self):
        self.run("(sleep 1; systemctl poweroff) >/dev/null 2>&1 &")  # there is to be an answer
        self.is_up = False
        self.ended()

    def close(self):
        if self.is_running():
            self.crash()
        for point in self.mounted:  # else its folder could not be removed
            subprocess.run(["umount", "-l", point], capture_output=True)

    def run(self, script):
        code, said = self.try_run(script)
        assert code == 0, f"{script!r} ended with {code}: {said}"
        return said

    def ask(self, script):
        return self.try_run(script)[1]

    def write(self, path, text):
        coded = base64.b64encode(text.encode()).decode()
        self.run(f"mkdir -p $(dirname {path}) && echo {coded} | base64 -d >{path}")

    def show(self, prop, unit="sealdrop"):
        return self.run(f"systemctl show --value -p {prop} {unit}")

    def journal(self, *matches):
        lines = self.ask(f"journalctl -q -o json --no-pager {' '.join(matches)}").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def wait(self, what, condition):
        deadline = time.monotonic() + self.PATIENCE
        while not (answer := condition()):
            if time.monotonic() > deadline:
                tail = self.ask("journalctl -q --no-pager -n 60; systemctl status sealdrop") if self.is_up else ""
                raise AssertionError(f"waited for {what} in vain\n{tail}")
            time.sleep(0.1)
        return answer
