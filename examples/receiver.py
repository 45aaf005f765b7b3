"""Receives the bridge's CloudEvents by the rule of the README: python receiver.py [PORT]"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

STATES = {}  # by opportunity; a CRM keeps each with its record and writes both in one transaction


def receive(state, event):
    """The state of an opportunity after an event; `missing` is what to GET on the function URL, by path."""
    if "sequence" not in event:
        return state  # it tells how a patch ended that had waited for a review, and not what AWS has
    if event["sequence"] <= state.get("sequence", ""):
        return state
    state = state | {"sequence": event["sequence"]}
    if event["id"] == state.get("id"):
        return state
    data, path = event["data"], f"/opportunities/{event['subject']}"
    # What has a `field` is left out of `crm` alone, and what is malformed is there.
    problems = [it for it in data.get("problems", []) if it["code"] != "malformed" and "field" not in it]
    pointers = [problem["pointer"] for problem in problems]
    summary = {"awsSummary": f"{path}/aws-summary"} if "/awsSummary" in pointers else {}
    opportunity = {"opportunity": path} if any(it.startswith("/opportunity") for it in pointers) else {}
    told = {name: data[name] for name in ("opportunity", "awsSummary") if name in data}
    return state | told | {"id": event["id"], "missing": opportunity | summary}


def fetched(state, asked, name, document):
    """The state with a missing document, unless an event was applied since the state that asked for it."""
    return state | {name: document} if state["id"] == asked["id"] else state


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        before = STATES.get(event["subject"], {})
        after = STATES[event["subject"]] = receive(before, event)
        outcome = "applied" if after.get("id") != before.get("id") else "dropped"
        print(event["subject"], outcome, json.dumps(after.get("missing", {})), flush=True)
        self.send_response(204)  # also where it is dropped: any other answer brings it again, or loses it
        self.end_headers()


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Webhook)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
