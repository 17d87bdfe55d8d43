"""Certificates for tests, made by openssl: an authority and what it has signed, or self-signed ones."""
import os
import ssl
import subprocess


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


def make_certificate(folder, name, host, issuer=None):
    """Writes NAME.pem and NAME.key for `host`; `issuer` is the name of an earlier one, None: itself."""
    file, key = (os.path.join(folder, f"{name}.{end}") for end in ("pem", "key"))
    signer = [] if issuer is None else ["-CA", os.path.join(folder, issuer + ".pem"),
                                        "-CAkey", os.path.join(folder, issuer + ".key")]
    _openssl("req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-keyout", key, "-out", file, "-days", "2", "-subj", f"/CN={host}",
             "-addext", f"subjectAltName=DNS:{host}", *signer)
    return file


def server_context(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
    return context
