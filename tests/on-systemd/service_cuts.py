"""Cuts the power of an emulated Debian on which the package is installed and its unit runs, sandbox and all."""

import json
import pathlib
import random
import shutil
import subprocess
import time

import virtual
from machine import host

PROJECT = pathlib.Path(__file__).resolve().parents[2]
HOME = "/var/lib/sealdrop"
DROPS = 400
CONFIGURATION = """[keyring.main]
type = "raw-aes"
namespace = "test"
name = "key"
key_file = "{key}"
[data_key_cache]
capacity = 1
max_age = "60s"
max_messages_encrypted = 100
[[drop]]
name = "cut"
input = "{home}/in"
output = "{home}/out"
keyring = "main"
[status]
socket = "/run/sealdrop/status.sock"
"""
# One flushes each file and its names, and says so; the other does not.
PRODUCE = """#!/bin/sh
umask 007
cd /var/lib/sealdrop/staging
produce() {
    number=0
    while [ -e /drops/$1-$number ]; do
        name=$1-$number
        number=$((number + 1))
        cp /drops/$name $name
        [ $1 = hasty ] || sync $name
        mv $name ../in/$name
        [ $1 = hasty ] && continue
        sync ../in .
        echo durable $name >&3
    done
}
produce hasty &
produce durable
wait
"""
PACKAGED = "/usr/share/doc/sealdrop/drop-ins/producers-in-the-group.conf"


def site_of(cuts, guest):
    """The guest's disk, mounted here, as tests/power-cuts checks it."""

    class Disk(cuts.Site):
        def __init__(self):
            self.pool = guest.folder / "checked"
            self.top = self.pool / "disk"
            self.top.mkdir(parents=True)
            self.input, self.output = self.top / "in", self.top / "out"
            self.config = guest.folder / "check.toml"
            self.config.write_text(CONFIGURATION.format(home=self.top, key=guest.folder / "key"))

        def mount(self):
            host("mount", "-o", "loop", guest.image(HOME), self.top)

        def unmount(self):
            host("umount", self.top)

    return Disk()


def make(cuts, package, file_system):
    """A machine with the package, and what is going to be dropped."""
    guest = virtual.Emulated(PROJECT / "target/on-systemd/root", {HOME: 320 << 20}, ["drops"], file_system)
    cuts.run(cuts.BINARY, "keygen", guest.folder / "key")
    shutil.copy(package, guest.root / "root/sealdrop.deb")
    shutil.copy(guest.folder / "key", guest.root / "root/key")
    (guest.root / "drops").mkdir()
    for kind in ["durable", "hasty"]:
        for number in range(DROPS):
            (guest.root / "drops" / f"{kind}-{number}").write_bytes(cuts.content(f"{kind}-{number}"))
    (guest.root / "usr/local/sbin/produce").write_text(PRODUCE)
    guest.boot()
    guest.run("dpkg -i /root/sealdrop.deb && useradd -G sealdrop-drop producer")
    guest.run("install -o sealdrop -m 600 /root/key /etc/sealdrop/key")
    guest.run(f"install -d -o producer -g sealdrop-drop -m 2770 {HOME}/staging")
    guest.write("/etc/sealdrop/sealdrop.toml", CONFIGURATION.format(home=HOME, key="/etc/sealdrop/key"))
    guest.run(f"install -D -t /etc/systemd/system/sealdrop.service.d {PACKAGED}")
    guest.run("systemctl daemon-reload && systemctl enable --now sealdrop && sync")
    return guest


def cut(guest):
    """Lets the producers work for a while, and pulls the plug; the drops that were said to be durable."""
    producers = "exec 3>/dev/virtio-ports/sealdrop.drops; exec runuser -u producer -- sh /usr/local/sbin/produce"
    guest.run(f"systemd-run -q --unit=producers sh -c '{producers}'")
    said = lambda: guest.port("drops").read_text().split("\n")[:-1]  # without a line that is not whole
    guest.wait("producers at work", lambda: len(said()) >= 5)
    time.sleep(random.uniform(0.5, 8))
    guest.crash()
    return [line.split()[1] for line in said()]


def is_settled(guest):
    """What lost its bytes in the cut stays held; nothing else waits."""
    status = json.loads(guest.run("sealdrop status --json || [ $? = 69 ]"))
    held = {file["reason"] for file in status["held"]}
    own = guest.run(f"find {HOME}/out -name '.sealdrop-*'")
    return status["queue_files"] == 0 and held <= {"size_differs"} and not own


def cut_one(cuts, package, file_system):
    guest = make(cuts, package, file_system)
    site = site_of(cuts, guest)
    durable = cut(guest)
    site.mount()
    try:
        plain, claimed, messages = cuts.check_cut(site, durable)
    finally:
        site.unmount()
    guest.boot()  # nobody starts the service but systemd
    guest.wait("the rest to be sealed", lambda: guest.ask("systemctl is-active sealdrop") == "active" and is_settled(guest))
    guest.power_off()
    site.mount()
    try:
        recovered = cuts.check_sealed(site, durable)
    finally:
        site.unmount()
    print(
        f"the service on {file_system}: {len(durable)} durable drops; found {plain} plaintexts ({claimed} claimed) and"
        f" {messages} messages after the cut; all sealed once after the boot, {recovered} records rebuilt",
        flush=True,
    )
