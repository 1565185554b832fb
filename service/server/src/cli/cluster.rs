//! What is asked of a cluster: what to look at, and what to show of it.

use std::path::PathBuf;

use assay_core::paths::Goal;
use assay_sources::cluster::live::Namespaces;
use clap::Args;

use crate::Usage;

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// Manifests instead of a live cluster: a file or folder.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["context", "namespaces", "without_namespaces"])]
    pub(crate) manifests: Option<PathBuf>,
    /// The manifests are all there is: what they lack is gone, and what nothing reaches is internal.
    #[arg(long, requires = "manifests")]
    pub(crate) complete: bool,
    #[command(flatten)]
    pub(crate) live: Live,
}

/// Which live cluster, and what of it.
#[derive(Debug, Args)]
pub(crate) struct Live {
    /// The kubeconfig context of the live cluster; default: the current one, else the pod's own account.
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Look only into this namespace, and at what lies in none; may be repeated.
    #[arg(long = "namespace", value_name = "NAME", conflicts_with = "without_namespaces")]
    pub(crate) namespaces: Vec<String>,
    /// Leave this namespace out; may be repeated.
    #[arg(long = "without-namespace", value_name = "NAME")]
    pub(crate) without_namespaces: Vec<String>,
}

impl Live {
    /// True when any of it was given.
    pub(crate) fn is_given(&self) -> bool {
        self.context.is_some() || !self.namespaces.is_empty() || !self.without_namespaces.is_empty()
    }

    /// The namespaces that were asked for.
    pub(crate) fn namespaces(&self) -> anyhow::Result<Namespaces> {
        Ok(Namespaces::asked(&self.namespaces, &self.without_namespaces).map_err(Usage::from_error)?)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Assets {
    /// Only this namespace.
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
}

const RIGHTS_EXAMPLES: &str = "Examples:
  assay rights                          everybody with a dangerous right
  assay rights shop/web                 one account, with what it has through its groups
  assay rights Group/developers         one group, or User/ann
  assay rights --can read-secrets       who can do this: by a role for everything, too
  assay rights --can exec-pods --namespace shop -o json";

#[derive(Debug, Args)]
#[command(after_help = RIGHTS_EXAMPLES)]
pub(crate) struct Rights {
    /// Whose: NAME, NAMESPACE/NAME, or with the kind before it (ServiceAccount, User, Group); default: everybody.
    #[arg(value_name = "SUBJECT")]
    pub(crate) subject: Option<String>,
    /// Only who can do this, such as read-secrets, create-pods or impersonate.
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) can: Option<String>,
    /// Only what holds in this namespace.
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Profiles {
    /// Only images with this in their name or digest.
    #[arg(long, value_name = "TEXT")]
    pub(crate) image: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = PATHS_EXAMPLES)]
pub(crate) struct Paths {
    /// Where they begin: internet, any (every workload), or a workload as NAMESPACE/NAME, which also says what falls with it.
    #[arg(long, default_value = "internet", value_name = "PLACE")]
    pub(crate) from: String,
    /// Only to these: cluster-admin, node, cloud, secret.
    #[arg(long, value_name = "GOAL", value_delimiter = ',')]
    pub(crate) to: Vec<Goal>,
    /// List the ways in from the Internet with their entries and ports, and nothing else.
    #[arg(long, conflicts_with_all = ["to", "svg", "kinds"])]
    pub(crate) ways: bool,
    /// Write a picture as SVG to standard output.
    #[arg(long, conflicts_with = "kinds")]
    pub(crate) svg: bool,
    /// List the kinds of steps: from what to what, what must be so, and where the rule is from.
    #[arg(long)]
    pub(crate) kinds: bool,
    /// List every step by itself, for tools that draw or compare graphs.
    #[arg(long, conflicts_with_all = ["to", "svg", "ways", "kinds"])]
    pub(crate) edges: bool,
    /// Do not compute which findings a change would move.
    #[arg(long)]
    pub(crate) no_what_if: bool,
}

const PATHS_EXAMPLES: &str = "Examples:
  assay paths                                   from the Internet to whatever attackers want, and what to change
  assay paths --from shop/web                   what falls with one workload
  assay paths --from any --to cluster-admin     who can become cluster admin
  assay paths --svg > paths.svg                 a picture
  assay paths --ways                            entries and ports that the Internet reaches
  assay paths -o json | jq .choke_points        the changes, with patches";
