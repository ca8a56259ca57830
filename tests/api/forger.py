"""Makes tokens that no issuer would sign, and some that one would."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS

from local.tokens import FOREVER, Issuer
from tests.api.desk import CUSTOMER
from tests.webhooks.premises import AUDIENCE, ISSUER, WALLET

Json = dict[str, Any]


class Forger:
    """Knows the issuer's public key, and in some hands also the private one."""

    def __init__(self, issuer: Issuer) -> None:
        self.key = issuer._key
        self.key_id = issuer._key_id
        self.jwk = issuer.jwks()["keys"][0]
        self.own_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.curve_key = ec.generate_private_key(ec.SECP256R1())

    def claims(self, **changes: Any) -> Json:
        """The claims of a good token, with changes; what is changed to None is left out."""
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": WALLET, "exp": FOREVER, "scope": CUSTOMER, **changes}
        return {name: value for name, value in usual.items() if value is not None}

    def signed(self, header: Json | None = None, **changes: Any) -> str:
        """Sign with the issuer's own key, whatever the claims say."""
        return self.saying(json.dumps(self.claims(**changes)).encode(), header)

    def signed_by_another(self) -> str:
        return jwt.encode(self.claims(), self.own_key, algorithm="RS256", headers={"kid": self.key_id})

    def saying(self, payload: bytes, header: Json | None = None) -> str:
        """Sign any bytes with the issuer's own key."""
        signer: Any = PyJWS()
        named = {"kid": self.key_id, **(header or {})}
        text: str = signer.encode(payload, self.key, algorithm="RS256", headers=named)
        return text

    def unsigned(self, algorithm: str, mark: bytes = b"") -> str:
        return f"{self.head(algorithm)}.{part(self.claims())}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"

    def signed_with_the_public_key(self, secret: bytes) -> str:
        """HS256, with what everybody knows as the secret."""
        told = f"{self.head('HS256')}.{part(self.claims())}"
        mark = hmac.new(secret, told.encode(), sha256).digest()
        return f"{told}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"

    def head(self, algorithm: object, **more: Any) -> str:
        return part({"alg": algorithm, "typ": "JWT", "kid": self.key_id, **more})

    def pem(self) -> bytes:
        encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(encoding, form)

    def by_curve(self, key_id: str) -> str:
        return jwt.encode(self.claims(), self.curve_key, algorithm="ES256", headers={"kid": key_id})

    def curve_jwk(self, key_id: str) -> Json:
        public: Json = json.loads(ECAlgorithm.to_jwk(self.curve_key.public_key()))
        return {**public, "kid": key_id, "use": "sig", "alg": "ES256"}


def part(said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
