"""A master key provider with the test's key, for the Python SDK 3 and for aws-encryption-cli."""

from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

from keys import NAME, NAMESPACE, WRAPPING_KEY


class TestKeys(RawMasterKeyProvider):
    """Knows one key; aws-encryption-cli finds it as `sealdrop-test-keys`."""

    provider_id = NAMESPACE

    def __init__(self, **_kwargs):
        super().__init__()
        self.add_master_key(NAME)

    def __new__(cls, **kwargs):
        return super().__new__(cls)

    def _get_raw_key(self, key_id):
        return WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=WRAPPING_KEY,
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )
