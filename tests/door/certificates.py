"""Certificates for tests, made by openssl: an authority, and a host that it vouches for."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """The files of one host."""

    certificate: Path
    key: Path
    authority: Path


def identity(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> Identity:
    """Make an authority and a certificate for some names."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    own, key, request = folder / "own.pem", folder / "own.key", folder / "own.csr"
    extensions = folder / "names"
    extensions.write_text(f"subjectAltName={names}\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
        "req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-subj", "/CN=authority",
        "-days", "2",
    )  # fmt: skip
    openssl("req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=host")
    openssl(
        "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
        "-out", own, "-extfile", extensions, "-days", "2",
    )  # fmt: skip
    return Identity(own, key, ca)


def openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60)
