"""Odd values for the fuzz, by what carries them."""

import json
from typing import Any

HUGE = ("9223372036854775808", "-9223372036854775809", "2147483648", "1" + "0" * 30, "9" * 5000)
NUMBERS = (
    *HUGE, "-1", "0", "-0", "1.5", "1e400", "1e1000000", "nan", "NaN", "sNaN", "inf", "-inf", "Infinity", "٣٤", "½", "0x10", "1_000",
)  # fmt: skip
TIMES = (
    "0000-00-00", "0001-01-01", "9999-12-31", "275760-09-13", "2026-02-30", "0001-01-01T00:00", "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00", "24:00", "2026-11-18T25:61",
)  # fmt: skip
TEXTS = (
    "a\0b", "\0", "\u202e倒\u202c\u2066过来\u2069", "\ufeff", "\u200b", "😀" * 50, "e" + "\u0301" * 500, "长" * 10_000, "a" * 10_000,
    "\x7f\x80\x9f", "\r\nX-Odd: 1", "\n", "\t", " ", "", "%s %d %%", "{0} {{7*7}} {% x %}", "\\", "'\"`;--", "((", "[a-", "<script>",
    "../../etc/passwd", "http://[", "//evil.example", "javascript:1", "None", "null", "true", "[]", "{}", "[1, 2]", '{"a": 1}',
    "00000000-0000-0000-0000-000000000000", "x,y,z,w", "1,2,3,4", "nan,nan,nan,nan", "-180,-85,180,85", "1e400,1,2,3",
)  # fmt: skip
WORDS = (*TEXTS, *NUMBERS, *TIMES)
#: What stands in an address as it is: percent signs that are no text, or no UTF-8.
RAW = ("%00", "%ED%A0%80", "%FF%FE", "%", "%zz", "%C0%80", "%u0041", "&", "=", "%0d%0aX:1", "+", "%2B%25%26")
HEADERS = (
    "", "a\0b", "\xff\xfe", "\xed\xa0\x80", "a" * 10_000, "http://[", "http://%5B", "http://testserver/desk/?q=%00", "bytes=0-",
    "bytes=-1-,5", "bytes=9-1", 'W/"x"', "*", '"', "Thu, 99 Foo 99999 99:99:99 GMT", ";;;q=", "text/html;q=nan", "*/*;q=1e400",
    "application/json; indent=99999999999999999999", "text/html; charset=hex", "a/b/c", "/", "en-;q=x,*", '{"a"', "1,2,3", "::gg",
    "999.999.999.999", "Basic \xff", "Bearer", "Token", "=;=;", 'a="\\000"', "9" * 400, "-1", "https", "null", "multipart/form-data",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=\xff", "text/plain; x*=no-such'en'a", "application/json; charset=utf-7",
)  # fmt: skip


def deep(levels: int) -> Any:
    nested: Any = 1
    for _ in range(levels):
        nested = [nested]
    return nested


#: Values in JSON, written out, since Python knows some that JSON does not.
JSON = (
    *(json.dumps(word) for word in WORDS),
    "null", "true", "false", "0", "-1", "1.5", "1e400", "-1e400", "NaN", "Infinity", "1" + "0" * 30, "1" + "0" * 5000,
    '"\\ud800"', '"a\\udfff"', '"\\ud83d"', '["\\ud800"]', '{"\\ud800": 1}', "[]", "[null]", "[[]]", "{}", '{"a": {"b": []}}',
    "[1, 2, 3]", '["a", 1, null]', json.dumps(deep(60)), json.dumps(["x"] * 3000), '{"id": 1}', "[true]",
)  # fmt: skip
#: Whole bodies that are none of a form or of JSON.
BODIES = (
    (b"", "application/json"), (b"{", "application/json"), (b"\xff\xfe", "application/json"), (b"[" * 60_000, "application/json"),
    (b'"\xed\xa0\x80"', "application/json"), (b"[]", "application/json"), (b"null", "application/json"), (b"{}", "text/plain"),
    (b"{}", ""), (b"a=1", "application/json"), (b"x", "multipart/form-data"), (b"x", "multipart/form-data; boundary=b"),
    (b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b"),
    (b'--b\r\nContent-Disposition: form-data; name="words"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-\r\n--b--\r\n',
     "multipart/form-data; boundary=b"),
    (b"--b\r\nContent-Disposition: form-data; name=\"photos\"; filename*=no-such'x'a\r\n\r\nx\r\n--b--\r\n",
     "multipart/form-data; boundary=b"),
    (b'--b\r\nContent-Disposition: form-data; name="photos"; filename=""\r\n\r\nx\r\n--b--\r\n', "multipart/form-data; boundary=b"),
    (b'--b\r\nContent-Disposition: form-data; name="\xff\0"; filename="\0"\r\n\r\nx\r\n--b--\r\n', "multipart/form-data; boundary=b"),
    (b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--b--\r\n',
     "multipart/form-data; boundary=b"),
    (b"&".join(b"a%d=1" % n for n in range(3000)), "application/x-www-form-urlencoded"),
    (b"words=%00&reason=%ED%A0%80&key=%FF", "application/x-www-form-urlencoded"),
    (b"a=1", "application/x-www-form-urlencoded; charset=utf-16"), (b"a=1", "application/x-www-form-urlencoded; charset=hex"),
    (b"x" * 2_000_000, "application/json"), (b"<a/>", "application/xml"),
)  # fmt: skip
#: Instead of an id in an address.
PATHS = (
    "0", "-1", "9223372036854775808", "9" * 5000, "abc", "%00", "%ED%A0%80", "..", "%2e%2e%2f", "1.5", "长" * 50, "a" * 3000,
    "00000000-0000-0000-0000-000000000000", "0000000000000000", "%", "1/2",
)  # fmt: skip
