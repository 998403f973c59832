"""A machine that is a container of systemd-nspawn: booted within a second, with the kernel of this host."""

import os
import pathlib
import signal
import subprocess

from machine import Machine, host

NAMESPACES = ["-m", "-u", "-i", "-n", "-p", "-C"]


class Container(Machine):
    def __init__(self, base, disks):
        super().__init__(base, disks)
        self.binds, self.nspawn = [], None
        for place in disks:
            mounted = self.image(place).with_suffix("")
            mounted.mkdir()
            host("mount", "-o", "loop", self.image(place), mounted)
            self.mounted.append(mounted)
            self.binds.append(f"--bind={mounted}:{place}")

    def start(self):
        console = open(self.folder / "console", "ab")
        command = ["systemd-nspawn", "-q", "-D", self.root, "-b", "--register=no", "--keep-unit", "--private-network"]
        command += ["--console=pipe", *self.binds]
        streams = {"stdin": subprocess.DEVNULL, "stdout": console, "stderr": console}
        self.nspawn = subprocess.Popen(command, **streams)
        self.wait("PID 1", self._find_init)

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

    def kill(self):
        """All its processes at once; what the kernel holds stays."""
        os.kill(int(self.init), signal.SIGKILL)
        self.ended()
        self.wait("the end of the machine", self._has_ended)

    def is_running(self):
        return self.nspawn is not None and self.nspawn.poll() is None

    def ended(self):
        self.nspawn.wait(self.PATIENCE)

    def _has_ended(self):
        try:
            stat = pathlib.Path(f"/proc/{self.init}/stat").read_text()
        except OSError:
            return True
        return stat.rsplit(")", 1)[1].split()[0] in "ZX"  # nobody may have asked for its status yet

    def try_run(self, script):
        command = ["nsenter", "-t", self.init, *NAMESPACES, "--", "/bin/sh", "-c", script]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SYSTEMD_PAGER": "", "TERM": "dumb"}
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(command, env=environment, text=True, timeout=self.PATIENCE, **streams)
        return done.returncode, done.stdout.strip()
