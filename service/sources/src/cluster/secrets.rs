//! Which environment variables hold a secret in plain sight. Comes in: a name and its literal value. Goes out: whether
//! it is one. The value never leaves by this module.

/// Words in a name that say "secret", each standing alone between separators or at an end.
const WORDS: &[&str] = &[
    "PASSWORD", "PASSWD", "PASSPHRASE", "PASS", "PWD", "SECRET", "SECRETS", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS",
];
/// Two words that together say it.
const PAIRS: &[(&str, &str)] =
    &[("API", "KEY"), ("ACCESS", "KEY"), ("SECRET", "KEY"), ("PRIVATE", "KEY"), ("ENCRYPTION", "KEY"), ("SIGNING", "KEY"), ("AUTH", "KEY"), ("MASTER", "KEY")];
/// Words at the end of a name that say where a secret lies, or what it is like, but not what it is.
const ABOUT: &[&str] = &[
    "FILE", "PATH", "DIR", "NAME", "REF", "URL", "URI", "ENDPOINT", "HOST", "TTL", "EXPIRY", "EXPIRATION", "TIMEOUT", "LENGTH",
    "SIZE", "TYPE", "ENABLED", "REQUIRED", "POLICY", "ISSUER", "AUDIENCE", "ID", "VERSION", "MOUNT", "LOCATION", "PREFIX",
];

/// True when the name says that the value is a secret.
pub(super) fn is_named_like_one(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    // `PWD` alone is the working directory of every shell.
    let alone = words.len() == 1 && matches!(last.as_str(), "PWD" | "PASS");
    let single = words.iter().any(|word| WORDS.contains(&word.as_str()));
    let pair = words.windows(2).any(|two| PAIRS.contains(&(two[0].as_str(), two[1].as_str())));
    !alone && (single || pair)
}

/// True when a value under such a name is a secret itself, and not a pointer to one, a switch or nothing.
pub(super) fn is_literal(value: &str) -> bool {
    let value = value.trim();
    let pointer = value.starts_with("$(") || value.starts_with("${") || value.starts_with('/') || value.contains("://")
        || value.starts_with("vault:") || value.starts_with("ref+");
    let switch = matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "none" | "null" | "on" | "off");
    let template = value.contains("{{") || (value.starts_with('<') && value.ends_with('>'));
    !value.is_empty() && !pointer && !switch && !template
}

/// The words of a name, upper case: cut at separators and where a small letter meets a capital.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_small = false;
    for c in name.chars().take(256) {
        let starts = !c.is_ascii_alphanumeric() || (before_small && c.is_ascii_uppercase());
        if starts && words.last().is_some_and(|w| !w.is_empty()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(c.to_ascii_uppercase());
        }
        before_small = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hold_a_secret_are_told_from_names_about_one() {
        for name in ["DB_PASSWORD", "mysql_root_password", "AWS_SECRET_ACCESS_KEY", "githubToken", "API_KEY", "REDIS_PASS"] {
            assert!(is_named_like_one(name), "{name}");
        }
        for name in ["PASSWORD_FILE", "TOKEN_TTL", "PWD", "SECRET_NAME", "KEYBOARD", "PASSENGER_PORT", "AWS_ACCESS_KEY_ID", ""] {
            assert!(!is_named_like_one(name), "{name}");
        }
    }

    #[test]
    fn values_that_point_elsewhere_are_no_secret() {
        assert!(is_literal("hunter2"));
        for value in ["", "$(DB_PASSWORD)", "/run/secrets/db", "true", "vault:secret/db#pw", "<changeme>", "{{ .Values.pw }}"] {
            assert!(!is_literal(value), "{value}");
        }
    }
}
