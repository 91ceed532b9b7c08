"""auth0-python over https: Authentication and Management. Unchanged, with SSL_CERT_FILE and REQUESTS_CA_BUNDLE alone."""

import gzip
import json
import os
import time
from urllib.parse import urlparse

import requests
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

# The configuration, organizations, jobs and logs.
app = management.clients.create(name="Made", app_type="regular_web", callbacks=["http://localhost:5000/callback"])
assert management.clients.get(app.client_id).name == "Made"
assert management.clients.rotate_secret(app.client_id).client_secret != app.client_secret
management.clients.update(app.client_id, organization_usage="allow", initiate_login_uri="https://app.example/login")
fails(lambda: management.clients.get("nobody"), status_code=404)
api = management.resource_servers.create(identifier="https://py.example.com", scopes=[{"value": "read:py"}])
grant = management.client_grants.create(client_id="machine-client", audience=api.identifier, scope=["read:py"])
given = GetToken(DOMAIN, "machine-client", client_secret="machine-secret").client_credentials(audience=api.identifier)
assert given["scope"] == "read:py", given
management.client_grants.delete(grant.id)
fails(lambda: management.resource_servers.create(identifier=api.identifier), status_code=409)
management.resource_servers.delete(api.id)
database = management.connections.create(name="Made", strategy="auth0")
role = management.roles.create(name="made")
organization = management.organizations.create(name="made", display_name="Made")
management.organizations.members.create(organization.id, members=["auth0|1"])
management.organizations.members.roles.assign(organization.id, "auth0|1", roles=[role.id])
assert [it.name for it in management.organizations.members.roles.list(organization.id, "auth0|1")] == ["made"]
management.organizations.enabled_connections.add(organization.id, connection_id=database.id)
assert [it.connection_id for it in management.organizations.enabled_connections.list(organization.id)] == [database.id]
invitation = management.organizations.invitations.create(
    organization.id, inviter={"name": "Jane"}, invitee={"email": "guest@example.com"}, client_id=app.client_id)
assert [it.id for it in management.organizations.invitations.list(organization.id)] == [invitation.id]

users = ("users.json", json.dumps([{"email": "imported@example.com"}, {"email": "bad"}]).encode(), "application/json")
job = management.jobs.users_imports.create(users=users, connection_id=database.id)
for _ in range(100):
    done = management.jobs.get(job.id)
    if done.status != "pending":
        break
    time.sleep(0.02)
assert (done.status, done.summary.inserted, done.summary.failed) == ("completed", 1, 1), done
assert management.jobs.errors.get(job.id)[0].errors[0].code == "INVALID_FORMAT"
export = management.jobs.users_exports.create(connection_id=database.id, format="csv", fields=[{"name": "email"}])
location = management.jobs.get(export.id).location
assert gzip.decompress(requests.get(location).content) == b'"email"\r\n"\'imported@example.com"\r\n'

assert any(it.type == "sapi" for it in management.logs.list())
assert management.user_blocks.list("auth0|1").blocked_for == []
assert list(management.users.refresh_token.list("auth0|1")) == []
assert list(management.user_grants.list(user_id="auth0|1")) == []
management.organizations.delete(organization.id)
management.connections.delete(database.id)
management.roles.delete(role.id)
management.clients.delete(app.client_id)
begun = time.monotonic()
fails(lambda: management.log_streams.list(), status_code=404)
assert time.monotonic() - begun < 1
print("auth0-python: all well")
