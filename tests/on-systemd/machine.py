"""A Debian booted with systemd-nspawn, and commands inside it. Needs root; all mounts end with this process."""

import atexit
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE = 90  # seconds; only a failure waits for it
NAMESPACES = ["-m", "-u", "-i", "-n", "-p", "-C"]


def in_own_namespace():
    """Runs the script again where its mounts are its own, below an empty /run, as nspawn wants it."""
    if os.environ.get("SEALDROP_OWN_MOUNTS") != "1":
        os.environ["SEALDROP_OWN_MOUNTS"] = "1"
        here = [sys.executable, *sys.argv]
        os.execvp("unshare", ["unshare", "-m", "--propagation", "private", *here])
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.mkdir("/run/systemd")


class Machine:
    """Its root is an overlay, so that the cached one stays as it was made."""

    def __init__(self, base, disks):
        folder = tempfile.TemporaryDirectory(prefix="sealdrop-on-systemd-", ignore_cleanup_errors=True)
        self._folder, self.folder = folder, pathlib.Path(folder.name)
        self.root, self.binds, self.nspawn = self.folder / "root", [], None
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        layers = f"lowerdir={base},upperdir={self.folder}/upper,workdir={self.folder}/work"
        self._host("mount", "-t", "overlay", "overlay", "-o", layers, self.root)
        for place, size in disks.items():
            self._add_disk(place, size)
        (self.root / "var/log/journal").mkdir(exist_ok=True)  # the journal outlives a boot
        atexit.register(self.close)

    def _host(self, *command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def _add_disk(self, place, size):
        name = place.strip("/").replace("/", "-")
        image, mounted = self.folder / f"{name}.img", self.folder / name
        mounted.mkdir()
        with open(image, "wb") as file:
            file.truncate(size)
        self._host("mkfs.ext4", "-q", "-F", image)
        self._host("mount", "-o", "loop", image, mounted)
        self.binds.append(f"--bind={mounted}:{place}")

    def disk(self, place):
        return self.folder / place.strip("/").replace("/", "-")

    def boot(self):
        console = open(self.folder / "console", "ab")
        command = ["systemd-nspawn", "-q", "-D", self.root, "-b", "--register=no", "--keep-unit", "--private-network"]
        command += ["--console=pipe", *self.binds]
        streams = {"stdin": subprocess.DEVNULL, "stdout": console, "stderr": console}
        self.nspawn = subprocess.Popen(command, **streams)
        self.wait("PID 1", lambda: self._find_init())
        self.wait("the boot", lambda: self.ask("systemctl is-system-running") in ("running", "degraded"))

    def _find_init(self):
        if self.nspawn.poll() is not None:
            raise SystemExit("systemd-nspawn ended:\n" + (self.folder / "console").read_text(errors="replace")[-3000:])
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        for child in children:
            try:
                status = pathlib.Path(f"/proc/{child}/status").read_text()
                comm = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
            except OSError:
                continue
            ids = next(line for line in status.splitlines() if line.startswith("NSpid")).split()
            if ids[-1] == "1" and len(ids) > 2 and comm == "systemd":
                self.init = child
                return True
        return False

    def crash(self):
        """All its processes at once, as when the machine's plug is pulled; what the kernel holds stays."""
        os.kill(int(self.init), signal.SIGKILL)
        self.nspawn.wait(PATIENCE)
        self.wait("the end of the machine", self._has_ended)

    def _has_ended(self):
        try:
            stat = pathlib.Path(f"/proc/{self.init}/stat").read_text()
        except OSError:
            return True
        return stat.rsplit(")", 1)[1].split()[0] in "ZX"  # nobody may have asked for its status yet

    def power_off(self):
        self.run("systemctl poweroff --no-block")
        self.nspawn.wait(PATIENCE)

    def close(self):
        if self.nspawn and self.nspawn.poll() is None:
            self.crash()

    def popen(self, script):
        command = ["nsenter", "-t", self.init, *NAMESPACES, "--", "/bin/sh", "-c", script]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SYSTEMD_PAGER": ""}
        environment["TERM"] = "dumb"
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def try_run(self, script):
        process = self.popen(script)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said.strip()

    def run(self, script):
        code, said = self.try_run(script)
        assert code == 0, f"{script!r} ended with {code}: {said}"
        return said

    def ask(self, script):
        return self.try_run(script)[1]

    def show(self, prop, unit="sealdrop"):
        return self.run(f"systemctl show --value -p {prop} {unit}")

    def journal(self, *matches):
        lines = self.ask(f"journalctl -q -o json --no-pager {' '.join(matches)}").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def wait(self, what, condition):
        deadline = time.monotonic() + PATIENCE
        while not (answer := condition()):
            if time.monotonic() > deadline:
                tail = self.ask("journalctl -q --no-pager -n 60; systemctl status sealdrop") if hasattr(self, "init") else ""
                raise AssertionError(f"waited for {what} in vain\n{tail}")
            time.sleep(0.1)
        return answer
