"""The key service's stand-in: moto's KMS, with what the real service checks and moto leaves out.

Prints `ready PORT`, serves on 127.0.0.1 and ends when its standard input does, so that it never
outlives the tests. `GET /_calls` lists the operations called so far, each with its HTTP status.
"""

import json
import os
import sys
import threading

from moto.core.exceptions import JsonRESTError
from moto.kms import models, responses, utils
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

LONGEST_KEY_ID = 40  # "mrk-" and 36 digits; moto's ciphertexts have room for 36 only


class Refusal(JsonRESTError):
    """What the service answers with status 400."""

    code = 400


def make_multi_region_ciphertexts_readable():
    utils.KEY_ID_LEN = LONGEST_KEY_ID
    utils.HEADER_LEN = LONGEST_KEY_ID + utils.IV_LEN + utils.TAG_LEN
    utils.CIPHERTEXT_HEADER_FORMAT = f">{LONGEST_KEY_ID}s{utils.IV_LEN}s{utils.TAG_LEN}s"
    parse = utils._deserialize_ciphertext_blob

    def parse_padded(ciphertext_blob):
        parsed = parse(ciphertext_blob)
        return parsed._replace(key_id=parsed.key_id.rstrip("\0"))

    utils._deserialize_ciphertext_blob = parse_padded


def usable_key(backend, any_id):
    """The key, if its state and its kind allow it to encrypt and decrypt data keys."""
    key = backend.keys[backend.any_id_to_key_id(any_id)]
    if key.key_state == "Disabled":
        raise Refusal("DisabledException", f"{key.arn} is disabled.")
    if key.key_state != "Enabled":
        raise Refusal("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if key.key_spec != "SYMMETRIC_DEFAULT":
        raise Refusal("InvalidKeyUsageException", f"{key.arn} key usage is {key.key_usage}")
    return key


def check_keys():
    backend = models.KmsBackend
    encrypt, generate, decrypt = backend.encrypt, backend.generate_data_key, backend.decrypt

    def checked_encrypt(self, key_id, *args, **kwargs):
        usable_key(self, key_id)
        return encrypt(self, key_id, *args, **kwargs)

    def checked_generate(self, key_id, *args, **kwargs):
        usable_key(self, key_id)
        return generate(self, key_id, *args, **kwargs)

    def checked_decrypt(self, ciphertext_blob, encryption_context, key_id=None):
        plaintext, arn = decrypt(self, ciphertext_blob, encryption_context)
        used = usable_key(self, arn.rsplit("/", 1)[1])
        if key_id and self.any_id_to_key_id(key_id) != used.id:
            raise Refusal("IncorrectKeyException", "The key ID in the request does not identify the key.")
        return plaintext, arn

    backend.encrypt, backend.generate_data_key, backend.decrypt = (
        checked_encrypt,
        checked_generate,
        checked_decrypt,
    )


def check_requests():
    """An ARN of another region or account is refused, and a dry run answers as one."""
    response = responses.KmsResponse
    validate = response._validate_key_id

    def validate_here(self, key_id):
        if key_id.startswith("arn:"):
            _, _, _, region, account, _ = key_id.split(":", 5)
            if region != self.region or account != self.current_account:
                raise Refusal("NotFoundException", f"Invalid arn {region}")
        return validate(self, key_id)

    response._validate_key_id = validate_here
    for name in ("generate_data_key", "encrypt", "decrypt"):
        setattr(response, name, with_dry_run(getattr(response, name)))


def with_dry_run(operation):
    def run(self):
        answer = operation(self)
        if self._get_param("DryRun"):
            raise Refusal("DryRunOperationException", "The request would have succeeded.")
        return answer

    return run


class Recorder:
    """A WSGI layer that keeps what was asked for."""

    def __init__(self, app):
        self.app, self.calls, self.lock = app, [], threading.Lock()

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/_calls":
            with self.lock:
                body = json.dumps(self.calls).encode()
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
            return [body]
        operation = environ.get("HTTP_X_AMZ_TARGET", "?").rsplit(".", 1)[-1]

        def record(status, headers, exc_info=None):
            with self.lock:
                self.calls.append({"operation": operation, "status": int(status.split()[0])})
            return start_response(status, headers, exc_info)

        return self.app(environ, record)


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept, as the real service keeps them

    def log_request(self, *args):
        pass


def main():
    make_multi_region_ciphertexts_readable()
    check_keys()
    check_requests()
    app = Recorder(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    print("ready", server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


main()
