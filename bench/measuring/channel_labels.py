"""Who talks with whom in a real IRC log: labels, places only, written before they were measured.

Of chats/ubuntu_irc_2004-11-15_03.ascii.txt four stretches were read line by line, and the last
one lies in `.annotation.txt` beside it as its authors labelled it (Kummerfeld et al. 2019, A
Large-Scale Corpus for Conversation Disentanglement). A conversation is a row of line numbers:
`12?` asks, `14!` answers what was asked before it, `15` belongs to it and does neither. A line
that stands nowhere belongs to no conversation of two.

Weights and windows were chosen on the stretches called tuned; the others were held back. Of the
published labels the second half was held back at first and looked at half-way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

IRC = "chats/ubuntu_irc_2004-11-15_03.ascii.txt"
IRC_LINKS = "chats/ubuntu_irc_2004-11-15_03.annotation.txt"
_MARKED = re.compile(r"(\d+)([?!]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Lines of a log whose conversations are known, every one of them."""

    first: int
    last: int
    is_tuned: bool
    conversations: str  # a line each

    def members(self) -> Iterator[list[tuple[int, str]]]:
        """The lines of each conversation with their marks."""
        for row in self.conversations.strip().replace("\n  ", " ").splitlines():
            yield [(int(number), mark) for number, mark in _MARKED.findall(row)]

    def exchanges(self) -> Iterator[tuple[list[int], list[int]]]:
        """Lines that ask and the lines that answer them, as long as they alternate."""
        for members in self.members():
            asked: list[int] = []
            answered: list[int] = []
            for number, mark in members:
                if mark == "?" and answered:
                    yield asked, answered
                    asked, answered = [], []
                if mark == "?":
                    asked.append(number)
                elif mark == "!" and asked:
                    answered.append(number)
            if answered:
                yield asked, answered


BUSY = Stretch(
    first=1,
    last=352,
    is_tuned=True,
    conversations="""
1 4 5
3 9
6? 7! 8
2? 18? 29! 30? 31! 33? 35! 36! 38! 43? 46! 63? 68! 71! 73! 89? 90? 97? 98! 99! 102! 103? 108 111
  112 117! 118? 122! 124! 125! 127! 131? 134! 140? 145! 146! 147! 151? 155! 162? 163! 164! 165?
  166! 167! 168? 169! 174? 184? 186! 188? 190! 193 194! 195 199? 202! 206? 216! 220! 221! 222?
  223! 224! 226? 227! 228 230! 233 234? 235? 243! 245! 246! 254? 257! 258? 265? 268! 276? 277?
  285! 290! 291? 294! 295! 297? 298? 299? 302 303! 304? 305! 306? 309? 310? 311? 313? 315? 316!
  319! 320 321? 324! 327? 329! 331? 338? 340!
10? 13! 14! 17? 22? 24! 25! 28! 32! 34 37 39 41 42! 48? 50! 51! 52 53! 54? 55 56! 57 59 60
83? 84! 86! 87 91 93 94
15 16 19 23
20? 21! 26!
40? 44! 45! 47! 49
58 62 70? 74! 76
61? 77! 81? 82! 104? 105! 107!
92? 95! 96? 100!
66 67 75
65 69
72? 78! 80
101 106? 110! 114! 119 126 144
116? 128! 132?
121? 123? 307? 323? 328!
129? 143! 156? 157! 161
135 136 137 138 139 141 142? 148! 149! 150 152 153 154 158! 159 160 267? 271 286
171 172 173 175 177 178? 181!
185? 187! 191? 192! 196? 197! 204? 205! 209! 211! 219
198 200
201? 203! 207? 210! 212! 213! 217 312
214 215 218
237 238 239 241 242 247 249
248? 250? 252! 253 255! 256! 259! 260 263
262 266 270
272? 273? 274! 275? 278! 279? 280! 281? 283? 287! 288
300? 301? 322? 326! 335? 337! 339
308? 314! 317 318 325 332 333 330? 334! 336? 343! 344! 345 346 347 348 349 350
""",
)
GAMES = Stretch(
    first=353,
    last=493,
    is_tuned=False,
    conversations="""
353 361? 401? 403! 404 412? 416! 427 438
354 355 356 357 359 360 366? 368 369! 370! 371! 372! 373? 374 375 377 378 379 381? 389? 392! 393
  399? 405! 411 400? 407! 408 443? 447? 451 452! 453! 455 457 459! 467 469 471
358? 365! 367! 383? 385! 397 409 410
363 364? 376? 380! 382? 384! 386? 387? 388! 390 391 402? 414! 423? 466? 468! 474! 475? 476? 477
  478! 480! 481! 483 484 490 491
395 396 398 406? 415? 417! 418! 419! 420! 425 428 426? 431! 432! 433! 434? 435? 436! 437! 439
  440! 454? 456! 462? 463? 464! 473! 479 492
421? 429 442 444 445 446! 448 458 460! 461 465? 472! 482? 485! 488! 489
422 424
""",
)
NIGHT = Stretch(
    first=858,
    last=1001,
    is_tuned=False,
    conversations="""
860? 861! 862? 863 864 865
866 868 869 870
867 872
877? 878! 879! 880! 882
885 886? 887! 888! 889 890? 892? 893!
894? 896! 897? 898! 899 900? 901 902 903! 904 905 906! 912 913
907 911
910? 918! 922? 923! 924!
926 928
930? 931! 932? 934! 935 972 986
933 936? 939! 941 942 944 945 951 953 955 962? 964! 965 967 968 969 970 971 973 974 975 976 977
  978 979
938? 940! 943? 946! 947! 948! 949! 952! 954? 956! 957? 958? 959? 960!
980? 981! 982! 983
994? 995! 996
""",
)
EVENING = Stretch(
    first=736,
    last=857,
    is_tuned=False,
    conversations="""
736? 739! 740? 741 743! 744! 746 757? 763? 769! 773 774? 776! 780 784 786 788 789
737 738
745 747 749 750 752 753 756 758 765 772
755 759? 760! 761? 762! 764! 766! 767 768? 770! 771 779? 785 787 790! 792 800? 802 803 805 806!
  808
812 818? 819 822! 823 824 826 828
777 778? 781! 782? 783? 793? 795? 797? 801! 804 807 809! 811 813 816 817 820 821 825 827
791 794 796 798
829 831 832 833 834 835 836 837 838 839 840 841 842? 843 844 845 846 847! 848 849 850 851 852
  853 854 855 856
""",
)
HAND_LABELLED = (BUSY, GAMES, EVENING, NIGHT)
