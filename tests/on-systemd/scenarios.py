"""What holds on a real systemd, in the order in which it is shown."""

DISKS = {"/var/lib/sealdrop": 512 << 20, "/srv/slow": 64 << 20}
INPUT, OUTPUT, CONFIG = "/var/lib/sealdrop/in", "/var/lib/sealdrop/out", "/etc/sealdrop/sealdrop.toml"
PACKAGED = "/usr/share/doc/sealdrop/drop-ins"
DROP_INS = "/etc/systemd/system/sealdrop.service.d"
CONFIGURATION = """workers = 4
[keyring.main]
type = "raw-aes"
namespace = "test"
name = "key"
key_file = "/var/lib/sealdrop/key"
create = true
[data_key_cache]
capacity = 1
max_age = "60s"
max_messages_encrypted = 100
[[drop]]
name = "main"
input = "/var/lib/sealdrop/in"
output = "/var/lib/sealdrop/out"
keyring = "main"
[[drop]]
name = "slow"
input = "/var/lib/sealdrop/slow"
output = "/srv/slow/out"
keyring = "main"
[metrics]
socket = "/run/sealdrop/metrics.sock"
[status]
socket = "/run/sealdrop/status.sock"
"""
FIRST = """[keyring.main]
type = "raw-aes"
namespace = "test"
name = "key"
key_file = "/var/lib/sealdrop/key"
[[drop]]
name = "main"
input = "/var/lib/sealdrop/in"
output = "/var/lib/sealdrop/out"
keyring = "main"
[status]
socket = "/run/sealdrop/status.sock"
"""
QUICK = """[Service]
WatchdogSec={watchdog}s
TimeoutAbortSec=3s
RestartSec=200ms
ReadWritePaths=/srv/slow
"""


def drop(guest, name, folder=INPUT, content="plain", mask="007", user="producer"):
    hidden = f"{folder}/.{name}.tmp"
    guest.run(f"runuser -u {user} -- sh -c 'umask {mask}; echo {content} >{hidden} && mv {hidden} {folder}/{name}'")


def sealed(guest, name):
    return guest.wait(f"{name} to be sealed", lambda: guest.journal("SEALDROP_EVENT=sealed", f"SEALDROP_FILE={name}"))


def records(guest, kind="load"):
    return int(guest.run(f"ls {OUTPUT} | grep -c '^{kind}.*[.]json$' || true"))


def claims(guest):
    return guest.run(f"find {INPUT}/.sealdrop -type f")


def events(guest, event):
    return len(guest.journal(f"SEALDROP_EVENT={event}"))


def the_package_is_installed_and_nothing_is_started(guest):
    guest.run("dpkg -i /root/sealdrop.deb")
    assert guest.ask("systemctl is-active sealdrop") == "inactive"
    assert guest.ask("systemctl is-enabled sealdrop") == "disabled"
    assert guest.ask("systemctl preset sealdrop; systemctl is-enabled sealdrop").endswith("disabled")
    modes = guest.run(f"stat -c '%U:%G %a' /var/lib/sealdrop {INPUT} {OUTPUT}").splitlines()
    assert modes == ["sealdrop:sealdrop 755", "sealdrop:sealdrop-drop 3770", "sealdrop:sealdrop 2750"], modes
    # A group that an operator gives the output outlives a boot.
    guest.run(f"chgrp daemon {OUTPUT} && systemd-tmpfiles --create sealdrop.conf")
    assert guest.run(f"stat -c %G {OUTPUT}") == "daemon"
    guest.run(f"chgrp sealdrop {OUTPUT}")
    assert CONFIG in guest.run("dpkg-query -W -f '${Conffiles}' sealdrop")
    files = guest.run("dpkg -L sealdrop").split()
    for part in ("man1/sealdrop.1.gz", "man5/sealdrop.toml.5.gz", "man8/sealdrop.8.gz", "completions/sealdrop",
                 "_sealdrop", "sealdrop.fish", "catalog/sealdrop.catalog", "sealdrop@.service", "sysusers.d/sealdrop.conf"):
        assert any(file.endswith(part) for file in files), part
    assert "sealdrop is ready" in guest.run("journalctl --list-catalog")


def the_manuals_first_steps_lead_to_a_sealed_file(guest):
    guest.run("useradd -m producer && useradd oncall && echo secret >/home/producer/secret")
    guest.write(CONFIG, FIRST)
    manual = guest.run("cat /usr/share/doc/sealdrop/manual.md || zcat /usr/share/doc/sealdrop/manual.md.gz")
    steps = manual.split("## Before the first file")[1].split("```sh")[1].split("```")[0]
    steps = steps.replace("editor ", "test -f ").replace("PRODUCER", "producer").replace("OPERATOR", "oncall")
    told = guest.run(f"set -ex; {steps}")
    assert "0 problems" in told and "NEEDS ATTENTION" not in told, told
    sealed(guest, "first")
    opened = f"sealdrop decrypt -S -q --config {CONFIG} --keyring main -i {OUTPUT}/first.encrypted -o -"
    assert guest.run(f"runuser -u sealdrop -- {opened}") == "test"
    guest.run("runuser -u oncall -- sealdrop status")
    guest.run(f"systemctl disable --now sealdrop && rm {OUTPUT}/first* {DROP_INS}/*.conf")


def another_users_file_is_sealed_and_found_in_the_journal(guest):
    guest.run(f"install -d -o sealdrop -g sealdrop-drop -m 3770 /var/lib/sealdrop/slow && install -d -o sealdrop /srv/slow/out")
    guest.write(CONFIG, CONFIGURATION)
    guest.run("sealdrop check --config " + CONFIG)
    guest.write(f"{DROP_INS}/quick.conf", QUICK.format(watchdog=guest.WATCHDOG))
    guest.run(f"cp {PACKAGED}/producers-in-the-group.conf {DROP_INS}/ && systemctl daemon-reload")
    guest.run("systemctl enable --now sealdrop")
    assert guest.show("StatusText").startswith("queue 0, held 0, sealed 0, keyring unproven"), guest.show("StatusText")
    drop(guest, "report.csv", content="figures")
    line = sealed(guest, "report.csv")[0]
    assert line["_SYSTEMD_UNIT"] == "sealdrop.service" and line["PRIORITY"] == "6", line
    assert line["SEALDROP_DROP"] == "main" and line["SEALDROP_SIZE"] == "8" and line["MESSAGE_ID"], line
    told = guest.run("journalctl -x -q SEALDROP_EVENT=sealed SEALDROP_FILE=report.csv")
    assert "A file was sealed: report.csv" in told and "The message is durable" in told, told
    assert not guest.run(f"find {INPUT} -name 'report*'")
    opened = f"runuser -u sealdrop -- sealdrop decrypt -S -q --config {CONFIG} --keyring main -i {OUTPUT}/report.csv.encrypted -o -"
    assert guest.run(opened) == "figures"
    guest.wait("the status line", lambda: "sealed 1, keys ok" in guest.show("StatusText"))
    assert "sealed 1, keys ok" in guest.ask("systemctl status sealdrop")


def a_reload_takes_the_good_and_refuses_the_bad(guest):
    pid = guest.show("MainPID")
    guest.write(CONFIG, CONFIGURATION.replace("[metrics]", 'max_size = "1GiB"\n[metrics]'))
    guest.run("systemctl reload sealdrop")
    guest.wait("the new configuration", lambda: events(guest, "config_reloaded"))
    guest.write(CONFIG, CONFIGURATION.replace("workers", "wrokers"))
    assert guest.try_run("systemctl reload sealdrop")[0] != 0  # and the daemon goes on
    refused = guest.wait("the refusal", lambda: guest.journal("SEALDROP_EVENT=config_rejected"))[0]
    assert "sealdrop.toml:1" in refused["MESSAGE"] and "workers" in refused["MESSAGE"], refused
    assert refused["PRIORITY"] == "4", refused
    drop(guest, "after-the-reload")
    sealed(guest, "after-the-reload")
    assert guest.show("MainPID") == pid
    guest.write(CONFIG, CONFIGURATION)


def a_stopped_daemon_trips_the_watchdog(guest):
    before, seen = int(guest.show("NRestarts")), guest.show("WatchdogTimestampMonotonic")
    # The last reload asked for time; the next sign of life takes that back.
    guest.wait("a sign of life", lambda: guest.show("WatchdogTimestampMonotonic") != seen)
    guest.run("kill -STOP " + guest.show("MainPID"))
    drop(guest, "during-the-stop")
    guest.wait("the restart", lambda: int(guest.show("NRestarts")) > before)
    sealed(guest, "during-the-stop")
    assert "Watchdog timeout" in guest.ask("journalctl -q -u sealdrop")


def a_wedged_worker_trips_the_watchdog(guest):
    before = int(guest.show("NRestarts"))
    guest.run("fsfreeze -f /srv/slow")
    try:
        drop(guest, "wedged", folder="/var/lib/sealdrop/slow")
        stuck = guest.wait("the complaint", lambda: guest.journal("SEALDROP_EVENT=stuck"))[0]
        assert "worker" in stuck["MESSAGE"], stuck
        timeouts = lambda: guest.ask("journalctl -q -u sealdrop").count("Watchdog timeout")
        guest.wait("the watchdog", lambda: timeouts() >= 2)
    finally:
        guest.run("fsfreeze -u /srv/slow")
    guest.wait("the restart", lambda: int(guest.show("NRestarts")) > before)
    guest.wait("the file", lambda: guest.ask("ls /srv/slow/out/wedged.encrypted.json").startswith("/srv"))
    assert not guest.run("find /var/lib/sealdrop/slow -type f")


def load(guest, kind):
    """Forty files of a mebibyte, all at once, which a power cut leaves."""
    staging = f"/var/lib/sealdrop/staging-{kind}"
    guest.run(f"install -d -o producer -g sealdrop-drop -m 2770 {staging}")
    # mv looks at each of several files again and complains of those that are taken by then; the counts below tell.
    make = f"for i in $(seq 40); do yes {kind} $i | head -c 1M >{staging}/{kind}$i; done; sync {staging}/*"
    hand_over = f"mv {staging}/* {INPUT} || true; sync {INPUT} {staging}"
    guest.run(f"runuser -u producer -- sh -c 'umask 007; {make}; {hand_over}'")


def all_is_as_it_was(guest, kind):
    """Each of the forty, opened again, has the bytes that were dropped."""
    opened = f"/var/lib/sealdrop/opened-{kind}"
    options = f"-r -S -q --strip-suffix .encrypted --config {CONFIG} --keyring main -i {OUTPUT} -o {opened}"
    guest.run(f"install -d -o sealdrop {opened} && runuser -u sealdrop -- sealdrop decrypt {options}")
    compare = f"yes {kind} $i | head -c 1M | cmp - {opened}/{kind}$i || exit 1"
    guest.run(f"for i in $(seq 40); do {compare}; done; rm -r {opened}")


def a_stop_under_load_finishes_what_is_under_way(guest):
    load(guest, "load")
    guest.run("systemctl stop sealdrop")
    assert guest.show("Result") == "success" and guest.show("ExecMainStatus") == "0"
    assert claims(guest) == "", claims(guest)
    done, left = records(guest), int(guest.run(f"ls {INPUT} | grep -c '^load' || true"))
    assert done + left == 40 and left > 0, (done, left)
    print(f"  {done} were sealed, {left} wait whole")
    guest.run("systemctl start sealdrop")
    guest.wait("the rest", lambda: records(guest) == 40)
    all_is_as_it_was(guest, "load")


def a_machine_that_fails_in_mid_work_recovers_at_its_boot(guest):
    load(guest, "crash")
    guest.crash()  # at once: forty files take longer
    guest.boot()
    guest.wait("all of it", lambda: records(guest, "crash") == 40)
    guest.wait("the last trace", lambda: claims(guest) == "")
    assert not guest.run(f"ls {INPUT}")
    all_is_as_it_was(guest, "crash")
    begun = guest.journal("-b SEALDROP_EVENT=recovering")
    print(f"  {[line['MESSAGE'] for line in begun]}, {events(guest, 'recovered')} were recovered")


def probe(guest, name, drop_ins):
    """The unit's own directives around another program."""
    unit = guest.run("cat /usr/lib/systemd/system/sealdrop.service")
    unit = unit.replace("ExecStart=", "ExecStart=/usr/local/bin/probe\n#").replace("Type=notify", "Type=oneshot")
    keep = [line for line in unit.splitlines() if not line.startswith(("WatchdogSec", "ExecReload", "Restart"))]
    path = f"/run/systemd/system/{name}.service"
    guest.write(path, "\n".join(keep))
    guest.run(f"mkdir -p {path}.d")
    for drop_in in drop_ins:
        guest.run(f"cp {PACKAGED}/{drop_in} {path}.d/")
    guest.run(f"systemctl daemon-reload && systemctl start {name}")
    lines = guest.run(f"journalctl -q -o cat -u {name} _COMM=probe").splitlines()
    return {line for line in lines if line.startswith("can ")}


def the_sandbox_denies(guest):
    guest.run("chmod 755 /home/producer")
    outside = {line for line in guest.run("/usr/local/bin/probe").splitlines() if line.startswith("can ")}
    assert len(outside) == 12, outside  # so each probe can tell
    guest.run("rm /etc/probe /usr/probe /var/lib/sealdrop/probe")
    allowed = {"can open an internet socket", "can write its folder"}
    for name, drop_ins in {"plain": [], "group": ["producers-in-the-group.conf"], "others": ["other-users-files.conf"]}.items():
        found = probe(guest, f"probe-{name}", drop_ins)
        assert found == allowed, (name, found)


def private_files_of_other_users_are_sealed_with_their_drop_in(guest):
    guest.run(f"rm {DROP_INS}/producers-in-the-group.conf && cp {PACKAGED}/other-users-files.conf {DROP_INS}/")
    guest.run("systemctl daemon-reload && systemctl restart sealdrop")
    drop(guest, "private", mask="077")
    sealed(guest, "private")
    assert not guest.run(f"find {INPUT} -type f")


def starts_that_fail_say_why_by_their_status(guest):
    guest.run(f"systemctl stop sealdrop && rm -f {DROP_INS}/other-users-files.conf && systemctl daemon-reload")
    guest.write(CONFIG, CONFIGURATION.replace("workers", "wrokers"))
    assert guest.try_run("systemctl start sealdrop")[0] == 1
    assert guest.show("ExecMainStatus") == "78", guest.show("ExecMainStatus")
    assert guest.show("ActiveState") == "failed" and guest.show("NRestarts") == "0"  # trying again does not help
    guest.write(CONFIG, CONFIGURATION)
    guest.run(f"systemctl reset-failed sealdrop; chmod 600 {CONFIG}")
    guest.try_run("systemctl start sealdrop")
    guest.wait("status 77", lambda: "status=77" in guest.ask("journalctl -q -u sealdrop"))
    guest.wait("another try", lambda: int(guest.show("NRestarts")) > 0)
    guest.run(f"chmod 644 {CONFIG}")
    is_active = lambda: guest.ask("systemctl is-active sealdrop") == "active"
    guest.wait("the start", is_active)
    # A daemon that cannot be killed yet, as its disk hangs, or one that somebody started by hand.
    by_hand = "systemd-run -q -p User=sealdrop --unit=by-hand sealdrop run --config"
    guest.run(f"systemctl stop sealdrop && sed '/^.metrics/,$d' {CONFIG} >/root/by-hand.toml && mv /root/by-hand.toml /etc/sealdrop")
    guest.run(f"{by_hand} /etc/sealdrop/by-hand.toml")
    guest.wait("the other daemon", lambda: guest.journal("-u by-hand SEALDROP_EVENT=started"))
    guest.try_run("systemctl start sealdrop")
    guest.wait("status 75", lambda: "status=75" in guest.ask("journalctl -q -u sealdrop"))
    guest.run("systemctl stop by-hand")
    guest.wait("the start", is_active)


def a_purge_keeps_the_data(guest):
    drop_folder = f"find /var/lib/sealdrop {OUTPUT} -type f | sort"
    before = guest.run(drop_folder)
    guest.run("dpkg -P sealdrop")
    assert guest.run(drop_folder) == before and "report.csv.encrypted" in before
    assert guest.try_run("grep -qx sealdrop /proc/[0-9]*/comm")[0] == 1
    guest.power_off()


ALL = [
    the_package_is_installed_and_nothing_is_started,
    the_manuals_first_steps_lead_to_a_sealed_file,
    another_users_file_is_sealed_and_found_in_the_journal,
    a_reload_takes_the_good_and_refuses_the_bad,
    a_stopped_daemon_trips_the_watchdog,
    a_wedged_worker_trips_the_watchdog,
    a_stop_under_load_finishes_what_is_under_way,
    a_machine_that_fails_in_mid_work_recovers_at_its_boot,
    the_sandbox_denies,
    private_files_of_other_users_are_sealed_with_their_drop_in,
    starts_that_fail_say_why_by_their_status,
    a_purge_keeps_the_data,
]
