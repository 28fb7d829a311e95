"""Letters under lock and key: every way to a key, to a plain letter and to a sealed one.

A key may be given, read from a file, derived from a passphrase, or made anew, in this order of preference: the weights
say so. A letter is sealed or opened, read or written, as far as what is known allows and what is wanted asks for. The
sealing itself is Fernet's (AES in CBC mode with an HMAC), the derivation of keys is scrypt's, both of the library
`cryptography`.
"""

import base64
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

import thalweg as tw


def whole_key(key: bytes) -> bytes:
    """Refuse what is no key: a file cut short must not pass for one."""
    Fernet(key)
    return key


def is_file(path: Path) -> bool:
    return path.is_file()


def is_free(path: Path, _: bytes) -> bool:
    """Nothing that is there is ever written over."""
    return not path.exists()


dsp = tw.Dispatcher(name="letters", description="Seal letters, open them, and keep the keys")
dsp.add_data("key", filters=[whole_key], description="32 bytes in base64, as Fernet wants them")
dsp.add_data("passphrase", description="what a person remembers")
dsp.add_data("salt", b"thalweg letters", description="not secret, but the same whenever the passphrase is")


@dsp.function(outputs=["key"], input_domain=is_file)
def read_key(key_file: Path) -> bytes:
    return key_file.read_bytes()


@dsp.function(outputs=["key"], weight=10)
def derive_key(passphrase: str, salt: bytes) -> bytes:
    """Slow on purpose, so it weighs more: who guesses passphrases has to pay the same for each guess."""
    scrypt = Scrypt(salt=salt, length=32, n=2**14, r=8, p=1)
    return base64.urlsafe_b64encode(scrypt.derive(passphrase.encode()))


dsp.add_function("new_key", Fernet.generate_key, outputs=["key"], weight=100, description="when there is no other way")


@dsp.function(outputs=["sealed"])
def seal(key: bytes, plain: bytes) -> bytes:
    return Fernet(key).encrypt(plain)


@dsp.function(outputs=["plain"])
def unseal(key: bytes, sealed: bytes) -> bytes:
    """Raises InvalidToken with a wrong key and with a letter that somebody has touched."""
    return Fernet(key).decrypt(sealed)


# Reading and writing are the same functions each time; only the names of the data differ.
dsp.add_function("read_plain", Path.read_bytes, ["plain_file"], ["plain"], input_domain=is_file)
dsp.add_function("read_sealed", Path.read_bytes, ["sealed_file"], ["sealed"], input_domain=is_file)
for _name in ("key", "plain", "sealed"):
    dsp.add_function(f"write_{_name}", Path.write_bytes, [f"{_name}_file", _name], input_domain=is_free)
