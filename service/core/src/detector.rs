//! What detectors of secrets find, in words. Comes in: a detector's id, of our own door or of a scanner. Goes out: a noun
//! phrase that "in clear at" may follow, where there is one for it.

use crate::text::Own;

/// Sources: our own door's rules; Trivy's built-in rules (`pkg/fanal/secret`); Kubernetes types of secrets.
#[rustfmt::skip]
const NOUNS: &[(&str, &str)] = &[
    ("alibaba-access-key", "an Alibaba access key"), ("alibaba-access-key-id", "an Alibaba access key"),
    ("anthropic-key", "an Anthropic key"), ("api-key", "an API key"),
    ("authorization-basic", "a user and password of an Authorization header"),
    ("authorization-bearer", "a token of an Authorization header"),
    ("authorization-token", "a token of an Authorization header"),
    ("aws-access-key", "an AWS access key"), ("aws-access-key-id", "an AWS access key"),
    ("aws-account-id", "an AWS account id"), ("aws-secret-access-key", "an AWS secret key"),
    ("aws-secret-key", "an AWS secret key"), ("aws-session-token", "an AWS session token"),
    ("azure-client-secret", "an Azure client secret"), ("azure-storage-key", "an Azure storage key"),
    ("crypt-hash", "a password's hash"), ("curl-user", "a user and password for curl"),
    ("docker-auth", "a registry login"), ("docker-hub-token", "a Docker Hub token"),
    ("dockerconfig-secret", "a registry login"), ("dockerconfigjson", "a registry login"),
    ("gcp-api-key", "a Google API key"), ("gcp-service-account", "a Google service account key"),
    ("github-app", "a GitHub token"), ("github-app-token", "a GitHub token"),
    ("github-fine-grained", "a GitHub token"), ("github-fine-grained-pat", "a GitHub token"),
    ("github-oauth", "a GitHub token"), ("github-pat", "a GitHub token"), ("github-refresh-token", "a GitHub token"),
    ("github-refresh", "a GitHub token"), ("gitlab-pat", "a GitLab token"), ("gitlab-token", "a GitLab token"),
    ("htpasswd", "a password's hash"), ("hugging-face-access-token", "a Hugging Face token"),
    ("huggingface-token", "a Hugging Face token"), ("jwt", "a JSON web token"), ("jwt-base64", "a JSON web token"),
    ("jwt-token", "a JSON web token"), ("kubeconfig-client-key", "a client key of a kubeconfig"),
    ("kubernetes-bootstrap-token", "a bootstrap token of the cluster"), ("netrc-password", "a password of a netrc file"),
    ("npm-access-token", "an npm token"), ("npm-auth-token", "an npm token"), ("npm-token", "an npm token"),
    ("openai-key", "an OpenAI key"), ("password", "a password"), ("private-key", "a private key"),
    ("private-key-base64", "a private key"), ("private-key-putty", "a private key"),
    ("pypi-token", "a PyPI token"), ("pypi-upload-token", "a PyPI token"),
    ("secret-in-annotation", "a secret, told by its name,"), ("secret-in-args", "a secret, told by its name,"),
    ("secret-in-config-map", "a secret, told by its name,"),
    ("secret-in-env", "a secret, told by its name,"), ("secret-value", "a secret"),
    ("slack-access-token", "a Slack token"), ("slack-token", "a Slack token"),
    ("slack-web-hook", "a Slack webhook"), ("slack-webhook", "a Slack webhook"),
    ("sshpass", "a password for SSH"), ("stripe-key", "a Stripe key"), ("stripe-secret-token", "a Stripe key"),
    ("token-value", "a token"), ("url-password", "a URL's password"), ("vault-token", "a Vault token"),
];

/// What a detector finds: `a private key`. None for a detector that is not known here.
pub fn noun(detector: &str) -> Option<Own> {
    NOUNS.iter().find(|(id, _)| *id == detector).map(|(_, noun)| Own::new(noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_once_and_its_noun_has_an_article() {
        for (i, (id, noun)) in NOUNS.iter().enumerate() {
            assert!(NOUNS[..i].iter().all(|(other, _)| other != id), "{id}");
            assert!(noun.starts_with("a ") || noun.starts_with("an "), "{noun}");
        }
        assert_eq!(noun("url-password"), Some(Own::new("a URL's password")));
        assert_eq!(noun("frobnicate-key"), None);
    }
}
