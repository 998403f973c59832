"""Reads every NAME.encrypted of a folder with the Python SDK 3 and compares it with NAME."""

import pathlib
import sys

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import CommitmentPolicy

from sdk3 import TestKeys

client = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
)
count = 0
for message in sorted(pathlib.Path(sys.argv[1]).glob("*.encrypted")):
    plaintext, _ = client.decrypt(source=message.read_bytes(), key_provider=TestKeys())
    assert plaintext == message.with_suffix("").read_bytes(), message
    count += 1
print(count)
