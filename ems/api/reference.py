"""The API's reference for people who write programs: plain HTML from the OpenAPI document, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from ems.api.routes.needs import Viewer

_HEAD: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fusewise API</title><style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem } h3 { margin-bottom: 0; overflow-wrap: anywhere } p { margin: .25rem 0 }
table { border-collapse: collapse } td { padding: .1rem 1rem .1rem 0; vertical-align: top }
</style></head><body>
"""


def reference_router(api: FastAPI, below: str) -> APIRouter:
    """The route `/docs`; `below` is where the API stands."""
    router = APIRouter()

    @router.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def read_reference(_person: Viewer) -> HTMLResponse:
        return HTMLResponse(page_of(api.openapi(), below))

    return router


def page_of(document: Mapping[str, Any], below: str) -> str:
    """The whole page."""
    return _HEAD + "\n".join(_body(document, below)) + "\n</body></html>\n"


def _body(document: Mapping[str, Any], below: str) -> Iterator[str]:
    about = document["info"]
    yield f"<h1>{escape(about['title'])} API {escape(about['version'])}</h1>"
    schema = escape(f"{below}/openapi.json").removeprefix("/")
    yield f'<p>Below <code>{escape(below)}</code>. The same for machines: <a href="{schema}">OpenAPI</a>.</p>'
    yield "<h2>Routes</h2>"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"<h3><code>{method.upper()} {escape(path)}</code></h3>"
            yield from _operation(operation)
    yield "<h2>Shapes</h2>"
    for name, shape in document["components"]["schemas"].items():
        yield f'<h3 id="{escape(name)}">{escape(name)}</h3>'
        yield from _shape(shape)


def _operation(operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    asked = operation.get("parameters", [])
    if asked:
        yield f"<p>Takes {', '.join(_parameter(each) for each in asked)}.</p>"
    for body in operation.get("requestBody", {}).get("content", {}).values():
        yield f"<p>Body: {_kind(body['schema'])}.</p>"
    answers = (_answer(status, answer) for status, answer in operation["responses"].items())
    yield f"<p>Answers {', '.join(answers)}.</p>"


def _parameter(parameter: Mapping[str, Any]) -> str:
    said = f"<code>{escape(parameter['name'])}</code> ({_kind(parameter['schema'])})"
    return said if parameter["required"] else f"{said}, if you like"


def _answer(status: str, answer: Mapping[str, Any]) -> str:
    kinds = {_kind(content["schema"]) for content in answer.get("content", {}).values() if "schema" in content}
    return " ".join([escape(status), *sorted(kinds)])


def _shape(shape: Mapping[str, Any]) -> Iterator[str]:
    if "description" in shape:
        yield f"<p>{escape(shape['description'])}</p>"
    if "enum" in shape:
        yield f"<p>{_kind(shape)}</p>"
    fields = shape.get("properties", {})
    if fields:
        rows = (f"<tr><td><code>{escape(name)}</code></td><td>{_kind(kind)}</td></tr>" for name, kind in fields.items())
        yield f"<table>{''.join(rows)}</table>"


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in a word or two, with a link where it is a shape of ours."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(_kind(each) for each in choices)
    if "const" in schema or "enum" in schema:
        return " or ".join(f"<code>{escape(str(each))}</code>" for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return escape(schema.get("format") or schema.get("type") or "anything")
