"""An RSA peer that is not ours: makes key pairs, wraps and unwraps. One request as JSON on stdin."""

import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def scheme(name):
    if name == "pkcs1":
        return padding.PKCS1v15()
    digest = getattr(hashes, name.removeprefix("oaep-").upper())()
    return padding.OAEP(mgf=padding.MGF1(algorithm=digest), algorithm=digest, label=None)


def generate(request):
    key = rsa.generate_private_key(public_exponent=65537, key_size=request["bits"])
    form = getattr(serialization.PrivateFormat, request.get("form", "PKCS8"))
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {"private": private.decode(), "public": public.decode()}


def wrap(request):
    key = serialization.load_pem_public_key(request["public"].encode())
    return {"hex": key.encrypt(bytes.fromhex(request["hex"]), scheme(request["padding"])).hex()}


def unwrap(request):
    key = serialization.load_pem_private_key(request["private"].encode(), password=None)
    return {"hex": key.decrypt(bytes.fromhex(request["hex"]), scheme(request["padding"])).hex()}


request = json.load(sys.stdin)
operation = {"generate": generate, "wrap": wrap, "unwrap": unwrap}[request["operation"]]
json.dump(operation(request), sys.stdout)
