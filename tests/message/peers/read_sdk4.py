"""Reads every NAME.encrypted of a folder with the Python SDK 4 and its keyrings and compares it with NAME.

A name that starts with `required` has the pair `tenant=a` authenticated and not stored.
"""

import pathlib
import sys

import aws_encryption_sdk
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import AesWrappingAlg, CreateRawAesKeyringInput
from aws_encryption_sdk.identifiers import CommitmentPolicy

from keys import NAME, NAMESPACE, WRAPPING_KEY

keyring = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig()).create_raw_aes_keyring(
    input=CreateRawAesKeyringInput(
        key_namespace=NAMESPACE,
        key_name=NAME,
        wrapping_key=WRAPPING_KEY,
        wrapping_alg=AesWrappingAlg.ALG_AES256_GCM_IV12_TAG16,
    )
)
client = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
)
count = 0
for message in sorted(pathlib.Path(sys.argv[1]).glob("*.encrypted")):
    context = {"tenant": "a"} if message.name.startswith("required") else {}
    plaintext, _ = client.decrypt(source=message.read_bytes(), keyring=keyring, encryption_context=context)
    assert plaintext == message.with_suffix("").read_bytes(), message
    count += 1
print(count)
