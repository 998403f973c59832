//! RSA keys in PEM (RFC 7468): the text between two markers is base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The DER bytes of the first block with this label.
pub(super) fn decode(text: &[u8], label: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(format!("it is not PEM text with BEGIN {label}"));
    };
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let body = text
        .split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end))
        .map(|(body, _)| body)
        .ok_or_else(|| missing(text, label))?;
    let mut base64 = Zeroizing::new(Vec::with_capacity(body.len()));
    base64.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; base64.len()]);
    let length = STANDARD
        .decode_slice(base64.as_slice(), &mut der)
        .map_err(|_| format!("its BEGIN {label} block is not base64"))?;
    der.truncate(length);
    Ok(der)
}

/// The usual mistakes have their own answer.
fn missing(text: &str, label: &str) -> String {
    let hint = if text.contains("BEGIN RSA PRIVATE KEY") {
        "; convert it: openssl pkcs8 -topk8 -nocrypt"
    } else if text.contains("BEGIN RSA PUBLIC KEY") {
        "; convert it: openssl rsa -RSAPublicKey_in -pubout"
    } else if text.contains("BEGIN ENCRYPTED PRIVATE KEY") {
        "; a pass phrase has nobody to type it here: openssl pkcs8 -nocrypt"
    } else if text.contains("PRIVATE KEY") {
        ", but a private key"
    } else if text.contains("BEGIN CERTIFICATE") {
        ", but a certificate: openssl x509 -pubkey -noout"
    } else {
        ""
    };
    format!("it holds no BEGIN {label} block{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_with_the_label_is_decoded_and_no_other() {
        let text = b"text\n-----BEGIN X-----\nAAEC\nAwQ=\n-----END X-----\n";
        assert_eq!(decode(text, "X").unwrap().as_slice(), [0, 1, 2, 3, 4]);
        assert!(decode(text, "Y").is_err());
        assert!(decode(b"-----BEGIN X-----\nA\n-----END X-----", "X").is_err());
        assert!(decode(b"-----BEGIN X-----\nAAEC", "X").is_err());
        assert!(decode(b"\xff", "X").is_err());
    }

    #[test]
    fn the_usual_mistakes_are_answered() {
        let error = decode(b"-----BEGIN RSA PRIVATE KEY-----", "PRIVATE KEY").unwrap_err();
        assert!(error.contains("openssl pkcs8"), "{error}");
    }
}
