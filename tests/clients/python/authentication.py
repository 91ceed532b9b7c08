"""auth0-python over https: Authentication and Management. Unchanged, with SSL_CERT_FILE and REQUESTS_CA_BUNDLE alone."""

import os
from urllib.parse import urlparse

from auth0.authentication import Database, GetToken, RevokeToken, Users
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenVerifier
from auth0.management import ManagementClient
import auth0.authentication.exceptions as exceptions

ISSUER = os.environ["ISSUER"]
DOMAIN = urlparse(ISSUER).netloc
CONNECTION = "Username-Password-Authentication"


def fails(act, **expected):
    try:
        act()
    except Exception as error:  # Each part of the SDK has errors of its own.
        for name, value in expected.items():
            assert getattr(error, name, None) == value, (name, error, vars(error))
        return
    raise AssertionError("no error")


database = Database(DOMAIN, "web-client", "web-secret")
signed_up = database.signup(email="py@example.com", password="a-secret", connection=CONNECTION, user_metadata={"hobby": "go"})
user_id = "auth0|" + signed_up["_id"]
fails(lambda: database.signup(email="py@example.com", password="a-secret", connection=CONNECTION), status_code=400)

tokens = GetToken(DOMAIN, "web-client", client_secret="web-secret")
granted = tokens.login(username="py@example.com", password="a-secret", realm=CONNECTION, scope="openid profile offline_access", audience=None)
keys = AsymmetricSignatureVerifier(f"{ISSUER}.well-known/jwks.json")
claims = TokenVerifier(signature_verifier=keys, issuer=ISSUER, audience="web-client").verify(granted["id_token"])
profile = Users(DOMAIN).userinfo(granted["access_token"])
assert profile["sub"] == user_id and profile["https://example.com/hobby"] == "go", profile
refreshed = tokens.refresh_token(granted["refresh_token"])
assert refreshed["access_token"] != granted["access_token"]
RevokeToken(DOMAIN, "web-client", client_secret="web-secret").revoke_refresh_token(granted["refresh_token"])
fails(lambda: tokens.refresh_token(granted["refresh_token"]), status_code=403, error_code="invalid_grant")
fails(lambda: tokens.login(username="py@example.com", password="wrong", realm=CONNECTION), error_code="invalid_grant")

management = ManagementClient(domain=DOMAIN, client_id="machine-client", client_secret="machine-secret")
assert management.users.get(user_id).user_metadata == {"hobby": "go", "lang": "en"}  # The Action has added the second one.
management.users.update(user_id, user_metadata={"hobby": None, "lang": "de"})
assert management.users.get(user_id).user_metadata == {"lang": "de"}
fails(lambda: management.users.get("auth0|nobody"), status_code=404)
management.users.delete(user_id)
fails(lambda: management.users.get(user_id), status_code=404)
print("auth0-python: all well")
