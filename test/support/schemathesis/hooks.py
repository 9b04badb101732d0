"""What a user of this installation knows and its OpenAPI document cannot say."""

import hashlib
import os
import re

import schemathesis

CALLER_IDS = ["+15551234567", None]
# The calls of schemathesis.toml.
CALL, COMPANY = "COLD_CALL_7CCV0BWVNXJ5XXA8GTJSA75TK5", "COLD_CALL_3NSW1C90SD64D6MN09DPBHZY0K"
FLOW = "variables:\n  who:\nsteps:\n  hello: { say: 'Hello {{who}}' }\n"
# Documents, flows and addresses have rules of their own.
HANDLERS = [
    None,
    {"type": "conference"},
    {"type": "texml", "texml": "<Response><Say>Hello</Say></Response>"},
    {"type": "texml", "url": "https://flows.example.com/first", "fallback_url": None},
    {"type": "texml", "flow_source": FLOW, "variables": {"who": "Ana"}},
]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for path, operations in raw_schema["paths"].items():
        if path.endswith("/initiate"):
            body = operations["post"]["requestBody"]["content"]["application/json"]["schema"]
            body["properties"]["from_phone"] = {"enum": CALLER_IDS}
            body["properties"]["handler"] = {"enum": HANDLERS}
        if "/webhook/" in path:
            # Signatures are not checked here: whoever cannot sign would not get beyond them.
            operations["post"]["parameters"] = []


@schemathesis.hook
def before_call(context, case, kwargs):
    """A key belongs to one body: with another one it is refused, and rightly so."""
    key = (case.headers or {}).get("Idempotency-Key", "")
    if re.fullmatch(r"[\x21-\x7e]{1,200}", key):
        case.headers["Idempotency-Key"] = key + hashlib.sha256(repr(case.body).encode()).hexdigest()[:16]
    # The events of a call that goes on have no end to wait for.
    some_id = str((case.path_parameters or {}).get("id", ""))
    if case.path.endswith("/events") and some_id.startswith("COLD_CALL_"):
        case.path_parameters["id"] = os.environ["OUTCALL_ENDED_CALL"]
    # An id that was accepted once is tried elsewhere, too; the call that agents join must not be ended before they do.
    if case.path.endswith("/hangup") and some_id == COMPANY:
        case.path_parameters["id"] = CALL
    if case.path.endswith("/end") and isinstance(case.body, dict) and COMPANY in case.body.values():
        case.body["conference_id"] = CALL
    # A call's id, which the configuration gives to half of all paths, is no recording's.
    if "/recordings/{id}" in case.path and some_id.startswith("COLD_CALL_"):
        case.path_parameters["id"] = os.environ["OUTCALL_RECORDING"]
    # Nobody is their own agent.
    agent = case.body.get("agent") if isinstance(case.body, dict) else None
    if isinstance(agent, dict) and agent.get("number") == case.body.get("to_phone") is not None:
        agent["number"] = "+15550799006"
