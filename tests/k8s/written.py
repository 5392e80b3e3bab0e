"""What a file exporter wrote, read back."""
import json


def plain(value):
    kind, inner = next(iter(value.items())) if value else ("stringValue", "")
    if kind == "kvlistValue":
        return attributes(inner.get("values", []))
    if kind == "arrayValue":
        return [plain(v) for v in inner.get("values", [])]
    return int(inner) if kind == "intValue" else inner


def attributes(pairs):
    return {one["key"]: plain(one["value"]) for one in pairs}


def lines(text):
    """Whole lines only: the file may be growing."""
    return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines() if line.strip()]


def logs(text):
    """(resource's attributes, record) of each log record"""
    for line in lines(text):
        for resource in line.get("resourceLogs", []):
            about = attributes(resource.get("resource", {}).get("attributes", []))
            for scope in resource.get("scopeLogs", []):
                for record in scope["logRecords"]:
                    yield about, record


def metrics(text):
    """(resource's attributes, name, points) of each metric"""
    for line in lines(text):
        for resource in line.get("resourceMetrics", []):
            about = attributes(resource.get("resource", {}).get("attributes", []))
            for scope in resource.get("scopeMetrics", []):
                for metric in scope["metrics"]:
                    yield about, metric["name"], (metric.get("sum") or metric.get("gauge"))["dataPoints"]


def spans(text):
    return sum(len(scope["spans"]) for line in lines(text) for resource in line.get("resourceSpans", []) for scope in resource["scopeSpans"])


def bodies(text, **wanted):
    """Bodies of the records whose resource has these attributes (dots as underscores), in order."""
    for about, record in logs(text):
        if all(about.get(key.replace("_", ".")) == value for key, value in wanted.items()):
            yield plain(record["body"])
