//! Where a peer is, by its address. Comes in: address ranges, ours and the operator's. Goes out: rows for the kernel's
//! longest-prefix table, and the same answer for sockets that the scan finds. Only the class leaves the node, never an
//! address.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use assay_core::observation::PeerClass;

/// A range of addresses, in the one form that the maps use: IPv6, with IPv4 inside `::ffff:0:0/96`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The address.
    pub address: [u8; 16],
    /// How many bits of it count.
    pub bits: u32,
}

/// Text that is no address range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address range: expected such as 10.244.0.0/16 or fd00::/48")]
pub struct BadRange;

/// The classes by address range. The longest range that fits decides.
#[derive(Clone, Debug)]
pub struct Peers {
    rows: Vec<(Range, PeerClass)>,
}

/// What is so on every network. Metadata services of the clouds come first in nothing: the longest range wins.
const EVERYWHERE: &[(&str, PeerClass)] = &[
    ("::/0", PeerClass::Public),
    ("127.0.0.0/8", PeerClass::Loopback),
    ("::1/128", PeerClass::Loopback),
    ("10.0.0.0/8", PeerClass::Private),
    ("172.16.0.0/12", PeerClass::Private),
    ("192.168.0.0/16", PeerClass::Private),
    ("100.64.0.0/10", PeerClass::Private),
    ("169.254.0.0/16", PeerClass::Private),
    ("fc00::/7", PeerClass::Private),
    ("fe80::/10", PeerClass::Private),
    ("169.254.169.254/32", PeerClass::Metadata),
    ("fd00:ec2::254/128", PeerClass::Metadata),
    ("169.254.170.2/32", PeerClass::Metadata),
    ("169.254.170.23/32", PeerClass::Metadata),
    ("168.63.129.16/32", PeerClass::Metadata),
    ("100.100.100.200/32", PeerClass::Metadata),
];

impl Peers {
    /// The ranges that hold everywhere, and those of this cluster.
    pub fn new(own: impl IntoIterator<Item = (Range, PeerClass)>) -> Self {
        let everywhere = EVERYWHERE.iter().filter_map(|(text, class)| Some((text.parse().ok()?, *class)));
        Self { rows: everywhere.chain(own).collect() }
    }

    /// The rows, for the kernel's table.
    pub fn rows(&self) -> &[(Range, PeerClass)] {
        &self.rows
    }

    /// The class of a peer; `local` is the socket's own address.
    pub fn class(&self, local: &[u8; 16], peer: &[u8; 16]) -> PeerClass {
        if local == peer {
            return PeerClass::Loopback;
        }
        let fitting = self.rows.iter().filter(|(range, _)| range.holds(peer));
        // Of equal ranges the later one counts: the operator's own word.
        fitting.max_by_key(|(range, _)| range.bits).map_or(PeerClass::Public, |(_, class)| *class)
    }
}

impl Range {
    fn holds(&self, address: &[u8; 16]) -> bool {
        let mask = if self.bits == 0 { 0 } else { u128::MAX << (128 - self.bits) };
        (u128::from_be_bytes(self.address) ^ u128::from_be_bytes(*address)) & mask == 0
    }
}

impl FromStr for Range {
    type Err = BadRange;
    fn from_str(text: &str) -> Result<Self, BadRange> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| BadRange)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| BadRange)?;
        let (most, offset) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(BadRange);
        }
        Ok(Self { address: mapped(address), bits: bits + offset })
    }
}

/// An address in the form that the maps use.
pub fn mapped(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => Ipv6Addr::octets(&v6),
    }
}

/// The number by which the kernel's side knows a class: its place in the list, from 1.
pub fn number(class: PeerClass) -> u32 {
    PeerClass::ALL.iter().zip(1..).find_map(|(c, n)| (*c == class).then_some(n)).unwrap_or(0)
}

/// The class with this number.
pub fn of_number(number: u8) -> Option<PeerClass> {
    PeerClass::ALL.get(usize::from(number).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(peer: &str) -> &'static str {
        let own =
            [("10.244.0.0/16", PeerClass::Pod), ("10.96.0.0/12", PeerClass::Service), ("10.0.0.7", PeerClass::Node)];
        let peers = Peers::new(own.map(|(text, class)| (text.parse().unwrap(), class)));
        let local = mapped("10.244.1.2".parse().unwrap());
        peers.class(&local, &mapped(peer.parse().unwrap())).as_str()
    }

    #[test]
    fn the_longest_range_says_where_a_peer_is() {
        for (peer, expected) in [
            ("127.0.0.53", "loopback"),
            ("::1", "loopback"),
            ("10.244.1.2", "loopback"),
            ("10.244.9.9", "pod"),
            ("10.96.0.10", "service"),
            ("10.0.0.7", "node"),
            ("10.0.0.8", "private"),
            ("192.168.1.1", "private"),
            ("fd12::1", "private"),
            ("169.254.169.254", "metadata"),
            ("169.254.1.1", "private"),
            ("8.8.8.8", "public"),
            ("2001:db8::1", "public"),
        ] {
            assert_eq!(class(peer), expected, "{peer}");
        }
    }

    #[test]
    fn numbers_of_classes_come_back_and_fit_the_c_side() {
        for class in PeerClass::ALL {
            assert_eq!(of_number(u8::try_from(number(*class)).unwrap()), Some(*class));
        }
        assert_eq!(number(PeerClass::Loopback), 1);
        assert_eq!(number(PeerClass::Public), 7);
        assert_eq!(of_number(0), None);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "host", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Range>(), Err(BadRange), "{text}");
        }
    }
}
