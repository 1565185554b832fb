//! What a program of a container may do beyond an ordinary user's rights, as the kernel counts it: a set of bits, one a
//! capability.

/// Names by bit. Source: capabilities(7), `include/uapi/linux/capability.h`.
#[rustfmt::skip]
const NAMES: [&str; 41] = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
    "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
    "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
];

/// Capabilities of the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caps(u64);

/// Text that is no set of capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a set of capabilities: expected up to 16 hex digits, as /proc writes them")]
pub struct BadCaps;

impl Caps {
    /// From the kernel's bits. Those that have no name here are of a newer kernel and left out.
    pub const fn of_bits(bits: u64) -> Self {
        Self(bits & ((1 << NAMES.len()) - 1))
    }

    /// True when there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The numbers of those in it, in order.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (0..NAMES.len() as u8).filter(move |number| self.0 & (1 << number) != 0)
    }

    /// The name of a number, as manifests write it.
    pub fn name(number: u8) -> &'static str {
        NAMES.get(usize::from(number)).copied().unwrap_or("UNKNOWN")
    }
}

impl std::fmt::Display for Caps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for Caps {
    type Err = BadCaps;
    fn from_str(text: &str) -> Result<Self, BadCaps> {
        let digits = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !digits {
            return Err(BadCaps);
        }
        u64::from_str_radix(text, 16).map(Self::of_bits).map_err(|_| BadCaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_read_as_proc_writes_it_and_says_the_names_of_manifests() {
        let caps: Caps = "00000000a80425fb".parse().unwrap();
        let names: Vec<&str> = caps.numbers().map(Caps::name).collect();
        let default = "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT \
                       MKNOD AUDIT_WRITE SETFCAP";
        assert_eq!(names.join(" "), default, "the default set of the usual runtimes");
        assert_eq!(caps.to_string(), "00000000a80425fb");
        assert_eq!(Caps::of_bits(u64::MAX).numbers().count(), 41, "bits of a newer kernel are left out");
        for odd in ["", "x", "-1", "+1", "00000000000000000", "0x1"] {
            assert_eq!(odd.parse::<Caps>(), Err(BadCaps), "{odd}");
        }
    }
}
