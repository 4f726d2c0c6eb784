"""CPU time of one method 3, suite 2 handshake with lakers, for each role: the peer we compare with."""

import json
import sys
import time

import lakers

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1000

# The key pairs and credentials of RFC 9529, chapter 3.
SK_R = bytes.fromhex("72cc4761dbd4c78f758931aa589d348d1ef874a7e303ede2f140dcf3e6aa4aac")
SK_I = bytes.fromhex("fb13adeb6518cee5f88417660841142e830a81fe334380a953406a1305e8706b")
CRED_R = bytes.fromhex(
    "a2026b6578616d706c652e65647508a101a501020241322001215820bbc34960526ea4d32e940cad2a234148"
    "ddc21791a12afbcbac93622046dd44f02258204519e257236b2a0ce2023f0931f1f386ca7afda64fcde0108c"
    "224c51eabf6072"
)
CRED_I = bytes.fromhex(
    "a2027734322d35302d33312d46462d45462d33372d33322d333908a101a5010202412b2001215820ac75e9ec"
    "e3e50bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb62258206e5de611388a4b8a8211334ac7"
    "d37ecb52a387d257e6db3c2a93df21ff3affc8"
)


def main():
    by_reference = lakers.CredentialTransfer.ByReference
    spent = {"initiator": 0, "responder": 0}
    for round_number in range(COUNT + 1):
        if round_number == 1:
            spent = {"initiator": 0, "responder": 0}
        clock = time.thread_time_ns
        start = clock()
        initiator = lakers.EdhocInitiator()
        message_1 = initiator.prepare_message_1(c_i=b"\x0e", ead_1=[])
        a = clock()
        responder = lakers.EdhocResponder(SK_R, CRED_R)
        responder.process_message_1(message_1)
        message_2 = responder.prepare_message_2(by_reference, b"\x27", [])
        b = clock()
        _, id_cred_r, _ = initiator.parse_message_2(message_2)
        initiator.verify_message_2(SK_I, CRED_I, lakers.credential_check_or_fetch(id_cred_r, CRED_R))
        message_3, prk_i = initiator.prepare_message_3(by_reference, [])
        c = clock()
        id_cred_i, _ = responder.parse_message_3(message_3)
        prk_r = responder.verify_message_3(lakers.credential_check_or_fetch(id_cred_i, CRED_I))
        message_4 = responder.prepare_message_4()
        d = clock()
        initiator.process_message_4(message_4)
        e = clock()
        assert prk_i == prk_r
        spent["initiator"] += (a - start) + (c - b) + (e - d)
        spent["responder"] += (b - a) + (d - c)
    print(
        json.dumps(
            {
                f"handshake.lakers_{role}_us": round(total / COUNT / 1000, 1)
                for role, total in spent.items()
            }
        )
    )


main()
