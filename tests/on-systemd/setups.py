"""Other ways to set it up: keys as credentials, several instances; and what the doctor says of each."""

import json

from scenarios import CONFIG, CONFIGURATION, DROP_INS, INPUT, OUTPUT, PACKAGED, drop, sealed

CREDENTIALS = "/run/credentials/sealdrop.service"
# The region's address is never asked: whether it is reached tells whether there were credentials to sign with.
KMS = """[keyring.kms]
type = "aws-kms"
key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
endpoint_url = "http://127.0.0.1:9"
max_attempts = 1
[[drop]]
name = "kms"
input = "/var/lib/sealdrop/kms"
output = "/var/lib/sealdrop/kms-out"
keyring = "kms"
"""
AWS = """[default]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
"""
INSTANCE = """[keyring.main]
type = "raw-aes"
namespace = "test"
name = "{name}"
key_file = "/var/lib/sealdrop/{name}/key"
create = true
[[drop]]
name = "{name}"
input = "/var/lib/sealdrop/{name}/in"
output = "/var/lib/sealdrop/{name}/out"
keyring = "main"
[status]
socket = "/run/sealdrop-{name}/status.sock"
"""


def doctor(guest, prefix="", config=CONFIG):
    """Its exit code, and its findings by what they are about and their probe."""
    code, said = guest.try_run(f"{prefix} sealdrop doctor --json --config {config}")
    answer = json.loads(said[said.index("{") :])
    assert answer["exit"] == code, said
    return code, {(finding["about"], finding["probe"]): finding for finding in answer["findings"]}


def the_doctor_sees_with_the_daemons_rights(guest):
    """Root, the daemon's user and the daemon's sandbox: nobody is told of a problem that there is not."""
    for prefix in ["", "runuser -u sealdrop --"]:
        code, found = doctor(guest, prefix)
        assert code == 0, found
        assert "the daemon runs" in found["host", "user"]["found"], found
        assert found["keyring main", "data_key"]["grade"] == "ok", found
        for probe in ["input", "output", "claims", "lease"]:  # the drop-in gives CAP_LEASE
            assert found["drop main", probe]["grade"] == "ok", found["drop main", probe]
    guest.run("systemctl stop sealdrop")
    code, found = doctor(guest)
    assert code == 0 and "seen as the user sealdrop" in found["host", "user"]["found"], found
    assert found["drop main", "input"]["grade"] == "ok", found
    assert found["drop main", "lease"]["grade"] == "warning", found  # the drop-in does not count yet
    assert "producers-in-the-group.conf" in found["drop main", "lease"]["advice"]

    directives = guest.run("systemctl cat sealdrop").splitlines()
    kept = ("User=", "Group=", "Supplementary", "StateD", "Private", "Protect", "Proc", "Restrict", "NoNew", "System")
    kept += ("Capability", "Ambient", "Lock", "Memory", "ReadWrite")
    sandbox = " ".join(f"-p '{line}'" for line in directives if line.startswith(kept) and not line.startswith("RestartP"))
    code, found = doctor(guest, f"systemd-run -q --wait --pipe {sandbox}")
    assert code == 0, found
    unseen = {about: finding for about, finding in found.items() if finding["grade"] != "ok"}
    assert all("outside of the sandbox" in finding["advice"] for finding in unseen.values()), unseen
    guest.run("systemctl start sealdrop")


def keys_come_as_encrypted_credentials(guest):
    """A local key and AWS credentials that lie encrypted on the disk, bound to this host."""
    guest.run("systemctl stop sealdrop && install -d -m 700 /etc/credstore.encrypted && umask 077 && sealdrop keygen /root/key")
    guest.write("/root/aws", AWS)
    for name in ["aws", "key"]:
        guest.run(f"systemd-creds encrypt --name={name} /root/{name} /etc/credstore.encrypted/{name}")
    assert guest.try_run("grep -q AKIA /etc/credstore.encrypted/aws")[0] == 1
    guest.run("for kind in kms kms-out; do install -d -o sealdrop -g sealdrop-drop -m 3770 /var/lib/sealdrop/$kind; done")
    local = CONFIGURATION.replace("/var/lib/sealdrop/key", f"{CREDENTIALS}/key").replace("create = true\n", "")
    guest.write(CONFIG, local.replace("[metrics]", KMS + "[metrics]"))
    code, said = guest.try_run("sealdrop check")
    assert code == 78 and "only while its unit runs" in said, said
    guest.run(f"cp {PACKAGED}/credentials.conf {DROP_INS}/")
    guest.write(f"{DROP_INS}/key.conf", "[Service]\nLoadCredentialEncrypted=key:/etc/credstore.encrypted/key\n")
    guest.run("systemctl daemon-reload && systemctl start sealdrop && sealdrop check")

    drop(guest, "under-a-credential", content="figures")
    sealed(guest, "under-a-credential")
    guest.write("/root/original.toml", local.replace(f"{CREDENTIALS}/key", "/root/key"))
    message = f"{OUTPUT}/under-a-credential.encrypted"
    opened = f"sealdrop decrypt -S -q --config /root/original.toml --keyring main -i {message} -o -"
    assert guest.run(opened) == "figures"

    drop(guest, "signed", folder="/var/lib/sealdrop/kms")
    refused = guest.wait("the key service", lambda: guest.journal("SEALDROP_EVENT=no_data_key", "SEALDROP_DROP=kms"))[0]
    assert refused["SEALDROP_REASON"] == "kms-unreachable", refused  # so there was something to sign with
    code, found = doctor(guest)  # which takes the daemon's own credentials
    assert code == 69 and found["keyring main", "data_key"]["grade"] == "ok", found
    assert "cannot be reached" in found["keyring kms", "data_key"]["found"], found
    for name in ["aws", "key"]:
        assert guest.try_run(f"runuser -u producer -- cat {CREDENTIALS}/{name}")[0] != 0

    guest.run(f"systemctl stop sealdrop && rm {DROP_INS}/credentials.conf {DROP_INS}/key.conf && rm /var/lib/sealdrop/kms/* {message}*")
    guest.write(CONFIG, CONFIGURATION)
    guest.run("systemctl daemon-reload && systemctl start sealdrop")


def instances_run_side_by_side(guest):
    here = "/var/lib/sealdrop/{0}"
    guest.run("mkdir -p /etc/systemd/system/sealdrop@.service.d")
    guest.run(f"cp {PACKAGED}/producers-in-the-group.conf /etc/systemd/system/sealdrop@.service.d/ && systemctl daemon-reload")
    for name in ["north", "south"]:
        top = here.format(name)
        guest.run(f"install -d -o sealdrop -g sealdrop {top} && install -d -o sealdrop -g sealdrop-drop -m 3770 {top}/in")
        guest.run(f"install -d -o sealdrop -g sealdrop -m 2750 {top}/out")
        guest.write(f"/etc/sealdrop/{name}.toml", INSTANCE.format(name=name))
    guest.run("systemctl enable --now sealdrop@north sealdrop@south")
    status = lambda name: guest.try_run(f"sealdrop status --json --config /etc/sealdrop/{name}.toml")
    for name in ["north", "south"]:
        drop(guest, f"to-{name}", folder=here.format(name) + "/in", content=name)
        line = sealed(guest, f"to-{name}")[0]
        assert line["_SYSTEMD_UNIT"] == f"sealdrop@{name}.service" and line["SEALDROP_DROP"] == name, line
        code, said = status(name)
        assert code == 0 and json.loads(said)["files_sealed"] == 1, said
    pids = {json.loads(status(name)[1])["pid"] for name in ["north", "south"]} | {int(guest.show("MainPID"))}
    assert len(pids) == 3, pids
    # Its sandbox ends at its own folder.
    pid = guest.show("MainPID", "sealdrop@north")
    said = guest.ask(f"nsenter -t {pid} -m -- touch {here.format('south')}/in/x")
    assert "Read-only file system" in said, said

    guest.run("systemctl stop sealdrop@north")
    assert status("north")[0] == 69 and status("south")[0] == 0
    for name in ["north", "south"]:
        drop(guest, f"later-to-{name}", folder=here.format(name) + "/in")
    sealed(guest, "later-to-south")
    assert guest.run(f"ls {here.format('north')}/in") == "later-to-north"
    guest.run("systemctl start sealdrop@north")
    sealed(guest, "later-to-north")
    # An upgrade restarts those that run.
    before = guest.show("MainPID", "sealdrop@south")
    guest.run("systemctl stop sealdrop@north && dpkg -i /root/sealdrop.deb")
    assert guest.show("MainPID", "sealdrop@south") not in ("0", before)
    assert guest.ask("systemctl is-active sealdrop@north") == "inactive"


ALL = [the_doctor_sees_with_the_daemons_rights, keys_come_as_encrypted_credentials, instances_run_side_by_side]
