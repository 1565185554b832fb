//! Every rule has a case that it takes out, built here at run time so that no scanner mistakes this file for a leak,
//! and a list of what must never be touched.

use assay_core::scene::{Dice, filled};
use assay_core::text::{Door, Opaque};
use proptest::prelude::*;

use super::rules;
use super::{MARK, SecretDoor};

fn door() -> SecretDoor {
    SecretDoor::new([7; 32])
}

fn redact(text: &str) -> String {
    door().redact(text).into_owned()
}

/// A text of a recipe, the same one every time.
fn fill(recipe: &str) -> String {
    filled(recipe, &mut Dice::new(0x9e37_79b9))
}

/// One line of the cases: what stands before the secret, the secret, what stands behind it; or a text that is no secret.
#[derive(serde::Deserialize)]
struct Case {
    rule: Option<String>,
    sort: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    behind: String,
    #[serde(default)]
    text: String,
}

fn cases() -> Vec<Case> {
    super::CASES.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_rule_takes_out_its_case() {
    let cases = cases();
    for rule in rules::all() {
        assert!(cases.iter().any(|c| c.rule.as_deref() == Some(rule.id)), "rule {} has no case", rule.id);
    }
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|c| c.rule.is_some()) {
        let (id, secret) = (case.rule.as_deref().unwrap(), fill(&case.secret));
        let text = format!("{}{secret}{}", fill(&case.before), fill(&case.behind));
        let clean = redact(&text);
        if clean.contains(&secret) || !clean.contains(&format!("{MARK}{id}:")) || redact(&clean) != clean {
            wrong.push(format!("{id}: {text} -> {clean}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_of_what_is_no_secret_stays() {
    for case in cases().iter().filter(|c| c.sort == "none") {
        let text = fill(&case.text);
        assert_eq!(redact(&text), text);
    }
}

#[test]
fn the_breadth_is_at_least_what_was_promised() {
    let ids: std::collections::BTreeSet<&str> = rules::all().map(|r| r.id).collect();
    assert!(ids.len() >= 200, "{}", ids.len());
    assert_eq!(ids.len(), rules::all().count(), "an id is used twice");
}

#[test]
fn what_is_no_secret_survives() {
    for text in [
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "123e4567-e89b-12d3-a456-426614174000",
        "commit 6d127980966808f7413935678e079dcd7fedf9c2",
        "CVE-2021-44228 GHSA-jfh8-c2jp-5v3q token: GHSA-jfh8-c2jp-5v3q",
        "pkg:npm/%40babel/core@7.0.0?arch=amd64&distro=debian-12",
        "pkg:oci/kubectl@sha256%3A9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08?repository_url=index.docker.io",
        "registry.example:5000/team/token-service:9f8e7d6c5b4a3f2e1d0c9b8a7f6e5d4c3b2a1f0e",
        "docker.io/library/nginx@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "1:2.36-9+deb12u7 1.1.1k-5.el8_6 v0.0.0-20230131000000-abcdef123456",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUM1ekNDQWMrZ0F3SUJBZ0lCQURBTkJna3Foa2lHOXcwQkFRc0ZBREFWTVJNd0VRWURWUVFERXdwcmRXSmwK",
        "-----BEGIN CERTIFICATE-----\nMIIC5zCCAc+gAwIBAgIBADANBgkqhkiG9w0BAQsFADAVMRMwEQYDVQQDEwprdWJl\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
        "org.springframework.security.oauth:spring-security-oauth2-autoconfigure",
        "/usr/lib/python3/dist-packages/requests-2.31.0.dist-info/METADATA",
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
        "secretName: db-credentials-v2, secretKeyRef: {name: db, key: password}",
        "jsonwebtoken: 8.5.1, base-passwd=3.5.46, csrf-token==1.10.0",
        "password: ${DB_PASSWORD} token: {{ .Values.token }} secret: <redacted>",
        "automountServiceAccountToken: true, imagePullSecrets: [regcred]",
        "https://github.com/aquasecurity/trivy/blob/main/docs.md#L10-L20",
        "http://host:8080/path@2x.png git@github.com:org/repo.git ssh://git@github.com/org/repo",
        "The token: authentication is bypassed when the password: field is empty",
        "Container 'app' of Deployment 'web' should set 'securityContext.allowPrivilegeEscalation' to false",
        "arn:aws:eks:us-east-1:576036489467:cluster/monitoring-test-cluster",
        "cpe:2.3:a:token_project:token:1.2.3:*:*:*:*:node.js:*:*",
        "SHA-512 4627421e9c25225747fedba6503916bc867c4868d04b1d786d52f64917fef4bd27013ff640297da21a49e97cd2db80007d2",
        "image task-service-checkout-with-a-very-long-name-behind-it-that-goes-on-for-a-while",
        "precious1234567890123456789012345678901234567890",
        "AWS_secret_KEY=\"****************************************\"",
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn a_planted_key_and_a_password_in_a_url_both_vanish() {
    let (key, password) = (fill("AK|IA{upper:16}"), "hunter2-".to_owned() + "Xk93jfLq");
    let clean = redact(&format!("leaked {key} and postgres://admin:{password}@db.internal/x"));
    assert!(!clean.contains(&key) && !clean.contains(&password), "{clean}");
    assert!(clean.contains("postgres://admin:[secret:url-password:") && clean.ends_with("]@db.internal/x"), "{clean}");
}

#[test]
fn copies_of_one_secret_have_one_mark_and_another_key_makes_another() {
    let token = fill("gh|p_{alnum:36}");
    let twice = redact(&format!("{token} {token}"));
    let (one, two) = twice.split_once(' ').unwrap();
    assert_eq!(one, two);
    assert_ne!(SecretDoor::new([8; 32]).redact(&token), door().redact(&token));
    assert!(door().mark("a").reveal().starts_with("[secret:field:"));
    assert_eq!(format!("{:?}", door()), "SecretDoor(..)");
}

#[test]
fn a_name_that_says_secret_hides_its_whole_value() {
    let door = door();
    assert!(door.redact_field("DB_PASSWORD", "correct horse").starts_with(MARK));
    assert_eq!(door.redact_field("DB_PASSWORD", "$(OTHER)"), "$(OTHER)");
    assert_eq!(door.redact_field("DB_PASSWORD_FILE", "/run/secrets/db"), "/run/secrets/db");
    assert_eq!(door.redact_field("LOG_LEVEL", "debug"), "debug");
    let once = door.redact_field("TOKEN", "abc").into_owned();
    assert_eq!(door.redact_field("TOKEN", &once), once);
}

#[test]
fn hidden_characters_do_not_carry_a_secret_through() {
    let token = fill("gh|p_{alnum:36}");
    let text = Opaque::admit(&format!("x\u{200b}{token}\u{202e}"), &door());
    assert!(!text.reveal().contains(&token));
}

#[test]
fn dense_hostile_text_takes_linear_time() {
    // 200 kB in which every third byte wakes a rule that reads far before it gives up.
    for unit in ["eyJ", "sk-", "password", "://a:", "-----BEGIN "] {
        let text = unit.repeat(200_000 / unit.len());
        let begun = std::time::Instant::now();
        let _ = redact(&text);
        assert!(begun.elapsed().as_secs() < 20, "{unit}: {:?}", begun.elapsed());
    }
}

proptest! {
    #[test]
    fn any_text_is_redacted_without_panic_and_only_once(text in "\\PC{0,200}") {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn assignments_are_redacted_only_once(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("password".to_owned()), Just("token".to_owned()), Just("secret".to_owned()), Just("=".to_owned()), Just(": ".to_owned()),
                Just("\"".to_owned()), Just("'".to_owned()), Just("://u:".to_owned()), Just("@".to_owned()), Just("[secret:x:00000000]".to_owned()),
                Just("eyJ".to_owned()), Just(fill("AK|IA{upper:16}")), Just("-----BEGIN PRIVATE KEY-----".to_owned()), "[a-zA-Z0-9+/=\u{e9}]{1,24}",
            ],
            0..24,
        )
    ) {
        let text = parts.concat();
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once);
    }
}
