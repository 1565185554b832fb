//! Ports by protocol: what one end may call at another.

use std::fmt;

use assay_core::observation::Protocol;

use crate::cluster::spans::Spans;

/// A set of ports of each protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ports {
    /// Of TCP.
    pub tcp: Spans,
    /// Of UDP.
    pub udp: Spans,
    /// Of SCTP.
    pub sctp: Spans,
}

impl Ports {
    /// No port.
    pub const NONE: Self = Self { tcp: Spans::NONE, udp: Spans::NONE, sctp: Spans::NONE };

    /// Every port of every protocol.
    pub fn all() -> Self {
        let all = Spans::between(1, u128::from(u16::MAX));
        Self { tcp: all.clone(), udp: all.clone(), sctp: all }
    }

    /// The ports between two of one protocol, with both.
    pub fn of(protocol: Protocol, first: u16, last: u16) -> Self {
        let spans = Spans::between(first.max(1).into(), last.into());
        match protocol {
            Protocol::Tcp => Self { tcp: spans, ..Self::NONE },
            Protocol::Udp => Self { udp: spans, ..Self::NONE },
            Protocol::Sctp => Self { sctp: spans, ..Self::NONE },
        }
    }

    /// Every port of one protocol.
    pub fn every(protocol: Protocol) -> Self {
        Self::of(protocol, 1, u16::MAX)
    }

    /// True when it holds none.
    pub fn is_empty(&self) -> bool {
        [&self.tcp, &self.udp, &self.sctp].into_iter().all(Spans::is_empty)
    }

    /// What is in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.zip(other, Spans::or)
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, Spans::and)
    }

    /// What is in this one only.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.zip(other, Spans::without)
    }

    fn zip(&self, other: &Self, by: fn(&Spans, &Spans) -> Spans) -> Self {
        Self { tcp: by(&self.tcp, &other.tcp), udp: by(&self.udp, &other.udp), sctp: by(&self.sctp, &other.sctp) }
    }
}

/// `every port`, or `SCTP 9003, TCP 1-79 81-65535`; protocols by their names.
impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::all() {
            return f.write_str("every port");
        }
        let mut comma = "";
        for (name, spans) in [("SCTP", &self.sctp), ("TCP", &self.tcp), ("UDP", &self.udp)] {
            if spans.is_empty() {
                continue;
            }
            write!(f, "{comma}{name}")?;
            comma = ", ";
            for (first, last) in spans.iter() {
                if first == last { write!(f, " {first}")? } else { write!(f, " {first}-{last}")? }
            }
        }
        if comma.is_empty() { f.write_str("no port") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_written_by_protocol() {
        let tcp = Ports::every(Protocol::Tcp).without(&Ports::of(Protocol::Tcp, 80, 80));
        assert_eq!(tcp.or(&Ports::of(Protocol::Sctp, 9003, 9003)).to_string(), "SCTP 9003, TCP 1-79 81-65535");
        assert_eq!((Ports::all().to_string(), Ports::NONE.to_string()), ("every port".into(), "no port".into()));
        assert_eq!(Ports::of(Protocol::Udp, 0, 0), Ports::NONE, "no packet goes to port 0");
    }
}
