"""What the description of the API says on top of what the code tells: refusals and tags."""

from __future__ import annotations

from typing import Any

ERROR = {
    "type": "object",
    "description": "Every refusal: a word for programs, a sentence for people, and sentences by field.",
    "required": ["code", "detail", "errors"],
    "properties": {
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
}
ANY = {
    "401": "Nobody is signed in.",
    "403": "The role does not include it.",
    "404": "There is none, or none that you may see.",
    "406": "The answer is JSON only.",
    "429": "Too many requests; `Retry-After` says when to go on.",
}
READ = {"400": "A filter, an order or a cursor that is none."}
WRITE = {
    "400": "Not JSON, or values that were not accepted.",
    "409": "The record is history that nobody edits, or the same request is under way.",
    "412": "Somebody saved the record in the meantime.",
    "415": "The body is no JSON by its type.",
}
ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same body, the request is answered again and not done again.",
    "schema": {"type": "string", "maxLength": 255},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the version you have read; 412 when it is another one by now.",
    "schema": {"type": "string"},
}


def describe_refusals(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Add to each operation the refusals that it can answer with, and `If-Match` where it changes one record."""
    result["components"]["schemas"]["Error"] = ERROR
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            reads = method == "get"
            for code, words in {**ANY, **(READ if reads else WRITE)}.items():
                operation["responses"].setdefault(code, _refusal(words))
            if not reads and "{uuid}" in path:
                operation.setdefault("parameters", []).append(IF_MATCH)
            if method == "post" and "/token/" not in path:
                operation.setdefault("parameters", []).append(ONCE)
                operation["responses"]["422"] = _refusal("The key was used for another request.")
                operation["responses"]["413"] = _refusal("The body is too large.")
            if reads and path.endswith("{uuid}/"):
                operation["responses"]["304"] = {"description": "It is still the version of `If-None-Match`."}
    return result


def _refusal(words: str) -> dict[str, Any]:
    return {
        "description": words,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
