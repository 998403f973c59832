"""Debian's cloud kernel, unpacked below target/vm-kernel and installed nowhere, and first file systems for it."""

import pathlib
import re
import shutil
import subprocess

KERNEL = pathlib.Path(__file__).resolve().parents[2] / "target/vm-kernel"
PACKAGE = "linux-image-cloud-amd64"
TOOLS = ["qemu-system-x86_64", "busybox", "depmod", "mkfs.ext4"]


def missing():
    """Why no virtual machine can be booted here; None if one can."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            return f"there is no {tool} (tests/setup-vm installs it)"
    try:
        image()
    except (subprocess.CalledProcessError, FileNotFoundError, TypeError) as why:
        return f"no {PACKAGE}: {why}"
    return None


def told(*command, **options):
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, capture_output=True, text=True, **options).stdout


def image():
    """The kernel's file."""
    if not list(KERNEL.glob("boot/vmlinuz-*")):
        KERNEL.mkdir(parents=True, exist_ok=True)
        depends = re.search(r"Depends: (linux-image-\S+)", told("apt-cache", "depends", PACKAGE))
        told("apt-get", "download", depends[1], cwd=KERNEL)
        for package in KERNEL.glob("*.deb"):
            told("dpkg", "-x", package, KERNEL)
            package.unlink()
    return next(KERNEL.glob("boot/vmlinuz-*"))


def version():
    return image().name.removeprefix("vmlinuz-")


def modules(names):
    """The files of these modules and of what they need, in the order in which they are to be loaded."""
    if not (KERNEL / "lib/modules" / version() / "modules.dep").exists():
        told("depmod", "-b", KERNEL, version())
    found = []
    for name in names:
        for line in told("modprobe", "-d", KERNEL, "-S", version(), "--show-depends", name).splitlines():
            words = line.split()
            if words[0] == "insmod" and words[1] not in found:
                found.append(words[1])
    return [pathlib.Path(path) for path in found]


def first_file_system(top, image, init, applets, names):
    """An initramfs of what lies in the folder `top`, busybox, these modules and the script `init`."""
    for folder in ["bin", "proc", "sys", "dev", "modules", "tmp"]:
        (top / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(shutil.which("busybox"), top / "bin/busybox")
    for applet in ["sh", "mount", "insmod", "cat", *applets]:
        (top / "bin" / applet).symlink_to("busybox")
    loaded = modules(names)
    for path in loaded:
        shutil.copy(path, top / "modules" / path.name)
    (top / "modules/order").write_text("\n".join(path.name for path in loaded))
    (top / "init").write_text(init)
    (top / "init").chmod(0o755)
    told("sh", "-c", f"cd '{top}' && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 >'{image}'")


def qemu(initramfs, disks, *options, command_line="", memory=1024):
    """The command that boots them with these disks, emulated in software, with the guest's disk cache its own."""
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", memory]
    command += ["-kernel", image(), "-initrd", initramfs, "-append", f"console=ttyS0 panic=-1 quiet {command_line}"]
    command += ["-nodefaults", "-display", "none", "-no-reboot"]
    for disk in disks:
        command += ["-drive", f"file={disk},if=virtio,format=raw,cache=writeback"]
    return [str(word) for word in [*command, *options]]
