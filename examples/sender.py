"""Changes an opportunity with a request signed by Standard Webhooks, and prints the answer.

WEBHOOK_SECRET=whsec_… python sender.py URL O7654321 '{"LifeCycle": {"NextSteps": "Call back"}}'
"""

import base64
import hmac
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request


def sign(secret, message_id, timestamp, body):
    """The headers that prove who sent a body, and when."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def send(url, secret, identifier, patch):
    """The status and body of the answer. `Identifier` is in the body: that is what is signed."""
    body = json.dumps({"Identifier": identifier} | patch).encode()
    # To send it once more, keep the id and sign anew: the timestamp is good for five minutes.
    headers = sign(secret, f"msg_{secrets.token_hex(12)}", int(time.time()), body)
    headers["content-type"] = "application/merge-patch+json"
    request = urllib.request.Request(f"{url.rstrip('/')}/opportunities", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


if __name__ == "__main__":
    url, identifier, patch = sys.argv[1:]
    status, answer = send(url, os.environ["WEBHOOK_SECRET"], identifier, json.loads(patch))
    print(status, answer)
    sys.exit(0 if status < 300 else 1)
