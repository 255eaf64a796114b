"""What a person reads as question and answer in the shared chats, written down before any run.

Only places stand here, no text. An exchange is (places of the question, places of the answer).
"""

Exchange = tuple[tuple[str, ...], tuple[str, ...]]

# slack_export/hfaran: all 158 messages were read; these three exchanges are all there are.
SLACK_EXCHANGES: list[Exchange] = [
    (
        ("enrique/2016-01-15.json:1452845865.000008",),
        ("enrique/2016-01-15.json:1452845924.000009",),
    ),
    (
        ("enrique/2016-01-15.json:1452845956.000010",),
        (
            "enrique/2016-01-15.json:1452846025.000011",
            "enrique/2016-01-15.json:1452849641.000013",
            "enrique/2016-01-15.json:1452849677.000014",
        ),
    ),
    (
        ("enrique/2016-03-17.json:1458228721.000002",),
        ("enrique/2016-03-17.json:1458251546.000002",),
    ),
]
# How many of the other messages are no person's words, by kind.
SLACK_NUM_JOINS_AND_INTEGRATIONS = 8 + 3
SLACK_NUM_UPLOADS = 4  # "uploaded a file", "commented on a file"

# chats/facebook_chat.json, by timestamp_ms; what follows is a goodbye.
FACEBOOK_EXCHANGES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((1675549022673,), (1675577876645,)),
    ((1675594799696,), (1675595045152, 1675595068468)),
    ((1675595109305, 1675595140251), (1675596277579,)),
]

# chats/whatsapp_chat.txt: line, author; nobody asks anything. Lines 9 and 10 hold no words.
WHATSAPP_AUTHORS = {
    1: "James",
    2: "User name",
    3: "User 2",
    4: "User 1",
    5: "User name 2",
    6: "User 2",
    7: "User 1",
    8: "User 2",
    9: "User 3",
    10: "User 4",
}

# support/abcd_sample_dialogues.json: by conversation, turns of `original` from 0.
ABCD_EXCHANGES: dict[int, list[tuple[tuple[int, ...], tuple[int, ...]]]] = {
    3592: [
        ((2,), (3,)),
        ((4,), (5,)),
        ((7,), (8,)),
        ((9, 10, 11), (13,)),
        ((14,), (15,)),
        ((16,), (17,)),
        ((18,), (19, 20)),
        ((21, 24, 25), (26, 27)),
    ],
    9489: [
        ((1,), (2,)),
        ((3, 4), (6, 7)),
        ((8, 9, 10), (12,)),
        ((13, 14), (15,)),
        ((16,), (17,)),
    ],
    3695: [
        ((2, 3), (4, 5)),
        ((6,), (7,)),
        ((8,), (9,)),
        ((10,), (11, 12, 16)),
        ((17,), (18,)),
        ((19,), (20, 21)),
    ],
}

# support/insurance_convos.jsonl: line -> exchanges kept; all lines but the third end with a user.
INSURANCE_EXCHANGES = {1: 2, 2: 2, 3: 3, 4: 2, 5: 2, 6: 2}

# chats/ubuntu_irc: every line that somebody spoke from 1003 to 1101. Who is helped in the
# conversation it belongs to, and on which side it stands; lines of no such conversation are
# left out.
IRC_FIRST, IRC_LAST = 1003, 1101
IRC_ASKED: dict[str, tuple[int, ...]] = {
    "yohannes": (1003, 1006, 1011, 1012),
    "blocke": (1019, 1024, 1026, 1030, 1031, 1033, 1036, 1048),
    "GnuHippy": (1044,),
    "ud": (1052, 1056, 1060, 1064, 1066, 1067, 1068),
    "dopey": (1085, 1087, 1089),
    "djtansey": (1088, 1093, 1096, 1098),
}
IRC_ANSWERED: dict[str, tuple[int, ...]] = {
    "yohannes": (1004, 1005, 1007, 1008, 1009, 1010, 1013),
    "blocke": (1022, 1025, 1028, 1029, 1034, 1050),
    "GnuHippy": (1046,),
    "ud": (1055, 1057, 1058, 1059, 1062, 1063, 1065, 1070, 1071, 1073),
    "dopey": (1086, 1090),
    "djtansey": (1091, 1094, 1097, 1099, 1100, 1101),
}
