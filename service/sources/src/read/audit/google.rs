//! An audit event as Google Cloud tells it: `methodName` holds group, resource and verb, `resourceName` the path, and
//! names of fields are its own. Source: Google Cloud documentation, AuditLog and GKE audit logs.

use serde_json::{Map, Value};

use super::call::{Call, loose_instant};

/// The call of a payload; none where it is one of another service.
pub(super) fn call(payload: &Map<String, Value>, at: &str) -> Option<Call> {
    let word = |key: &str| payload.get(key).and_then(Value::as_str).unwrap_or_default();
    let inner = |key: &str, field: &str| payload.get(key).and_then(|v| v.get(field)?.as_str()).unwrap_or_default();
    let method = word("methodName").strip_prefix("io.k8s.");
    if method.is_none() && word("serviceName") != "k8s.io" {
        return None;
    }
    let user = [inner("authenticationInfo", "principalEmail"), inner("authenticationInfo", "authoritySelector")];
    let address = [inner("requestMetadata", "callerIp"), inner("requestMetadata", "callerIP")];
    let mut call = Call {
        at: loose_instant(at),
        user: user.into_iter().find(|u| !u.is_empty()).unwrap_or_default().to_owned(),
        addresses: address.into_iter().filter_map(|ip| ip.parse().ok()).take(1).collect(),
        agent: inner("requestMetadata", "callerSuppliedUserAgent").to_owned(),
        allowed: allowed(payload),
        object: payload.get("request").filter(|o| o.is_object()).cloned(),
        ..Call::default()
    };
    call.read_method(method.unwrap_or_default());
    call.read_path(word("resourceName"));
    call.learn_name();
    Some(call)
}

/// A status other than zero is an error; without a status the grant decides.
fn allowed(payload: &Map<String, Value>) -> Option<bool> {
    let code = payload.get("status").and_then(|s| s.get("code")?.as_i64());
    let grants = payload.get("authorizationInfo").and_then(Value::as_array);
    let granted = grants.and_then(|list| list.first()?.get("granted")?.as_bool());
    match code {
        Some(0) => Some(true),
        Some(_) => Some(false),
        None => granted.or(payload.contains_key("status").then_some(true)),
    }
}

impl Call {
    /// `core.v1.pods.exec.create`: group, version, resource, perhaps a subresource, verb. A group may hold points. A path
    /// that is no resource, such as `readyz`, stands alone.
    fn read_method(&mut self, method: &str) {
        let parts: Vec<&str> = method.split('.').collect();
        let is_version = |part: &&str| part.starts_with('v') && part[1..].starts_with(|c: char| c.is_ascii_digit());
        let Some(version) = parts.iter().position(is_version) else {
            self.uri = format!("/{}", parts.first().copied().unwrap_or_default());
            return;
        };
        if let [resource, between @ .., verb] = &parts[version + 1..] {
            self.resource = (*resource).to_owned();
            self.subresource = between.first().copied().unwrap_or_default().to_owned();
            self.verb = (*verb).to_owned();
            let group = parts[..version].join(".");
            self.group = if group == "core" { String::new() } else { group };
        }
    }

    /// `core/v1/namespaces/shop/pods/web-1/exec`.
    fn read_path(&mut self, path: &str) {
        let mut parts = path.split('/').skip(2);
        let first = parts.next().unwrap_or_default();
        let name = match first {
            "namespaces" => {
                let namespace = parts.next().unwrap_or_default();
                match parts.next() {
                    Some(_) => {
                        self.namespace = namespace.to_owned();
                        parts.next()
                    }
                    None => Some(namespace),
                }
            }
            _ => parts.next(),
        };
        self.name = name.unwrap_or_default().to_owned();
    }
}
