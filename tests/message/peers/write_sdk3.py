"""Writes vectors with the official Python SDK 3 into a folder, in the official manifest form.

All suites; frame lengths 0 (not framed), 1, 128, 4096, 65536; plaintexts around each frame boundary.
"""

import base64
import json
import pathlib
import sys

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy
from aws_encryption_sdk.internal import utils

from keys import NAME, NAMESPACE, WRAPPING_KEY
from sdk3 import TestKeys

# The SDK demands multiples of 128, where the specification has no such rule.
utils.validate_frame_length = lambda frame_length, algorithm: None


def sizes(frame_length):
    if frame_length == 0:
        return [0, 1, 4095, 70000]
    around = {0, 1, frame_length - 1, frame_length, frame_length + 1, 2 * frame_length}
    return sorted(around)


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tests = {}
    for suite in Algorithm:
        policy = (
            CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
            if suite.is_committing()
            else CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
        )
        client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)
        for frame_length in (0, 1, 128, 4096, 65536):
            for size in sizes(frame_length):
                name = f"{suite.algorithm_id:04x}-{frame_length}-{size}"
                plaintext = (bytes(range(251)) * (size // 251 + 1))[:size]
                message, _ = client.encrypt(
                    source=plaintext,
                    key_provider=TestKeys(),
                    algorithm=suite,
                    frame_length=frame_length,
                    encryption_context={"purpose": "test", "größe": str(size)} if size % 2 else {},
                )
                (folder / name).write_bytes(message)
                (folder / f"{name}.plaintext").write_bytes(plaintext)
                tests[name] = {
                    "ciphertext": f"file://{name}",
                    "master-keys": [
                        {"type": "raw", "key": NAME, "provider-id": NAMESPACE, "encryption-algorithm": "aes"}
                    ],
                    "result": {"output": {"plaintext": f"file://{name}.plaintext"}},
                }
    keys = {NAME: {"key-id": NAME, "material": base64.b64encode(WRAPPING_KEY).decode()}}
    (folder / "keys.json").write_text(json.dumps({"keys": keys}))
    manifest = {
        "manifest": {"type": "awses-decrypt", "version": 2},
        "keys": "file://keys.json",
        "tests": tests,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    print(len(tests))


main(sys.argv[1])
