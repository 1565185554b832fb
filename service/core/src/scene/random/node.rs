//! What workloads hold of their nodes, the ports that they name, and what was kept of them.

use super::{CONTAINERS, Draw, PORTS, o};
use crate::ids::{Digest, Span};
use crate::observation::{Author, Caps, Eye, HostAccess, HostSetting, Kept, Protocol, What};
use crate::world::AssetIdx;

impl Draw<'_> {
    pub(super) fn node(&mut self, workload: AssetIdx) {
        if self.dice.chance(50) {
            // A scan that saw all roles is as new as the newest one.
            let as_of = self.scene.as_of;
            let scan = self.scene.scanned(workload);
            (scan.window.eye, scan.window.since, scan.window.until) = (Eye::CompleteRights, as_of, as_of);
        }
        for container in CONTAINERS {
            if self.dice.chance(50) {
                let settings = [HostSetting::RuntimeSocket, HostSetting::Privileged, HostSetting::HostLogs];
                let access = HostAccess::default().with(self.dice.pick(&settings));
                self.of_container(workload, container, What::OnHost(access));
            }
            if self.dice.chance(30) {
                let ports = [(self.dice.pick(PORTS), Protocol::Tcp)];
                self.of_container(workload, container, What::NamesPorts(ports.into()));
            }
            if self.dice.chance(30) {
                let listens = What::Listens { port: 4444, protocol: Protocol::Tcp, exe: o(super::PROGRAM) };
                self.scene.fact(workload, Author::Kernel, listens).container = o(container);
                let caps = What::RanWith(Caps::of_bits(0x400));
                self.scene.fact(workload, Author::Kernel, caps).container = o(container);
            }
            if self.dice.chance(30) {
                self.kept(workload, container);
            }
        }
    }

    fn of_container(&mut self, workload: AssetIdx, container: &str, what: What) {
        let author = if self.dice.chance(70) { Author::Cluster } else { self.author() };
        self.scene.fact(workload, author, what).container = o(container);
    }

    fn kept(&mut self, workload: AssetIdx, container: &str) {
        let count = self.dice.below(9) as u32;
        let kept = Kept {
            node: o("node-1"),
            instance: o("instance-1"),
            file: o("1764000000000-instance.json"),
            sha256: Digest::of_bytes(b"evidence"),
            bytes: 4096,
            processes: count,
            files: count + 1,
            sockets: count,
            maps: count,
            records: count,
            left_out: 0,
        };
        let at = self.scene.as_of - Span::minutes(self.dice.below(120) as i64);
        let fact = self.scene.fact(workload, Author::Kernel, What::Kept(Box::new(kept)));
        (fact.since, fact.until, fact.container) = (at, at, o(container));
    }
}
