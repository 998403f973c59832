"""A machine that qemu emulates: its own kernel, firmware to shell, and disks whose cache is lost with it.

A small service inside reads commands from a virtual serial port, and answers there.
"""

import base64
import shutil
import socket
import subprocess
import time

import kernel
from machine import Machine, host

INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod /modules/$module; done
mount -t ext4 /dev/vda /root
umount /proc
mount -o move /dev /root/dev
exec switch_root /root /sbin/init
"""
# Answers to each line, a script in base64, with a line of its status and what it said. A port that nobody holds reads as
# ended.
AGENT = """#!/bin/sh
port=/dev/virtio-ports/sealdrop.agent
while :; do
    while [ ! -e $port ]; do sleep 0.2; done
    exec 3<>$port
    while IFS= read -r line <&3; do
        echo "$line" | base64 -d >/run/agent.sh
        /bin/sh /run/agent.sh </dev/null >/run/agent.out 2>&1 3>&-
        echo "$? $(base64 -w 0 </run/agent.out)" >&3
    done
    sleep 0.2
done
"""
UNIT = """[Unit]
Description=Runs what the tests ask for
[Service]
ExecStart=/bin/sh /usr/local/sbin/agent
Environment=LANG=C.UTF-8 SYSTEMD_PAGER= TERM=dumb HOME=/root
KillMode=process
OOMScoreAdjust=-900
[Install]
WantedBy=basic.target
"""


class Emulated(Machine):
    PATIENCE = 900  # everything takes tens of times as long, and hundreds beside other work
    WATCHDOG = 30
    SIZE = 1 << 30  # of its root

    def __init__(self, base, disks, ports=(), file_system="ext4"):
        """`ports` are further serial ports to write to, by name: their text is in the file that `port` names."""
        super().__init__(base, disks, file_system)
        self.qemu, self.channel, self.ports = None, None, ports
        fstab = [f"/dev/vd{letter} {place} auto defaults 0 2" for letter, place in zip("bcde", disks)]
        agent = self.root / "etc/systemd/system/agent.service"
        for path, text in {
            self.root / "etc/fstab": "\n".join(["/dev/vda / ext4 defaults 0 1", *fstab, ""]),
            self.root / "etc/hostname": "sealdrop-vm\n",
            self.root / "usr/local/sbin/agent": AGENT,
            agent: UNIT,
        }.items():
            path.write_text(text)
        wanted = self.root / "etc/systemd/system/basic.target.wants"
        wanted.mkdir(exist_ok=True)
        (wanted / agent.name).symlink_to(f"../{agent.name}")
        for place in disks:
            (self.root / place.strip("/")).mkdir(parents=True, exist_ok=True)

    def port(self, name):
        return self.folder / f"port-{name}"

    def _make_disk(self):
        """The root's disk, of what lies in the overlay, and what finds it at boot."""
        disk = self.folder / "root.img"
        if disk.exists():
            return
        kernel.modules(["virtio_blk"])  # makes their index
        version = kernel.version()
        modules = self.root / "usr/lib/modules" / version
        shutil.copytree(kernel.KERNEL / "lib/modules" / version, modules)
        with open(disk, "wb") as file:
            file.truncate(self.SIZE)
        host("mkfs.ext4", "-q", "-F", "-d", self.root, disk)
        top = self.folder / "initramfs"
        names = ["virtio_pci", "virtio_blk", "virtio_console"]
        (top / "root").mkdir(parents=True)
        kernel.first_file_system(top, self.folder / "initramfs.gz", INIT, ["umount", "switch_root"], names)

    def start(self):
        self._make_disk()
        path = self.folder / "agent.sock"
        path.unlink(missing_ok=True)
        options = ["-device", "virtio-serial-pci", "-serial", f"file:{self.folder}/console"]
        options += ["-chardev", f"socket,id=agent,path={path},server=on,wait=off"]
        options += ["-device", "virtserialport,chardev=agent,name=sealdrop.agent"]
        for name in self.ports:
            options += ["-chardev", f"file,id={name},path={self.port(name)}"]
            options += ["-device", f"virtserialport,chardev={name},name=sealdrop.{name}"]
        disks = [self.folder / "root.img", *map(self.image, self.disks)]
        command = kernel.qemu(self.folder / "initramfs.gz", disks, *options)
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        self.qemu = subprocess.Popen(command, **streams)
        self.wait("qemu", lambda: self._connect(path))
        began = time.monotonic()
        self._exchange("")  # waits until the agent reads
        print(f"  booted to its agent in {time.monotonic() - began:.0f} s", flush=True)

    def _connect(self, path):
        assert self.qemu.poll() is None, f"qemu ended: {self.qemu.stderr.read().decode()}"
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(self.PATIENCE)
        try:
            connection.connect(str(path))
        except OSError:
            return False
        self.channel = connection.makefile("rwb")
        return True

    def _exchange(self, script):
        self.channel.write(base64.b64encode(f"cd /\n{script}\n".encode()) + b"\n")
        self.channel.flush()
        try:
            answer = self.channel.readline().decode().split()
        except TimeoutError:
            said = (self.folder / "console").read_text(errors="replace")[-3000:]
            raise AssertionError(f"no answer to {script!r}; the console said:\n{said}") from None
        assert answer, f"the machine ended during {script!r}"
        return int(answer[0]), base64.b64decode("".join(answer[1:])).decode(errors="replace").strip()

    def try_run(self, script):
        return self._exchange(script)

    def kill(self):
        """Whatever was not flushed is lost with its memory."""
        self.qemu.kill()
        self.ended()

    def is_running(self):
        return self.qemu is not None and self.qemu.poll() is None

    def ended(self):
        self.qemu.wait(self.PATIENCE)
        self.channel.close()
