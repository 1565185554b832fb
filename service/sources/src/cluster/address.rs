//! Addresses and blocks of them as numbers, and which of them the Internet can reach. Source: IANA registries of
//! special-purpose IPv4 and IPv6 addresses. An IPv4 address is the number of its form in IPv6 (RFC 4291, section 2.5.5.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use super::spans::Spans;

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
    leaves_public(block, &[])
}

/// The same for a block with some others taken out of it. One that is no block takes nothing out.
pub(super) fn leaves_public(block: &str, except: &[Box<str>]) -> bool {
    let Some(all) = self::block(block) else { return true };
    let left = except.iter().filter_map(|e| self::block(e)).fold(all, |left, out| left.without(&out));
    !left.and(&PUBLIC).is_empty()
}

/// Every address that the Internet can reach.
static PUBLIC: LazyLock<Spans> = LazyLock::new(|| {
    let inner = |(net, bits): &(Ipv4Addr, u8)| of_bits(IpAddr::V4(*net), *bits);
    let v4 = NOT_PUBLIC_V4.iter().map(inner).fold(all_v4(), |left, out| left.without(&out));
    v4.or(&Spans::between(0x2 << 124, (0x4 << 124) - 1))
});

/// An address as a number.
pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// Every IPv4 address.
pub(super) fn all_v4() -> Spans {
    Spans::between(number(Ipv4Addr::UNSPECIFIED.into()), number(Ipv4Addr::BROADCAST.into()))
}

/// Every IPv6 address that is none of IPv4.
pub(super) fn all_v6() -> Spans {
    Spans::between(0, u128::MAX).without(&all_v4())
}

/// The addresses of a block such as `10.0.0.0/8`; none where the text is no block. A block of IPv6 holds no address of IPv4
/// unless it lies among those.
pub(super) fn block(text: &str) -> Option<Spans> {
    let (net, bits) = parse(text)?;
    let all = of_bits(net, bits);
    let mixed = net.is_ipv6() && bits < 96;
    Some(if mixed { all.without(&all_v4()) } else { all })
}

fn of_bits(net: IpAddr, bits: u8) -> Spans {
    let width = if net.is_ipv4() { 32 } else { 128 };
    let free = 1_u128.checked_shl(width - u32::from(bits)).map_or(u128::MAX, |size| size - 1);
    let first = number(net) & !free;
    Spans::between(first, first | free)
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
    fn a_block_is_public_without_what_is_taken_out_of_it() {
        let left = |except: &[&str]| {
            leaves_public("0.0.0.0/0", &except.iter().map(|e| Box::from(*e)).collect::<Vec<Box<str>>>())
        };
        assert!(left(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]));
        assert!(left(&["0.0.0.0/1"]) && left(&["no block"]));
        assert!(!left(&["0.0.0.0/1", "128.0.0.0/1"]) && !left(&["0.0.0.0/0"]));
    }

    #[test]
    fn a_block_is_the_numbers_of_its_addresses() {
        let ten = block("10.1.2.3/8").expect("a block");
        let holds = |set: &Spans, text: &str| set.contains(number(text.parse().expect("an address")));
        assert!(holds(&ten, "10.0.0.0") && holds(&ten, "10.255.255.255") && !holds(&ten, "11.0.0.0"));
        let v6 = block("::/0").expect("a block");
        assert!(holds(&v6, "2001:db8::1") && !holds(&v6, "8.8.8.8"));
        assert_eq!(block("0.0.0.0/0"), Some(all_v4()));
        assert_eq!(block("10.0.0.0/33"), None);
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
