"""Makes vectors.txt: orders, announcements and bundles, written without any code of Latchkey.

Needs Python's `cryptography` 43 or later, for signatures after RFC 6979. CBOR is written by hand, from
docs/protocol.md.

    python3 make.py >vectors.txt
"""

import base64
import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

ES256 = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | extra]) + n.to_bytes(size, "big")


def cbor(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(map(cbor, value))


def point(key):
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def private(byte):
    return ec.derive_private_key(int.from_bytes(bytes([byte] * 32), "big"), ec.SECP256R1())


def signed(name, payload, audience, key):
    protected = bytes.fromhex("a10126")
    external = cbor(audience)
    to_sign = cbor(["Signature1", protected, external, payload])
    r, s = utils.decode_dss_signature(key.sign(to_sign, ES256))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    message = b"\x84" + cbor(protected) + b"\xa0" + cbor(payload) + cbor(signature)
    for part, value in (
        ("payload", payload), ("external_aad", external), ("Sig_structure", to_sign),
    ):
        print(f"{name}_{part} = {value.hex()}")
    print(f"{name} = {message.hex()}")


command = private(0x77)
next_command = private(0x78)
next_server = private(0x45)
print(f"command_private = {'77' * 32}")
print(f"command_public = {point(command).hex()}")
operation = bytes([0x0F] * 8)
for name, scope, expires in (
    ("order_device", None, 1_800_604_800),
    ("order_keys", ["data", "sign"], None),
):
    payload = cbor([1, "berlin", "lamp-1", operation, 7, scope, 1_800_000_000, expires])
    signed(name, payload, ["latchkey/1 order", "berlin", "lamp-1"], command)
ccs = (
    bytes.fromhex("a202") + cbor("hall") + bytes.fromhex("08a101a5010202")
    + cbor(bytes([0x5F] * 8)) + bytes.fromhex("200121") + cbor(point(next_server)[:32])
    + bytes.fromhex("22f4")
)
print(f"next_CRED_R = {ccs.hex()}")
print(f"next_command_public = {point(next_command).hex()}")
signed(
    "announcement",
    cbor([1, "berlin", 2, ccs, point(next_command), 1]),
    ["latchkey/1 anchor", "berlin"],
    command,
)


def bundle(number, *more):
    authority = b"-----BEGIN CERTIFICATE-----\n"
    sequence = b"".join(map(cbor, (
        number, "berlin", "lamps", "broker.example", 8883, authority, bytes([9] * 24), ccs,
        [bytes([0x7E] * 8), bytes([0x66] * 32)], 2_000_000_000, *more,
    )))
    sequence += cbor(hashlib.sha256(sequence).digest()[:8])
    line = base64.urlsafe_b64encode(sequence).rstrip(b"=")
    text = b"# for people\nlatchkey-bundle-%d:%s\n" % (number, line)
    print(f"bundle_{number} = {text.hex()}")


bundle(1)
bundle(2, point(command), 3)
