//! Which addresses the Internet can reach. Source: IANA registries of special-purpose IPv4 and IPv6 addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks that are not routed globally. The blocks kept for documentation are missing on purpose: in a manifest they
/// stand for public addresses, and in a cluster they do not occur.
const NOT_PUBLIC_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// True when an address can be reached from the Internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !NOT_PUBLIC_V4.iter().any(|(net, bits)| in_v4(v4, *net, *bits)),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            // Only 2000::/3 is handed out for global use.
            None => v6.segments()[0] & 0xe000 == 0x2000,
        },
    }
}

/// True when some address of a block (`10.0.0.0/8`) can be reached from the Internet; also when the text is no block.
pub(super) fn has_public(block: &str) -> bool {
    let Some((net, bits)) = parse(block) else { return true };
    match net {
        IpAddr::V4(v4) => {
            !NOT_PUBLIC_V4.iter().any(|(outer, outer_bits)| bits >= *outer_bits && in_v4(v4, *outer, *outer_bits))
        }
        IpAddr::V6(v6) => {
            let none = (bits >= 3 && v6.segments()[0] & 0xe000 != 0x2000)
                || v6.to_ipv4_mapped().is_some_and(|v4| !is_public(v4.into()));
            !none
        }
    }
}

fn parse(block: &str) -> Option<(IpAddr, u8)> {
    let (net, bits) = block.trim().split_once('/')?;
    let net: IpAddr = net.parse().ok()?;
    let bits: u8 = bits.parse().ok()?;
    let max = if net.is_ipv4() { 32 } else { 128 };
    (bits <= max).then_some((net, bits))
}

fn in_v4(address: Ipv4Addr, net: Ipv4Addr, bits: u8) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
    u32::from(address) & mask == u32::from(net) & mask
}

/// True for an IPv6 address that is only the machine's own, or an IPv4 one.
pub(super) fn is_loopback(address: &str) -> bool {
    address.parse().is_ok_and(|ip: IpAddr| match ip {
        IpAddr::V4(v4) => v4.is_loopback(),
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_public_when_they_are_globally_routable() {
        let public = |text: &str| is_public(text.parse().expect("the test wrote it"));
        for address in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "203.0.113.7", "2a00:1450::1", "2001:db8::1"] {
            assert!(public(address), "{address}");
        }
        for address in [
            "10.1.2.3",
            "172.31.255.1",
            "192.168.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
            "::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn a_block_is_closed_only_when_all_of_it_is() {
        for block in ["0.0.0.0/0", "::/0", "203.0.113.0/24", "10.0.0.0/7", "not a block", "8.8.8.8"] {
            assert!(has_public(block), "{block}");
        }
        for block in ["10.0.0.0/8", "10.2.0.0/16", "192.168.1.1/32", "fd00::/8"] {
            assert!(!has_public(block), "{block}");
        }
    }
}
