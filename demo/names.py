"""Invented people: plausible names that belong to nobody in particular."""

from random import Random

#: Surnames usual in Kunming, each as often as its weight says; the rare ones come from the peoples of Yunnan.
SURNAMES = {
    "李": 9, "王": 7, "张": 7, "杨": 8, "赵": 5, "刘": 4, "陈": 4, "周": 3, "马": 4, "普": 2, "段": 2, "董": 2,
    "朱": 3, "徐": 2, "罗": 3, "何": 3, "高": 2, "郭": 2, "尹": 1, "孙": 2, "吴": 2, "黄": 2, "唐": 2, "蒋": 1,
    "杜": 1, "苏": 1, "施": 1, "毕": 1, "沐": 1, "保": 1, "和": 1, "木": 1, "陶": 1, "阮": 1, "钱": 1,
    "邓": 1, "许": 1, "曹": 1, "彭": 1, "曾": 1, "范": 1, "金": 1, "汤": 1, "龚": 1, "代": 1, "角": 1, "字": 1,
}  # fmt: skip
FIRST_OF_WOMEN = "丽雪春秋晓玉桂惠素兰琼翠美金艳海云燕芝竹"
LAST_OF_WOMEN = "芬仙萍梅菊莲珍香珠霞娟蓉琴英芳凤玲琳兰瑶"
FIRST_OF_MEN = "建志正永学绍家加文兴国开忠云金光朝华永庆"
LAST_OF_MEN = "明平林昌福荣才贵祥武坤勇刚发辉良东宏斌康"


class Names:
    """Draws names without giving two people the same one."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.used: set[str] = set()
        self.surnames = [name for name, weight in SURNAMES.items() for _ in range(weight)]

    def draw(self) -> str:
        """A name of three characters that nobody here has yet."""
        while True:
            woman = self.random.random() < 0.5
            first, last = (FIRST_OF_WOMEN, LAST_OF_WOMEN) if woman else (FIRST_OF_MEN, LAST_OF_MEN)
            name = self.random.choice(self.surnames) + self.random.choice(first) + self.random.choice(last)
            if name[1] != name[2] and name not in self.used:
                self.used.add(name)
                return name
