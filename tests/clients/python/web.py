"""Authlib over https: discovery, the code flow with PKCE, the ID token's checks, /userinfo, refresh. PyJWT reads the key set."""

import os
import re
from urllib.parse import parse_qs, urlparse

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwk, jwt as jose

ISSUER = os.environ["ISSUER"]
CALLBACK = "http://localhost:5000/callback"

metadata = requests.get(f"{ISSUER}.well-known/openid-configuration", timeout=10).json()
session = OAuth2Session(
    "web-client", "web-secret", scope="openid profile email offline_access", redirect_uri=CALLBACK, code_challenge_method="S256",
)
verifier = "a-verifier-that-has-at-least-forty-three-characters"
address, state = session.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce="n-1", audience="https://api.example.com",
)

browser = requests.Session()
page = browser.get(address, timeout=10)
assert page.status_code == 200 and "/u/login" in page.url, page.url
fields = {"state": parse_qs(urlparse(page.url).query)["state"][0], "username": "jane@example.com", "password": "jane-secret"}
back = browser.post(f"{ISSUER}u/login", data=fields, allow_redirects=False, timeout=10)
while back.headers["location"].startswith(ISSUER):
    back = browser.get(back.headers["location"], allow_redirects=False, timeout=10)
location = back.headers["location"]
assert location.startswith(CALLBACK), location

token = session.fetch_token(metadata["token_endpoint"], authorization_response=location, state=state, code_verifier=verifier)
keys = requests.get(metadata["jwks_uri"], timeout=10).json()
claims = jose.decode(token["id_token"], jwk.KeySet.import_key_set(keys), algorithms=["RS256"]).claims
jose.JWTClaimsRegistry(iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": "web-client"},
                       nonce={"essential": True, "value": "n-1"}).validate(claims)
assert claims["https://example.com/hobby"] == "surfing", claims
assert session.get(metadata["userinfo_endpoint"], timeout=10).json()["email"] == "jane@example.com"

key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token["access_token"])
access = jwt.decode(token["access_token"], key.key, algorithms=["RS256"], audience="https://api.example.com", issuer=ISSUER)
assert access["sub"] == claims["sub"]
# The certificate of the key set is of the same key, as libraries need that read nothing else.
from base64 import b64decode
from cryptography.x509 import load_der_x509_certificate
certificate = load_der_x509_certificate(b64decode(keys["keys"][0]["x5c"][0]))
assert certificate.public_key().public_numbers() == key.key.public_numbers()
assert re.fullmatch(r"[\w-]{27}", keys["keys"][0]["x5t"])

again = session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
assert again["access_token"] != token["access_token"]
print("Authlib and PyJWT: all well")
