"""A client of a Passportal-like API, as others write one: the standard library, JSON, a random content."""
import hashlib
import hmac
import json
import os
import ssl
import sys
import time
import urllib.request

base = sys.argv[1]
context = ssl.create_default_context(cafile=sys.argv[2]) if len(sys.argv) > 2 else None
key_id, secret = sys.stdin.read().split()

content = os.urandom(16).hex()
digest = hmac.new(secret.encode(), content.encode(), hashlib.sha256).hexdigest()
request = urllib.request.Request(
    base + "/api/v2/auth/client_token",
    data=json.dumps({"scope": "docs_api", "content": content}).encode(),
    headers={"Content-Type": "application/json", "x-key": key_id, "x-hash": digest},
)
with urllib.request.urlopen(request, context=context) as response:
    granted = json.load(response)
assert granted["success"] is True, "success"
assert isinstance(granted["expiry_time"], int), "expiry_time is a number"
assert 55 * 60 <= granted["expiry_time"] - time.time() <= 60 * 60 + 5, "55 to 60 minutes"
assert granted["refresh_token"], "refresh_token"

request = urllib.request.Request(
    base + "/api/v2/auth/verify", headers={"x-access-token": granted["access_token"]}
)
with urllib.request.urlopen(request, context=context) as response:
    assert response.status == 204, response.status
print("done")
