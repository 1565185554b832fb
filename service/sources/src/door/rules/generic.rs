//! Shapes that belong to no provider: keys in PEM, tokens of standards, passwords in URLs, and what is assigned to a
//! name that says secret.

use super::super::check::Check;
use super::super::find::WINDOW_BYTES;
use super::{Lead, Rule, after, assigned, beside, token};

/// Names and values in base64, as the `data` of a Secret holds them.
const SECRET_DATA: &str =
    r#"(?i)(?:[\s,{]*["']?[\w.-]+["']?:(?:[ \t]*(?:\||>[-+]?)\s+)?[ \t]*["']?[a-z0-9+/]{10,4000}={0,3}["']?)+"#;
/// The same in front of the manifest's kind.
const SECRET_DATA_BEFORE_KIND: &str = r#"(?i)(?:[\s,{]*["']?[\w.-]+["']?:(?:[ \t]*(?:\||>[-+]?)\s+)?[ \t]*["']?[a-z0-9+/]{10,4000}={0,3}["']?)+(?s:.){0,200}?\bkind["']?[ \t]*:[ \t]*["']?secret\b"#;

pub(super) const RULES: &[Rule] = &[
    // A block without its end is taken out to the end of the window: half a key is a key.
    Rule {
        id: "private-key",
        words: &["-----begin"],
        lead: Lead::Here,
        value: r"(?si)-----BEGIN[A-Z0-9 _-]{0,100}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[A-Z0-9 _-]{0,100}PRIVATE KEY(?: BLOCK)?-----|\z)",
        check: Check::Shape,
        window: 16 * 1024,
        anywhere: true,
        whole: false,
    },
    token(
        "private-key-putty",
        &["putty-user-key-file-"],
        r"(?s)PuTTY-User-Key-File-\d:.*?(?:Private-MAC: [0-9a-f]{40,64}|\z)",
    ),
    token("private-key-base64", &["ls0tls1crudjti"], r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{20,1900}={0,2}")
        .checked(Check::PrivateKey),
    token("age-secret-key", &["age-secret-key-1"], r"AGE-SECRET-KEY-1[A-Z0-9]{40,64}"),
    token("jwt", &["eyj"], r"eyJ[A-Za-z0-9_-]{8,1000}\.eyJ[A-Za-z0-9_-]{8,2000}(?:\.[A-Za-z0-9_-]{0,1000})?")
        .anywhere(),
    // Headers that were not written as compact JSON.
    token(
        "jwt-loose",
        &["ey"],
        r"ey[A-Za-z0-9]{17,1000}\.ey[A-Za-z0-9/\\_-]{17,2000}\.(?:[A-Za-z0-9/\\_-]{10,1000}={0,2})?",
    ),
    token("jwe", &["eyj"], r"eyJ[A-Za-z0-9_-]{8,600}(?:\.[A-Za-z0-9_-]{0,1200}){4}"),
    token("jwt-base64", &["zxlk"], r"ZXlK[A-Za-z0-9+/_\\-]{40,2000}={0,2}"),
    Rule {
        id: "url-password",
        words: &["://"],
        lead: Lead::User,
        value: "",
        check: Check::Userinfo,
        window: WINDOW_BYTES,
        anywhere: false,
        whole: false,
    },
    after(
        "authorization-bearer",
        &["bearer"],
        r#"["']?\s{1,4}["']?"#,
        r"[A-Za-z0-9._~+/-]{16,2000}={0,2}",
        Check::Mixed,
    ),
    after("authorization-basic", &["basic"], r#"["']?\s{1,4}["']?"#, r"[A-Za-z0-9+/]{8,1000}={0,2}", Check::BasicAuth),
    after(
        "authorization-token",
        &["authorization"],
        r#"["']?\s{0,4}[:=]\s{0,4}["']?(?:token|apikey|key|negotiate)\s{1,4}"#,
        r"[A-Za-z0-9._~+/-]{16,2000}={0,2}",
        Check::Mixed,
    ),
    after(
        "docker-auth",
        &["auth"],
        r#"\\?["']\s{0,8}:\s{0,8}\\?["']"#,
        r"[A-Za-z0-9+/]{8,1000}={0,2}",
        Check::BasicAuth,
    ),
    after(
        "curl-user",
        &["curl"],
        r#"(?s)(?:[^A-Za-z0-9_].{0,400}?)?[ \t\r\n](?:-u|--user)(?:=|[ \t]{0,5})[^\s:"']{1,64}:"#,
        r#"[^\s"']{3,256}"#,
        Check::Userinfo,
    ),
    after(
        "curl-user-quoted",
        &["curl"],
        r#"(?s)(?:[^A-Za-z0-9_].{0,400}?)?[ \t\r\n](?:-u|--user)(?:=|[ \t]{0,5})["'][^:"'\n]{0,64}["']?:["']?"#,
        r#"[^"'\n]{3,256}"#,
        Check::Userinfo,
    ),
    after(
        "curl-header",
        &["-h", "--header"],
        r#"(?i)(?:=|[ \t]{0,5})["']{1,2}(?:authorization:[ \t]{0,5}(?:(?:basic|bearer|(?:api-)?token)[ \t])?|(?:x-(?:[a-z]{1,20}-)?)?(?:api-?)?(?:key|token):[ \t]{0,5})"#,
        r"[A-Za-z0-9_=~@.+/-]{8,2000}",
        Check::Userinfo,
    ),
    after("sshpass", &["sshpass"], r#"\s+-p\s*["']?"#, r#"[^\s"']{3,256}"#, Check::Userinfo),
    after("htpasswd", &["$apr1$", "$2y$", "$2a$", "$2b$"], "", r"[./A-Za-z0-9$]{20,64}", Check::Shape),
    after("crypt-hash", &["$6$", "$5$", "$y$"], "", r"[./A-Za-z0-9$=]{20,160}", Check::Shape),
    assigned("kubernetes-bootstrap-token", &["token"], r"[a-z0-9]{6}\.[a-z0-9]{16}", Check::Mixed),
    assigned("kubeconfig-client-key", &["client-key-data"], r"[A-Za-z0-9+/]{16,1900}={0,2}", Check::Shape),
    assigned("dockerconfigjson", &["dockerconfigjson", "dockercfg"], r"[A-Za-z0-9+/]{20,1900}={0,2}", Check::Shape),
    // All values of a manifest's `data` at once.
    after(
        "kubernetes-secret-manifest",
        &["kind"],
        r#"(?si)["']?[ \t]*:[ \t]*["']?secret\b["']?.{0,300}?\bdata["']?[ \t]*:.{0,100}?\s"#,
        SECRET_DATA,
        Check::Shape,
    ),
    after(
        "kubernetes-secret-manifest-of",
        &["data"],
        r#"["']?[ \t]*:(?s:.){0,100}?\s"#,
        SECRET_DATA_BEFORE_KIND,
        Check::Shape,
    ),
    after(
        "netrc-password",
        &["machine "],
        r"\S{1,200}\s+login\s+\S{1,100}\s+password\s+",
        r"\S{3,256}",
        Check::Userinfo,
    ),
    assigned("password", &["password", "passwd", "passphrase", "_pass", "pwd"], "", Check::Password),
    assigned(
        "secret-value",
        &[
            "secret",
            "credential",
            "client_key",
            "signing_key",
            "signing-key",
            "encryption_key",
            "encryption-key",
            "master_key",
            "private_key",
            "privatekey",
        ],
        "",
        Check::Machine,
    ),
    assigned(
        "api-key",
        &[
            "api_key",
            "apikey",
            "api-key",
            "api key",
            "access_key",
            "accesskey",
            "access-key",
            "auth_key",
            "authkey",
            "account_key",
            "license_key",
        ],
        "",
        Check::Machine,
    ),
    assigned("token-value", &["token", "_auth", "-auth", "session_id", "sessionid", "cookie"], "", Check::Machine),
    // Names of several words with blanks in between, which no assignment has.
    beside(
        "secret-beside",
        &["credential", "creds", "secret", "token", "apikey", "api_key", "api-key", "api key", "access key"],
        r"[A-Za-z0-9_.=+/-]{10,150}",
    )
    .checked(Check::Machine)
    .not_by_comma(),
    beside("password-beside", &["password", "passwd"], r"[A-Za-z0-9_=-]{8,64}").not_by_comma(),
];
