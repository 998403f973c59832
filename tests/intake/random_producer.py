"""Acts at random in a drop folder, and keeps account of what must come out of it.

Every session of writing puts one token into a file. At the end the tokens are printed by what is known of them:
`kept` (must be sealed once), `gone` (destroyed by the producer itself: must not be sealed), `unknown` (overtaken by a
replacing rename, where only the daemon knows who was first: at most once).
"""
import json
import os
import random
import sys
import time

seconds, seed, prefix = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
choose = random.Random(seed)
kept, gone, unknown = set(), set(), set()
serial = 0
folders = ["."]


def token():
    global serial
    serial += 1
    return f"{prefix}{serial}"


def write(path, mode, slow=False):
    """One session: a token, and something between its two ends."""
    mine = token()
    filler = "x" * choose.choice([0, 10, 10_000, 300_000])
    with open(path, mode) as file:
        file.write(f"<{mine}:")
        if slow:
            file.flush()
            time.sleep(choose.random() / 20)
        file.write(f"{filler}:{mine}>")
    kept.add(mine)


def tokens_in(path):
    with open(path) as file:
        return {part.split(":")[0] for part in file.read().split("<")[1:]}


def destroyed(tokens, known=True):
    kept.difference_update(tokens)
    (gone if known else unknown).update(tokens)


def path():
    return os.path.join(choose.choice(folders), f"{prefix}{choose.randrange(6)}")


def rewrite(target):
    """Truncates what is there, unless the daemon has taken it away in time."""
    try:
        before = open(target)
    except OSError:
        return write(target, "w")
    with before:
        tokens = {part.split(":")[0] for part in before.read().split("<")[1:]}
        inode = os.fstat(before.fileno()).st_ino
        mine = token()
        with open(target, "r+") as file:
            if os.fstat(file.fileno()).st_ino != inode:
                raise AssertionError("only this producer makes this name")
            file.truncate(0)
            file.write(f"<{mine}::{mine}>")
        kept.add(mine)
        destroyed(tokens)


def delete(target):
    tokens = tokens_in(target)
    os.unlink(target)
    destroyed(tokens)


def replace(target):
    new = os.path.join(os.path.dirname(target), f".{prefix}.tmp")
    write(new, "w", slow=choose.random() < 0.3)
    try:
        tokens = tokens_in(target)
    except OSError:
        tokens = set()
    os.rename(new, target)
    destroyed(tokens, known=False)


def rename(target):
    os.rename(target, os.path.join(choose.choice(folders), f"{prefix}moved{serial}-{choose.getrandbits(60)}"))


def link(target):
    new = os.path.join(os.path.dirname(target), f".{prefix}.tmp")
    write(new, "w")
    try:
        os.link(new, target)
    except OSError:
        os.rename(new, f"{target}-{choose.getrandbits(60)}")
    else:
        time.sleep(choose.random() / 100)
        os.unlink(new)


def make_folder(_):
    parent = choose.choice(folders)
    if len(folders) < 30:
        new = os.path.join(parent, f"{prefix}d{len(folders)}")
        os.mkdir(new)
        write(os.path.join(new, f"{prefix}first"), "w")
        folders.append(new)


def rename_folder(_):
    old = choose.choice(folders)
    if old == ".":
        return
    new = f"./{prefix}r{choose.getrandbits(60)}"
    os.rename(old, new)
    folders[:] = [new + name[len(old):] if (name + "/").startswith(old + "/") else name for name in folders]


ACTIONS = [
    lambda target: write(target, "a"),
    lambda target: write(target, "a", slow=True),
    lambda target: write(target, "a", slow=True),
    rewrite, delete, replace, rename, link, make_folder, rename_folder,
]
until = time.monotonic() + seconds
actions = 0
while time.monotonic() < until:
    try:
        choose.choice(ACTIONS)(path())
        actions += 1
    except FileNotFoundError:
        pass  # taken by the daemon
    if choose.random() < 0.3:
        time.sleep(choose.random() / 50)
left = f".{prefix}.tmp"
for folder in folders:
    if os.path.exists(os.path.join(folder, left)):
        os.rename(os.path.join(folder, left), os.path.join(folder, f"{prefix}last{choose.getrandbits(60)}"))
json.dump({"actions": actions, "kept": sorted(kept), "gone": sorted(gone), "unknown": sorted(unknown)}, sys.stdout)
