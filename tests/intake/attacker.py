"""Races links, renames, pipes and squatted names in a drop folder and its output for some seconds."""
import os
import random
import sys
import time

seconds, seed = float(sys.argv[1]), int(sys.argv[2])
drop, out, victim, outside = (os.path.abspath(path) for path in sys.argv[3:7])
choose = random.Random(seed)
done = {}


def attempt(call, *arguments, **named):
    """Most of it is refused by somebody, and must be."""
    try:
        call(*arguments, **named)
        done[call.__name__] = done.get(call.__name__, 0) + 1
    except OSError:
        pass


def name():
    return os.path.join(drop, choose.choice(["", "nest/"]) + f"x{choose.randrange(40)}")


def bait(path):
    """A file of the attacker's own that will settle, to be swapped while it is looked at."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)  # never through a link
    try:
        os.write(descriptor, b"bait" * choose.choice([0, 1, 500]))
    finally:
        os.close(descriptor)


def clear(path):
    attempt(os.unlink, path)
    attempt(os.rmdir, path)


def swap_file(make):
    path, other = name(), os.path.join(drop, f".swap{choose.randrange(9)}")
    clear(other)
    attempt(make, other)
    attempt(bait, path)
    for _ in range(choose.randrange(1, 30)):
        attempt(os.rename, other, path)
        attempt(bait, other)
        attempt(os.rename, other, path)
        clear(other)
        attempt(make, other)


def swap_folder():
    nest = os.path.join(drop, "nest")
    attempt(os.mkdir, nest)
    attempt(bait, os.path.join(nest, f"x{choose.randrange(40)}"))
    attempt(bait, os.path.join(nest, "secret"))
    away = os.path.join(drop, f".away{choose.randrange(9)}")
    attempt(os.rename, nest, away)
    attempt(os.symlink, outside, nest)
    time.sleep(choose.random() / 500)
    attempt(os.unlink, nest)
    attempt(os.rename, away, nest)


def squat_claims():
    claims = os.path.join(drop, ".sealdrop")
    attempt(os.rename, claims, os.path.join(drop, ".stolen"))
    attempt(os.rmdir, claims)
    attempt(os.symlink, outside, claims)
    attempt(os.listdir, claims)
    attempt(os.symlink, victim, os.path.join(claims, f"{choose.getrandbits(128):032x}-4"))
    attempt(os.symlink, victim, os.path.join(drop, f".sealdrop-{choose.getrandbits(128):032x}"))


def squat_output():
    honest = choose.choice(["", "honest/"]) + f"h{choose.randrange(400)}.encrypted" + choose.choice(["", ".json"])
    path = os.path.join(out, honest)
    make = choose.choice([
        lambda: os.symlink(victim, path),
        lambda: os.symlink("nowhere", path),
        lambda: os.link(victim, path),
        lambda: os.mkdir(path),
        lambda: os.mkfifo(path),
        lambda: os.symlink(victim, os.path.join(out, f".sealdrop-{choose.getrandbits(128):032x}")),
        lambda: os.rename(path, os.path.join(out, "stolen")),
        lambda: os.unlink(path),
    ])
    attempt(make)


def flood():
    for number in range(choose.randrange(50)):
        attempt(bait if number % 50 == 0 else os.mknod, os.path.join(drop, f"zero{choose.randrange(500)}"))


def pipes():
    path = name()
    clear(path)
    attempt(os.mkfifo, path)


def link_and_unlink():
    path = name()
    clear(path)
    attempt(os.link, victim, path)
    if choose.random() < 0.7:
        attempt(os.unlink, path)


ACTIONS = [
    lambda: swap_file(lambda other: os.symlink(victim, other)),
    lambda: swap_file(lambda other: os.link(victim, other)),
    lambda: swap_file(os.mkfifo),
    swap_folder, squat_claims, squat_output, flood, pipes, link_and_unlink,
]
until = time.monotonic() + seconds
rounds = 0
while time.monotonic() < until:
    choose.choice(ACTIONS)()
    rounds += 1
print(rounds, done)
