"""The raw AES key that both sides of every exchange hold."""

WRAPPING_KEY = bytes(range(32))
NAMESPACE = "sealdrop-peers"
NAME = "key-1"
