# SPDX-License-Identifier: Apache-2.0
"""The API's reference, from the OpenAPI document: a page for each of its tags, and one with all schemas."""
import html
import json
import re

from manual.pages import slug

WORDS = {"date-time": "time (RFC 3339)", "email": "email address", "idn-email": "email address"}


def escape(text):
    return html.escape(str(text), quote=False)


def prose(text):
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part)


def page_of(tag):
    return f"api/{slug(tag)}.html"


def resolve(document, value):
    while "$ref" in value:
        at = document
        for part in value["$ref"][2:].split("/"):
            at = at[part]
        value = {**at, **{key: other for key, other in value.items() if key != "$ref"}}
    return value


def reference(schema):
    name = schema["$ref"].split("/")[-1]
    return f'<a href="schemas.html#{slug(name)}">{name}</a>'


def type_words(schema):
    """What may stand there, in a few words of HTML."""
    if "$ref" in schema:
        return reference(schema)
    for name in ("anyOf", "oneOf"):
        if name in schema:
            return " or ".join(type_words(part) for part in schema[name])
    if "allOf" in schema:
        return " with ".join(type_words(part) for part in schema["allOf"])
    if "const" in schema:
        return f"<code>{escape(json.dumps(schema['const']))}</code>"
    if "enum" in schema:
        return " or ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
    kinds = schema.get("type", "any value")
    words = []
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind == "array":
            words.append("list of " + type_words(schema.get("items", {})))
        elif kind == "string":
            words.append(WORDS.get(schema.get("format"), "text"))
        elif kind == "integer":
            words.append("number")
        elif kind == "boolean":
            words.append("<code>true</code> or <code>false</code>")
        else:
            words.append(kind)
    return " or ".join(words)


def bounds(schema):
    words = []
    if "minimum" in schema and "maximum" in schema:
        words.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    if "maxLength" in schema:
        words.append(f"at most {schema['maxLength']:,} characters")
    if "maxItems" in schema:
        words.append(f"at most {schema['maxItems']:,}")
    if "default" in schema:
        words.append(f"<code>{escape(json.dumps(schema['default']))}</code> if not given")
    return words


def field_rows(schema, prefix=""):
    """One row a field; those of objects inside follow with their way to them."""
    for name, part in schema.get("properties", {}).items():
        needed = name in schema.get("required", [])
        words = [type_words(part)] + bounds(part)
        yield f"{prefix}{name}", needed, ", ".join(words), part.get("description", "")
        inner, mark = (part["items"], "[].") if "properties" in part.get("items", {}) else (part, ".")
        if "properties" in inner:
            yield from field_rows(inner, f"{prefix}{name}{mark}")


def table(head, rows):
    if not rows:
        return ""
    cells = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table class="stack"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def fields(schema, requests):
    head = ["field", "", "what it takes", ""] if requests else ["field", "what it holds", ""]
    rows = [[f"<code>{escape(name)}</code>", *(["needed" if needed else ""] if requests else []), kind, escape(words)]
            for name, needed, kind, words in field_rows(schema)]
    return table(head, rows)


def schema_text(document, schema, requests):
    """A named schema is linked to, and its fields are here, too; alternatives are named."""
    whole = resolve(document, schema)
    intro = f'<p>{type_words(schema)}. {escape(whole.get("description", ""))}</p>'
    return intro + fields(whole, requests)


def example_text(value):
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'


def curl(method, path, operation, example):
    """How to make the example's request in a shell."""
    target, query = path, []
    for name, value in example.get("parameters", {}).items():
        mark = "{" + name + "}"
        if mark in target:
            target = target.replace(mark, str(value))
        else:
            query.append(f"{name}={value}")
    target += "?" + "&".join(query) if query else ""
    quoted = f"'$DESK{target}'".replace("'$DESK", "\"$DESK\"'") if query else f"$DESK{target}"
    lines = ["curl -s" + (f" -X {method}" if method not in ("GET", "POST") else "") + f" {quoted}"]
    if method == "POST" and "request" not in example:
        lines[0] = f"curl -s -X POST {quoted}"
    if "x-scope" in operation:
        lines.append("-H \"Authorization: Bearer $TOKEN\"")
    if "request" in example:
        media = next(iter(operation["requestBody"]["content"]))
        lines.append(f"-H 'Content-Type: {media}'")
        body = example["request"]
        lines.append("--data-binary @mail.eml" if isinstance(body, str)
                     else "-d '" + json.dumps(body, ensure_ascii=False).replace("'", "'\\''") + "'")
    return " \\\n  ".join(lines)


def parameters(document, operation):
    rows = []
    for parameter in operation.get("parameters", []):
        parameter = resolve(document, parameter)
        words = ", ".join([type_words(parameter["schema"])] + bounds(parameter["schema"]))
        rows.append([f"<code>{escape(parameter['name'])}</code>", parameter["in"], words,
                     escape(parameter.get("description", ""))])
    return "<h3>Parameters</h3>" + table(["name", "in", "what it takes", ""], rows) if rows else ""


def request(document, operation):
    text = ""
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        text += f"<h3>Request</h3><p class=\"quiet\"><code>{media}</code></p>"
        text += schema_text(document, content.get("schema", {}), True)
    return text


def answers(document, operation):
    text = ""
    for status, response in operation["responses"].items():
        if not status.startswith("2"):
            continue
        response = resolve(document, response)
        text += f"<h3>Answer {status}</h3>"
        if "content" not in response:
            text += f"<p>{escape(response['description'])} Without a body.</p>"
        for media, content in response.get("content", {}).items():
            text += f'<p class="quiet"><code>{media}</code></p>' + schema_text(document, content.get("schema", {}), False)
            if "example" in content:
                text += f"<details><summary>Example</summary>{example_text(content['example'])}</details>"
    return text


def refusals(document, operation):
    rows = []
    for status, names in operation["x-problems"].items():
        if status in operation["responses"] and names:
            links = ", ".join(f'<a href="../docs/problems.html#{name}"><code>{name}</code></a>' for name in names)
            rows.append([status, links])
    return "<details><summary>Refusals</summary>" + table(["status", "problems"], rows) + "</details>"


def operation_text(document, method, path, operation, example):
    text = f'<section class="operation"><h2 id="{operation["operationId"]}">{escape(operation["summary"])}</h2>'
    text += f'<p><span class="method {method.lower()}">{method}</span> <code class="path">{escape(path)}</code></p>'
    text += prose(operation.get("description", ""))
    if "x-scope" in operation:
        text += f'<p class="quiet">Scope: <a href="index.html#scopes"><code>{operation["x-scope"]}</code></a></p>'
    else:
        text += '<p class="quiet">No token is needed.</p>'
    text += parameters(document, operation) + request(document, operation)
    text += f"<h3>Try it</h3><pre tabindex=\"0\"><code>{escape(curl(method, path, operation, example))}</code></pre>"
    return text + answers(document, operation) + refusals(document, operation) + "</section>"


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def tag_page(document, tag, examples):
    text = f"<h1>API: {escape(tag['name'])}</h1>" + prose(tag.get("description", ""))
    for method, path, operation in operations(document):
        if operation["tags"] == [tag["name"]]:
            example = examples.get(operation["operationId"], {}).get("example", {})
            text += operation_text(document, method, path, operation, example)
    return text


def schemas_page(document):
    text = "<h1>API: schemas</h1><p>The objects of requests and answers, by name.</p>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        text += f'<h3 id="{slug(name)}">{name}</h3>' + prose(schema.get("description", ""))
        if "properties" in schema:
            text += fields(schema, schema.get("additionalProperties") is False)
        else:
            text += f"<p>{type_words(schema)}</p>"
        for part in schema.get("allOf", []):
            text += fields(part, False)
    return text


def index_page(document):
    text = "<h1>API: overview</h1>" + prose(document["info"]["description"])
    text += ("<p>The examples name the desk's address and a token once:</p><pre><code>DESK=http://127.0.0.1:8080\n"
             "TOKEN=td_...</code></pre><p>A program reads all of this as <a href=\"server.html#getDocument\">the OpenAPI"
             " document</a>. All refusals are in <a href=\"../docs/problems.html\">Errors</a>.</p>")
    text += '<h2 id="scopes">Scopes</h2>' + table(["scope", "what it allows"], [
        [f"<code>{name}</code>", escape(words)] for name, words in document["x-scopes"].items()])
    for tag in document["tags"]:
        rows = [[f'<span class="method {method.lower()}">{method}</span>', f'<code class="path">{escape(path)}</code>',
                 f'<a href="{page_of(tag["name"])[4:]}#{operation["operationId"]}">{escape(operation["summary"])}</a>']
                for method, path, operation in operations(document) if operation["tags"] == [tag["name"]]]
        text += f'<h2 id="{slug(tag["name"])}">{escape(tag["name"])}</h2>' + table(["", "path", ""], rows)
    return text


def pages(document, examples):
    """[(page, title, body)] in reading order."""
    yield "api/index.html", "Overview", index_page(document)
    for tag in document["tags"]:
        yield page_of(tag["name"]), tag["name"], tag_page(document, tag, examples)
    yield "api/schemas.html", "Schemas", schemas_page(document)
