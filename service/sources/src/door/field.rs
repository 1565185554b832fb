//! Names that say that their value is a secret: environment variables, keys of a manifest, arguments.

use super::check::is_reference;

/// Words that make a name say secret when they end it.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "pass",
    "secret",
    "secrets",
    "token",
    "apikey",
    "credential",
    "credentials",
    "creds",
    "auth",
    "dsn",
    "authtoken",
    "secretkey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "cookie",
    "jwt",
    "otp",
    "pin",
    "salt",
    "seed",
];
/// Two words that say it together.
const SECRET_PAIRS: &[(&str, &str)] = &[
    ("api", "key"),
    ("access", "key"),
    ("secret", "key"),
    ("private", "key"),
    ("signing", "key"),
    ("encryption", "key"),
    ("master", "key"),
    ("account", "key"),
    ("session", "key"),
    ("auth", "key"),
    ("license", "key"),
    ("connection", "string"),
    ("webhook", "url"),
];

/// Words that, at the end of a name, make it speak of something beside the secret.
const OTHER_WORDS: &[&str] = &[
    "id",
    "ids",
    "uid",
    "name",
    "names",
    "ref",
    "refs",
    "file",
    "files",
    "path",
    "paths",
    "dir",
    "url",
    "uri",
    "ttl",
    "type",
    "length",
    "len",
    "size",
    "count",
    "expiry",
    "expires",
    "expiration",
    "issuer",
    "endpoint",
    "host",
    "port",
    "version",
    "prefix",
    "policy",
    "provider",
    "class",
    "mount",
    "volume",
    "enabled",
    "required",
    "manager",
    "store",
    "service",
    "reset",
    "hash",
    "algorithm",
    "checksum",
    "digest",
    "image",
    "repository",
];

/// True when the last word of a name says that its value is not the secret itself: `PASSWORD_FILE`, `secretName`.
pub(super) fn speaks_of_something_else(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    words_of(&name).last().is_some_and(|last| OTHER_WORDS.contains(&last.as_str()))
}

/// True when a name such as `DB_PASSWORD`, `apiKey` or `client-secret` says that its value is a secret. The last word
/// decides: `PASSWORD_FILE`, `TOKEN_TTL` and `SECRET_NAME` speak of something else.
pub fn says_secret(name: &str) -> bool {
    let words = words_of(name);
    let Some(last) = words.last() else { return false };
    // `DB_PASSWORD_1` and `SECRET2`: a number only tells copies apart.
    let numbered = words.len() > 1 && last.bytes().all(|b| b.is_ascii_digit());
    let words = if numbered { &words[..words.len() - 1] } else { &words[..] };
    let Some(last) = words.last().map(|w| w.trim_end_matches(|c: char| c.is_ascii_digit())) else { return false };
    let before = words.len().checked_sub(2).and_then(|i| words.get(i)).map_or("", String::as_str);
    SECRET_WORDS.contains(&last)
        || SECRET_PAIRS.contains(&(before, last))
        || ["password", "passwd", "apikey", "secretkey", "accesskey"].iter().any(|w| last.ends_with(w))
}

/// True for values that only point at a secret, or say that there is none.
pub(super) fn points_elsewhere(value: &str) -> bool {
    let value = value.trim();
    value.is_empty()
        || value.starts_with('/') && !value.contains(char::is_whitespace) && value.matches('/').count() > 1
        || value.bytes().all(|b| b.is_ascii_digit()) && value.len() <= 3
        || is_reference(value)
}

/// The words of a name in `SNAKE_CASE`, `kebab-case`, `dotted.case` or `camelCase`.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in name.chars().take(256) {
        let splits = !c.is_alphanumeric() || c.is_uppercase() && lower_before;
        if splits && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_name_decides() {
        for name in [
            "DB_PASSWORD",
            "apiKey",
            "client-secret",
            "SLACK_TOKEN",
            "spring.datasource.password",
            "PGPASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "SECRET_2",
            "MYSQL_PWD",
            "dockerAuth",
            "SENTRY_DSN",
        ] {
            assert!(says_secret(name), "{name}");
        }
        for name in [
            "PASSWORD_FILE",
            "TOKEN_TTL",
            "SECRET_NAME",
            "AUTHOR",
            "KEY",
            "PATH",
            "PASSENGER",
            "",
            "TOKENIZER",
            "AWS_ACCESS_KEY_ID",
            "SECRETS_PATH",
        ] {
            assert!(!says_secret(name), "{name}");
        }
    }

    #[test]
    fn a_value_that_points_elsewhere_is_kept() {
        assert!(points_elsewhere("/run/secrets/db") && points_elsewhere("$(DB_PASSWORD)") && points_elsewhere("true"));
        assert!(!points_elsewhere("s3cr3t") && !points_elsewhere("correct horse"));
    }
}
