//! Credentials in a ConfigMap, told by the names under which they stand. Comes in: a call. Goes out: whether there is one; the
//! value goes nowhere. Source: Kubernetes documentation, "ConfigMaps": they are not for confidential data.

use serde_json::Value;

use super::call::Call;

/// How names of credentials end, in small letters with `_` between words.
const CREDENTIALS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "access_key_id",
    "secret_access_key",
    "client_secret",
    "secret_key",
    "private_key",
    "api_key",
    "apikey",
    "auth_token",
    "access_token",
];

/// How values begin that only say where the value is.
const ELSEWHERE: &[&str] = &["$", "<", "{{", "/", "file:", "vault:"];

/// True when a ConfigMap holds a credential: under a key of its own, or in a line of a file (`name = value`, `name: value`).
pub(super) fn hold_credentials(call: &Call) -> bool {
    let data = call.object.as_ref().and_then(|object| object.get("data")).and_then(Value::as_object);
    data.into_iter().flatten().any(|(key, value)| {
        let value = value.as_str().unwrap_or_default();
        let lines = value.lines().filter_map(|line| line.split_once(['=', ':']));
        is_credential(key, value) || lines.into_iter().any(|(name, value)| is_credential(name, value))
    })
}

fn is_credential(name: &str, value: &str) -> bool {
    let quotes: &[char] = &['"', '\'', ' ', '\t', ','];
    let name = name.trim_matches(quotes).to_ascii_lowercase().replace('-', "_");
    let value = value.trim().trim_matches(quotes);
    let said = !value.is_empty() && !value.contains('\n') && !ELSEWHERE.iter().any(|start| value.starts_with(start));
    said && CREDENTIALS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_known_by_name_wherever_they_stand() {
        let holds = |data: Value| hold_credentials(&Call { object: Some(json!({"data": data})), ..Call::default() });
        for data in [
            json!({"DB_PASSWORD": "hunter2"}),
            json!({"app.properties": "color = red\naws-access-key-id = AK1"}),
            json!({"app.yaml": "db:\n  password: 'x1'\n"}),
            json!({"app.json": "{\n \"client_secret\": \"x1\",\n}"}),
        ] {
            assert!(holds(data.clone()), "{data}");
        }
        for data in [
            json!({"DB_PASSWORD": ""}),
            json!({"DB_PASSWORD": "${DB_PASSWORD}"}),
            json!({"password_file": "/run/secrets/db"}),
            json!({"private_key": "/etc/tls/key.pem"}),
            json!({"app.properties": "password.min.length = 12\nmonkey = 1"}),
        ] {
            assert!(!holds(data.clone()), "{data}");
        }
    }
}
