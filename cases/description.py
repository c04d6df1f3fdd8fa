"""What the description of the interface (``/api/schema/``) says of every operation: how it may be refused."""

from typing import Any

#: The shape of ``governance.responses``.
REFUSAL = {
    "type": "object",
    "description": "为何没有办成：`detail` 是一句话；涉及字段的，`errors` 逐栏列出，`__all__` 为不属于某一栏的。",
    "properties": {
        "detail": {"type": "string"},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        },
        "login": {"type": "string", "description": "须重新登录时，登录页的地址"},
    },
    "required": ["detail"],
    "additionalProperties": False,
}
#: By whom they can be met: all operations, those that name one thing in their address, those that write.
ANY = {
    400: "内容有误或读不懂",
    401: "未登录、登录已过期，或对接密钥不对",
    403: "不由您办理、页面已过期，或不供对接系统使用",
    406: "只能以 JSON 回答",
    415: "不接受的内容类型；须用 UTF-8 编码",
    429: "过于频繁，请按 Retry-After 稍后再试",
    503: "暂时办不了，请按 Retry-After 稍后再试",
}
OF_ONE = {404: "没有，或不在管辖范围内"}
OF_WRITES = {
    409: "案件已变化，或同一个键用于别的内容",
    507: "存储空间已满，没有办成",
}


def refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the refusals to the finished description (a post-processing hook of drf-spectacular)."""
    result["components"]["schemas"]["Refusal"] = REFUSAL
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            met = ANY | (OF_ONE if "{" in path else {}) | ({} if method == "get" else OF_WRITES)
            answers = {str(code): {"description": words, "content": content} for code, words in met.items()}
            operation["responses"] = dict(sorted((operation["responses"] | answers).items()))
    return result
