//! What exploitation asks for, as predicates that the world can answer. Comes in: conditions of a vulnerability, from
//! curated rows or from its text. Goes out: met, not met, or unknown with the reason, each with evidence. A condition must
//! never be called not met by the word of somebody who may not lower, nor where nobody has looked.

mod ask;

pub use ask::met;

use crate::ids::{EvidenceId, Time};
use crate::named;
use crate::observation::Author;
use crate::text::Opaque;
use crate::world::{AssetIdx, World};

named! {
    /// The closed list of conditions: what an attacker needs besides a way to the product.
    pub enum Condition {
        /// The product takes connections: the attack comes as a request, packet, message or query.
        ListeningPort = "listening_port",
        /// It takes datagrams.
        UdpListener = "udp_listener",
        /// The attacker stands on the same network segment.
        NetworkAdjacent = "network_adjacent",
        /// The attacker sits on the path of a connection, or answers in a peer's place.
        ManInTheMiddle = "man_in_the_middle",
        /// The product calls a server that the attacker runs or chooses.
        OutboundConnection = "outbound_connection",
        /// The attacker has a user on the machine or runs code in the container already.
        LocalUser = "local_user",
        /// The attacker has an account or a session at the product.
        AuthenticatedUser = "authenticated_user",
        /// The attacker has a higher role at the product or on the machine.
        PrivilegedUser = "privileged_user",
        /// A person's browser takes part.
        UserInteractionBrowser = "user_interaction_browser",
        /// Somebody opens a crafted file, or the product parses one.
        CraftedFile = "crafted_file",
        /// A stranger's repository, package or image is built or installed.
        BuildsUntrusted = "builds_untrusted",
        /// An application uses a certain function or feature of the library.
        FunctionCalled = "function_called",
        /// An optional named part is loaded.
        ComponentLoaded = "component_loaded",
        /// An option that is off by default is on.
        OptionOn = "option_on",
        /// A key or password that the product ships was left as it is.
        DefaultSecret = "default_secret",
        /// A debugging or management interface is open.
        DebugInterface = "debug_interface",
        /// The pod runs below the baseline of the Pod Security Standards.
        PrivilegedContainer = "privileged_container",
        /// The container shares a namespace of the node.
        HostNamespace = "host_namespace",
        /// A folder, device or socket of the node is mounted.
        HostPathMounted = "host_path_mounted",
        /// The process holds a Linux capability.
        CapabilityHeld = "capability_held",
        /// Unprivileged users may create user namespaces.
        UserNamespace = "user_namespace",
        /// A set-user-ID program is run.
        SetuidProgram = "setuid_program",
        /// A kernel module, driver or option of the kernel is present.
        KernelModule = "kernel_module",
        /// The attacker may start a container, or run something in one.
        ContainerStart = "container_start",
        /// The attacker may speak to the Kubernetes API with rights.
        ApiServerAccess = "api_server_access",
        /// A service account's token is mounted.
        TokenMounted = "token_mounted",
        /// A race must be won.
        RaceWon = "race_won",
        /// Only one operating system, architecture or build is affected.
        SpecificPlatform = "specific_platform",
    }
}

impl Condition {
    /// The same in words that stand in a list of what an attacker needs.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ListeningPort => "a port that it listens on",
            Self::UdpListener => "a port that takes datagrams",
            Self::NetworkAdjacent => "a place on the same network segment",
            Self::ManInTheMiddle => "a place on the path of a connection",
            Self::OutboundConnection => "a connection out to a server of the attacker's choice",
            Self::LocalUser => "a user on the machine or code in the container",
            Self::AuthenticatedUser => "an account at the product",
            Self::PrivilegedUser => "a higher role at the product or on the machine",
            Self::UserInteractionBrowser => "a person's browser that takes part",
            Self::CraftedFile => "a crafted file that is opened or parsed",
            Self::BuildsUntrusted => "a build or installation of a stranger's code",
            Self::FunctionCalled => "an application that uses the function or feature",
            Self::ComponentLoaded => "an optional part that is loaded",
            Self::OptionOn => "an option that is set",
            Self::DefaultSecret => "a shipped key or password that was left as it is",
            Self::DebugInterface => "an open debugging or management interface",
            Self::PrivilegedContainer => "a pod below the baseline of Pod Security",
            Self::HostNamespace => "a namespace shared with the node",
            Self::HostPathMounted => "a mounted folder, device or socket of the node",
            Self::CapabilityHeld => "a Linux capability",
            Self::UserNamespace => "user namespaces for unprivileged users",
            Self::SetuidProgram => "a set-user-ID program",
            Self::KernelModule => "a kernel module, driver or kernel option",
            Self::ContainerStart => "the right to start or enter a container",
            Self::ApiServerAccess => "rights at the Kubernetes API",
            Self::TokenMounted => "a mounted service account token",
            Self::RaceWon => "a race that is won",
            Self::SpecificPlatform => "one certain platform",
        }
    }
}

named! {
    /// Why nobody can say whether a condition is met.
    pub enum Unmeasured {
        /// No sensor, scan or feed of ours shows it.
        Never = "nothing that Assay looks at shows it",
        /// It would have been shown had it been seen; that it was not refutes nothing.
        NotSeen = "it was not seen, and that refutes nothing",
        /// No sensor watched the container long enough.
        NotWatched = "no sensor watched it long enough",
        /// No scan whose word counts has shown it.
        NotScanned = "no scan has shown it",
    }
}

/// Whether one condition is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// It is.
    Yes(Vec<EvidenceId>, Time),
    /// It is not.
    No(Vec<EvidenceId>, Time),
    /// The world cannot tell.
    Unknown(Unmeasured),
}

/// All conditions of a vulnerability together: not met when one is known not to be, met when all are known to be. What
/// was read from a text may only raise: from it alone nothing is "not met".
pub fn all_met(conditions: &[Condition], author: Author, world: &World, workload: AssetIdx, container: &Opaque) -> Met {
    let mut evidence = Vec::new();
    let mut as_of = world.as_of;
    let mut open = conditions.is_empty().then_some(Unmeasured::Never);
    for condition in conditions {
        match met(*condition, world, workload, container) {
            Met::No(proof, at) if author.may_lower() => return Met::No(proof, at),
            Met::No(..) => open = Some(Unmeasured::NotSeen),
            Met::Unknown(because) => open = Some(because),
            Met::Yes(proof, at) => {
                evidence.extend(proof);
                as_of = as_of.min(at);
            }
        }
    }
    open.map_or(Met::Yes(evidence, as_of), Met::Unknown)
}

#[cfg(test)]
mod tests;
