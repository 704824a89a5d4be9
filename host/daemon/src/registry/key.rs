//! Keys and signatures: Ed25519 over the bytes of a component, in the forms that OpenSSL reads and writes.
//!
//! `openssl pkeyutl -sign -rawin -inkey FILE -in FILE.wasm | base64 -w0` makes the same signature.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

const SIGNATURE_BYTES: usize = 64;
const PUBLIC_BYTES: usize = 32;
/// What stands in front of a public key in DER: that it is one of Ed25519 (RFC 8410).
const PUBLIC_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
const PUBLIC_LABEL: &str = "PUBLIC KEY";
const PRIVATE_LABEL: &str = "PRIVATE KEY";

/// Why something is no key or signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no public key.
    #[error(
        "not an Ed25519 public key in PEM; `bellwether plugin keygen` writes one to a file that ends in `.pub`"
    )]
    NoPublicKey,
    /// It is no private key.
    #[error("not an Ed25519 private key in PEM (PKCS #8); `bellwether plugin keygen` writes one")]
    NoPrivateKey,
    /// It is no signature.
    #[error("not an Ed25519 signature in base64; `bellwether plugin sign` writes one")]
    NoSignature,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoChance,
}

/// A key by which signatures are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; PUBLIC_BYTES]);

impl PublicKey {
    /// Reads a PEM file.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let der = from_pem(text, PUBLIC_LABEL).ok_or(KeyError::NoPublicKey)?;
        let key = der.strip_prefix(&PUBLIC_HEAD).ok_or(KeyError::NoPublicKey)?;
        key.try_into().map(PublicKey).map_err(|_| KeyError::NoPublicKey)
    }

    /// The key as a PEM file.
    pub fn to_pem(self) -> String {
        to_pem(&[&PUBLIC_HEAD[..], &self.0].concat(), PUBLIC_LABEL)
    }

    /// Whether the owner of this key has signed these bytes.
    pub fn verifies(self, bytes: &[u8], signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(bytes, &signature.0).is_ok()
    }
}

/// A key that signs.
pub struct PrivateKey(Ed25519KeyPair);

impl PrivateKey {
    /// A new key.
    pub fn generate() -> Result<Self, KeyError> {
        Ed25519KeyPair::generate().map(PrivateKey).map_err(|_| KeyError::NoChance)
    }

    /// Reads a PEM file.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let der = from_pem(text, PRIVATE_LABEL).ok_or(KeyError::NoPrivateKey)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
        pair.map(PrivateKey).map_err(|_| KeyError::NoPrivateKey)
    }

    /// The key as a PEM file, which nobody else must see.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let der = self.0.to_pkcs8v1().map_err(|_| KeyError::NoPrivateKey)?;
        Ok(to_pem(der.as_ref(), PRIVATE_LABEL))
    }

    /// The key by which others check what this one signs.
    pub fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref();
        PublicKey(bytes.try_into().expect("public keys of Ed25519 have 32 bytes"))
    }

    /// Signs bytes.
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        let signature = self.0.sign(bytes);
        Signature(signature.as_ref().try_into().expect("signatures of Ed25519 have 64 bytes"))
    }
}

/// A detached signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature([u8; SIGNATURE_BYTES]);

impl Signature {
    /// Reads base64, as a file or a header has it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = BASE64.decode(text.trim()).map_err(|_| KeyError::NoSignature)?;
        bytes.try_into().map(Signature).map_err(|_| KeyError::NoSignature)
    }

    /// The signature in base64.
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.0)
    }
}

fn from_pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let text = text.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let text = text.strip_suffix(&format!("-----END {label}-----"))?;
    let text: String = text.split_ascii_whitespace().collect();
    BASE64.decode(text).ok()
}

/// Keys are short: one line holds them.
fn to_pem(der: &[u8], label: &str) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by OpenSSL 3: `genpkey`, `pkey -pubout`, and `pkeyutl -sign -rawin` over the bytes `component`.
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAKdwSQtU6wZvDA4SGKX+RwkaT0DabPVkbsIZ+hYfMhHs=\n-----END PUBLIC KEY-----\n";
    const SIGNATURE: &str =
        "xYlv1pBItyky737BmWIa3hY+cE0mYb2SFeahJs3dTlIFPVH5Jqq5mV0I2G7y0cj6q61oiznC0zWDRoRyaREJAg==";

    /// The first example of RFC 8032, which signs nothing at all.
    const EXAMPLE: [&str; 3] = [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = (0..hex.len()).step_by(2);
        digits.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn openssl_and_we_understand_one_another() {
        let public = PublicKey::parse(PUBLIC).unwrap();
        assert_eq!(public.to_pem(), PUBLIC);
        assert!(public.verifies(b"component", &Signature::parse(SIGNATURE).unwrap()));

        let [seed, public, signature] = EXAMPLE.map(bytes);
        let head = bytes("302e020100300506032b657004220420");
        let pem = to_pem(&[head, seed].concat(), PRIVATE_LABEL);
        let private = PrivateKey::parse(&pem).unwrap();
        assert_eq!(private.to_pem().unwrap(), pem);
        assert_eq!(private.public().0.to_vec(), public);
        assert_eq!(private.sign(b"").0.to_vec(), signature);
    }

    #[test]
    fn only_the_right_key_and_the_right_bytes_will_do() {
        let (one, other) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
        let signature = one.sign(b"component");
        let read = Signature::parse(&format!(" {}\n", signature.to_base64())).unwrap();
        assert_eq!(read, signature);
        let mut forged = signature.clone();
        forged.0[17] ^= 1;
        let cases = [
            (&one, &b"component"[..], &signature, true),
            (&one, b"Component", &signature, false),
            (&one, b"", &signature, false),
            (&other, b"component", &signature, false),
            (&one, b"component", &forged, false),
        ];
        for (key, bytes, signature, expected) in cases {
            let key = PublicKey::parse(&key.public().to_pem()).unwrap();
            assert_eq!(key.verifies(bytes, signature), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let private = PrivateKey::generate().unwrap();
        let (private, public) = (private.to_pem().unwrap(), private.public().to_pem());
        let short = public.replace("MCowBQ", "MCowB");
        let rsa = public.replace("MCowBQ", "MCowBR");
        for text in ["", "x", &private, &short, &rsa, &public[..60]] {
            assert_eq!(PublicKey::parse(text).err(), Some(KeyError::NoPublicKey), "{text}");
        }
        for text in ["", "x", &public, &private[..60], &private.replace("MC4C", "MC4D")] {
            assert_eq!(PrivateKey::parse(text).err(), Some(KeyError::NoPrivateKey), "{text}");
        }
        let long = BASE64.encode([7; 65]);
        for text in ["", "x", "äöü", "AAAA", &long] {
            assert_eq!(Signature::parse(text).err(), Some(KeyError::NoSignature), "{text}");
        }
    }
}
