//! What a value must be like beyond its shape: enough of a mix to be made by a machine or kept from a person, and not
//! a word, version, path or reference that merely stands where a secret could.

/// What the engine asks of a value that a rule's pattern found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The shape alone is proof.
    Shape,
    /// Letters and digits must be mixed.
    Mixed,
    /// What people use as a password: long enough, not only letters or only digits.
    Password,
    /// What machines make: long, mixed, and of high entropy.
    Machine,
    /// The password of a URL: anything but a placeholder.
    Userinfo,
    /// Base64 of `user:password`.
    BasicAuth,
    /// Base64 of a PEM private key.
    PrivateKey,
}

/// True when the value is a secret by this measure.
pub(super) fn passes(check: Check, value: &str) -> bool {
    match check {
        Check::Shape => true,
        Check::Mixed => is_mixed(value) && entropy(value) >= 3.0,
        Check::Password => {
            let digits = value.bytes().all(|b| b.is_ascii_digit());
            value.len() >= 6 && (digits || classes(value) >= 2) && !is_plain(value)
        }
        Check::Machine => machine_made(value) && !is_plain(value),
        Check::Userinfo => !is_reference(value),
        Check::BasicAuth => decoded(value).is_some_and(|v| v.len() >= 5 && v.contains(&b':') && v.is_ascii()),
        Check::PrivateKey => decoded(value).is_some_and(|v| v.windows(11).any(|w| w == b"PRIVATE KEY")),
    }
}

fn is_mixed(value: &str) -> bool {
    value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Lower, upper, digit, other: how many of the four occur. What joins words in names does not count as other.
fn classes(value: &str) -> u32 {
    let mut seen = 0u8;
    for b in value.bytes() {
        seen |= match b {
            b'a'..=b'z' => 1,
            b'A'..=b'Z' => 2,
            b'0'..=b'9' => 4,
            b'-' | b'_' | b'.' | b'/' | b':' | b' ' => 0,
            _ => 8,
        };
    }
    seen.count_ones()
}

fn machine_made(value: &str) -> bool {
    let entropy = entropy(value);
    match classes(value) {
        0 | 1 => false,
        2 => is_uuid(value) || value.len() >= 20 && is_mixed(value) && entropy >= 3.5 && !reads_as_words(value),
        _ => value.len() >= 10 && is_mixed(value) && entropy >= 3.0,
    }
}

/// `default-token-x7k2p`, `my-service-v2`: short words joined, as names of objects are.
fn reads_as_words(value: &str) -> bool {
    value.contains(['-', '.', '_', '/']) && value.split(['-', '.', '_', '/']).all(|w| w.len() <= 16)
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && value.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// How values begin that say what they are, and are no secret: the last two are a certificate and a public key in base64.
const NAMED: [&str; 8] =
    ["CVE-", "GHSA-", "sha256:", "sha512:", "sha1:", "pkg:", "LS0tLS1CRUdJTiBDRVJU", "LS0tLS1CRUdJTiBQVUJM"];

/// Values that stand where a secret could and are none.
fn is_plain(value: &str) -> bool {
    let named = NAMED.iter().any(|p| value.starts_with(p));
    named || is_placeholder(value) || is_version(value) || value.starts_with(['/', '.', '@', '#']) || is_address(value)
}

/// A URL, whose own password another rule takes out. A secret that runs into one is none.
fn is_address(value: &str) -> bool {
    let scheme = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b':'));
    value.split_once("://").is_some_and(|(before, _)| scheme(before))
}

/// Templates, masks and literals that say that the secret is elsewhere or absent.
pub(super) fn is_reference(value: &str) -> bool {
    value.starts_with("$(")
        || value.starts_with("{{")
        || value.starts_with(['<', '%'])
        || value.find("${").is_some_and(|at| value[at..].contains('}'))
        || value.bytes().all(|b| matches!(b, b'*' | b'x' | b'X' | b'.'))
        || matches!(value, "null" | "nil" | "none" | "None" | "true" | "false" | "\"\"" | "''")
}

/// References, and the words that people write instead of a secret.
fn is_placeholder(value: &str) -> bool {
    let inner = value.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let lower = inner.to_ascii_lowercase();
    is_reference(value)
        || value.starts_with(['$', '{', '*', '['])
        || inner.is_empty()
        || value.contains("****")
        || value.contains("...")
        || inner.bytes().all(|b| b == inner.as_bytes()[0])
        || matches!(
            lower.as_str(),
            "redacted"
                | "changeme"
                | "password"
                | "secret"
                | "token"
                | "example"
                | "placeholder"
                | "undefined"
                | "string"
        )
        || ["os.getenv", "process.env", "secretkeyref", "valuefrom", "env."].iter().any(|w| lower.starts_with(w))
}

/// `1.2.3`, `v2.0.0-rc1`, `2024-01-31`: versions and dates.
fn is_version(value: &str) -> bool {
    let body = value.strip_prefix('v').unwrap_or(value);
    let lead = body.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &body[lead..];
    let second = rest.strip_prefix(['.', '-']).map_or(0, |r| r.bytes().take_while(u8::is_ascii_digit).count());
    (1..=4).contains(&lead) && (1..=4).contains(&second)
}

/// Shannon entropy in bits a byte.
fn entropy(value: &str) -> f32 {
    let mut counts = [0u16; 256];
    for b in value.bytes() {
        counts[usize::from(b)] = counts[usize::from(b)].saturating_add(1);
    }
    let len = value.len() as f32;
    counts.iter().filter(|c| **c > 0).map(|c| f32::from(*c) / len).map(|p| -p * p.log2()).sum()
}

fn decoded(value: &str) -> Option<Vec<u8>> {
    use data_encoding::{BASE64, BASE64_NOPAD};
    let plain = value.trim_end_matches('=');
    // A cut value decodes up to its last whole group.
    let whole = &plain.as_bytes()[..plain.len() - usize::from(plain.len() % 4 == 1)];
    BASE64.decode(value.as_bytes()).or_else(|_| BASE64_NOPAD.decode(whole)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_versions_and_references_are_no_secrets() {
        for plain in [
            "default-token-x7k2p",
            "1.2.3-SNAPSHOT20230101abcdef",
            "v2.0.0-rc1",
            "${DB_PASSWORD}",
            "{{ .Values.x }}",
            "/run/secrets/token-1",
            "authentication",
            "********",
            "kubernetes.io/service-account-token",
        ] {
            assert!(!passes(Check::Machine, plain), "{plain}");
        }
        assert!(!passes(Check::Password, "changeme") && !passes(Check::Password, "required"));
    }

    #[test]
    fn mixed_long_values_are() {
        assert!(passes(Check::Machine, "9f8e7d6c5b4a3f2e1d0c9b8a7f6e5d4c"));
        assert!(passes(Check::Machine, "Xk93jfLqTz"));
        assert!(passes(Check::Password, "hunter2"));
        assert!(passes(Check::Password, "Tr0ub4dor-3!![status](https://evil.example/x"));
        assert!(!passes(Check::Password, "jdbc:postgresql://db.internal/shop?user=9"));
        assert!(passes(Check::BasicAuth, "YWRtaW46czNjcjN0"));
        assert!(!passes(Check::BasicAuth, "aGVsbG8gd29ybGQ="));
    }
}
