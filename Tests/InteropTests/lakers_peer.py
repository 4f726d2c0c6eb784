"""One side of an EDHOC handshake by lakers, over standard input and output.

    lakers_peer.py initiator|responder CONFIG

CONFIG is JSON: key, cred, peer (hex); transfer ("reference" or "value"); cid (hex); message4
(bool); ead (a list for each of the messages 1 to 4, of [label, critical, hex or null]).
Messages are lines of hex; the last line is JSON.
"""
import json
import signal
import sys

import lakers

signal.alarm(30)  # A test that forgets this process must not leave it behind.
config = json.loads(sys.argv[2])
key, own, peer, cid = (bytes.fromhex(config[name]) for name in ("key", "cred", "peer", "cid"))
transfer = (
    lakers.CredentialTransfer.ByValue
    if config["transfer"] == "value"
    else lakers.CredentialTransfer.ByReference
)
received = {}


def read():
    line = sys.stdin.readline()
    if not line:
        raise EOFError("the other side left")
    return bytes.fromhex(line.strip())


def write(message):
    print(message.hex(), flush=True)


def ead(message):
    return [
        lakers.EADItem(label, critical, None if value is None else bytes.fromhex(value))
        for label, critical, value in config["ead"][message - 1]
    ]


def note(message, items):
    received[message] = [
        [item.label(), item.is_critical(), None if item.value() is None else item.value().hex()]
        for item in items
    ]


def respond():
    side = lakers.EdhocResponder(key, own)
    _, items = side.process_message_1(read())
    note(1, items)
    write(side.prepare_message_2(transfer, cid, ead(2)))
    id_cred, items = side.parse_message_3(read())
    note(3, items)
    out = side.verify_message_3(lakers.credential_check_or_fetch(id_cred, peer))
    if config["message4"]:
        write(side.prepare_message_4(ead(4)))
    else:
        side.completed_without_message_4()
    return side, out


def initiate():
    side = lakers.EdhocInitiator()
    write(side.prepare_message_1(cid, ead(1)))
    _, id_cred, items = side.parse_message_2(read())
    note(2, items)
    side.verify_message_2(key, own, lakers.credential_check_or_fetch(id_cred, peer))
    message_3, out = side.prepare_message_3(transfer, ead(3))
    write(message_3)
    if config["message4"]:
        note(4, side.process_message_4(read()))
    else:
        side.completed_without_message_4()
    return side, out


try:
    side, out = respond() if sys.argv[1] == "responder" else initiate()
    exporter = side.edhoc_exporter(0, [], 16)
    updated = side.edhoc_key_update(list(range(16)))
    print(
        json.dumps(
            {
                "prk_out": bytes(out).hex(),
                "exporter0": bytes(exporter).hex(),
                "updated": bytes(updated).hex(),
                "ead": received,
            }
        ),
        flush=True,
    )
except BaseException as error:  # PyO3's PanicException is no Exception.
    print(json.dumps({"error": repr(error)}), flush=True)
