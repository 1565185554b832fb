//! The kernel's socket tables as /proc shows them. Comes in: the text of `/proc/PID/net/{tcp,tcp6,udp,udp6}`. Goes out:
//! the sockets that listen and those that are connected. A line that does not fit is left out.

use assay_core::observation::Protocol;

/// One socket of a network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Own address, in the form of the maps; all zero for any.
    pub address: [u8; 16],
    /// Own port.
    pub port: u16,
    /// The peer; none when it listens.
    pub peer: Option<([u8; 16], u16)>,
    /// The socket's inode, by which a process's descriptors name it.
    pub inode: u64,
}

const ESTABLISHED: &str = "01";
const UDP_UNCONNECTED: &str = "07";
const LISTEN: &str = "0A";

/// Reads one table.
pub fn sockets(text: &str, protocol: Protocol) -> Vec<Socket> {
    text.lines().skip(1).filter_map(|line| socket(line, protocol)).collect()
}

fn socket(line: &str, protocol: Protocol) -> Option<Socket> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (local, remote, state) = (words.next()?, words.next()?, words.next()?);
    let inode = words.nth(5)?.parse().ok()?;
    let (address, port) = end(local)?;
    let listens = match protocol {
        Protocol::Udp => state == UDP_UNCONNECTED,
        Protocol::Tcp | Protocol::Sctp => state == LISTEN,
    };
    if !(listens || state == ESTABLISHED) || port == 0 {
        return None;
    }
    let peer = if listens { None } else { Some(end(remote)?) };
    Some(Socket { protocol, address, port, peer, inode })
}

/// `0100007F:1F90`: each group of eight digits is one word in the machine's own order.
fn end(text: &str) -> Option<([u8; 16], u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Vec<u32> = (0..address.len() / 8)
        .map(|i| u32::from_str_radix(address.get(i * 8..i * 8 + 8)?, 16).ok())
        .collect::<Option<_>>()?;
    let mut out = [0; 16];
    match words.as_slice() {
        [0] => {}
        [v4] => {
            out[10..12].copy_from_slice(&[0xff, 0xff]);
            out[12..].copy_from_slice(&v4.to_ne_bytes());
        }
        [a, b, c, d] => {
            for (place, word) in out.chunks_exact_mut(4).zip([a, b, c, d]) {
                place.copy_from_slice(&word.to_ne_bytes());
            }
        }
        _ => return None,
    }
    Some((out, port))
}

#[cfg(target_endian = "little")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::mapped;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0000 100 0 0 10 0
   1: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1235 1 0000 100 0 0 10 0
   2: 0201F40A:1F90 0900F40A:C350 01 00000000:00000000 00:00000000 00000000     0        0 1236 1 0000 100 0 0 10 0
   3: 0201F40A:1F91 0900F40A:C350 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0000 100 0 0 10 0
   garbage
";
    const TCP6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0 100 0 0 10 0
   1: 0000000000000000FFFF00000201F40A:01BB 0000000000000000FFFF00000900F40A:C351 01 00000000:00000000 00:00000000 00000000     0        0 78 1 0 100 0 0 10 0
";

    #[test]
    fn listening_and_connected_sockets_are_read_from_both_tables() {
        let v4 = sockets(TCP, Protocol::Tcp);
        let ends: Vec<_> = v4.iter().map(|s| (s.port, s.peer.is_some(), s.inode)).collect();
        assert_eq!(ends, [(8080, false, 1234), (80, false, 1235), (8080, true, 1236)]);
        assert_eq!(v4[0].address, [0; 16], "any address is all zero, as the probes write it");
        assert_eq!(v4[1].address, mapped("127.0.0.1".parse().unwrap()));
        assert_eq!(v4[2].peer, Some((mapped("10.244.0.9".parse().unwrap()), 50_000)));

        let v6 = sockets(TCP6, Protocol::Tcp);
        assert_eq!((v6[0].address, v6[0].port), ([0; 16], 443));
        assert_eq!(v6[1].address, mapped("10.244.1.2".parse().unwrap()), "IPv4 inside IPv6 is the same address");
    }

    #[test]
    fn udp_listens_when_it_has_no_peer() {
        let table = "head
   0: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5 2 0 0
   1: 0201F40A:A000 08080808:0035 01 00000000:00000000 00:00000000 00000000     0        0 6 2 0 0
";
        let udp = sockets(table, Protocol::Udp);
        assert_eq!(udp.iter().map(|s| (s.port, s.peer.is_some())).collect::<Vec<_>>(), [(53, false), (40_960, true)]);
    }
}
