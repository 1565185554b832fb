use super::*;
use crate::asset::Kind;
use crate::environment::EnvironmentRules;
use crate::ids::Span;
use crate::observation::{Admits, Author, Coverage, Entry, Eye, Protocol, Subject};
use crate::text::Opaque;
use crate::world::{CoverageSeen, FactSeen, Watching};

struct Town {
    world: World,
    rows: i64,
}

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

impl Town {
    fn new() -> Self {
        Self {
            world: World::empty(Time::from_secs(1_000_000), EnvironmentRules::default(), Watching::default()),
            rows: 0,
        }
    }

    fn asset(&mut self, kind: &'static str, name: &str) -> AssetIdx {
        self.rows += 1;
        let key = if kind == "Internet" {
            AssetKey::internet()
        } else {
            AssetKey::object(&o("c"), Kind::of(kind), o("shop"), o(name))
        };
        self.world.add_asset(self.rows, key)
    }

    fn link(&mut self, from: AssetIdx, to: AssetIdx, link: Link, author: Author) {
        self.rows += 1;
        self.world.add_edge(EdgeSeen {
            id: self.rows,
            from,
            to,
            link,
            author,
            since: Time::from_secs(0),
            until: Time::from_secs(0),
        });
    }

    fn ingress(&mut self, reach: Reach, author: Author) -> AssetIdx {
        let (internet, ingress, service, web) = (
            self.asset("Internet", ""),
            self.asset("Ingress", "shop"),
            self.asset("Service", "web"),
            self.asset("Deployment", "web"),
        );
        self.link(
            internet,
            ingress,
            Link::Enters { reach, entry: Entry::Ingress, host: Some(o("shop.example")), port: 443 },
            author,
        );
        self.link(
            ingress,
            service,
            Link::Routes { host: None, port: 443, target_port: 80, protocol: Protocol::Tcp, admits: Admits::ALL },
            author,
        );
        self.link(
            service,
            web,
            Link::Routes { host: None, port: 80, target_port: 8080, protocol: Protocol::Tcp, admits: Admits::ALL },
            author,
        );
        web
    }

    fn scanned(&mut self) {
        self.rows += 1;
        let home = self.world.add_asset(self.rows, AssetKey::namespace(&o("c"), o("shop")));
        let subject = Subject::Object { at: AssetKey::namespace(&o("c"), o("shop")), container: None };
        let at = Time::from_secs(900_000);
        let window = Coverage {
            subject,
            eye: Eye::CompleteScan,
            instance: o(""),
            node: o(""),
            since: at,
            until: at,
            start_seen: true,
            holes: vec![],
        };
        self.world.add_coverage(home, CoverageSeen { id: self.rows, container: o(""), window });
    }

    fn fact(&mut self, about: AssetIdx, what: What) {
        self.rows += 1;
        let (since, until) = (self.world.as_of - Span::hours(1), self.world.as_of);
        self.world.add_fact(
            about,
            FactSeen {
                id: self.rows,
                container: o(""),
                component: None,
                what,
                author: Author::Kernel,
                since,
                until,
                valid_until: None,
            },
        );
    }
}

#[test]
fn an_ingress_leads_through_its_service_to_the_pods_port() {
    let mut town = Town::new();
    let web = town.ingress(Reach::Public, Author::Cluster);
    let Exposure::Exposed { paths, traffic } = exposure(&town.world, web) else { unreachable!("it is exposed") };
    assert_eq!(
        (paths.len(), paths[0].edges.len(), paths[0].outside_port, paths[0].port, traffic),
        (1, 3, 443, 8080, false)
    );
}

#[test]
fn traffic_on_the_pods_port_confirms_the_path() {
    let mut town = Town::new();
    let web = town.ingress(Reach::Public, Author::Cluster);
    town.fact(
        web,
        What::Talks { port: 9999, protocol: Protocol::Tcp, role: Role::Server, peer: PeerClass::Pod, exe: o("/web") },
    );
    assert!(matches!(exposure(&town.world, web), Exposure::Exposed { traffic: false, .. }));
    town.fact(
        web,
        What::Talks {
            port: 8080,
            protocol: Protocol::Tcp,
            role: Role::Server,
            peer: PeerClass::Private,
            exe: o("/web"),
        },
    );
    assert!(matches!(exposure(&town.world, web), Exposure::Exposed { traffic: true, .. }));
}

#[test]
fn without_a_complete_scan_nothing_is_internal() {
    let mut town = Town::new();
    let batch = town.asset("Deployment", "batch");
    assert!(matches!(exposure(&town.world, batch), Exposure::Unknown { settled_by: SettledBy::ServicesAndRoutes, .. }));
    town.scanned();
    assert!(matches!(exposure(&town.world, batch), Exposure::Internal { not_running: false, .. }));
}

#[test]
fn an_uncertain_entry_is_unknown_even_in_a_complete_scan() {
    let mut town = Town::new();
    let web = town.ingress(Reach::Unknown(SettledBy::RouteController), Author::Cluster);
    town.scanned();
    assert!(matches!(exposure(&town.world, web), Exposure::Unknown { settled_by: SettledBy::RouteController, .. }));
}

#[test]
fn a_tenant_cannot_close_a_way_but_can_open_one() {
    let mut town = Town::new();
    let web = town.ingress(Reach::Internal, Author::Tenant);
    town.scanned();
    assert!(matches!(exposure(&town.world, web), Exposure::Unknown { .. }));
    let mut town = Town::new();
    let web = town.ingress(Reach::Public, Author::Tenant);
    assert!(matches!(exposure(&town.world, web), Exposure::Exposed { .. }));
}

#[test]
fn what_does_not_run_is_internal_and_says_so() {
    let mut town = Town::new();
    let web = town.ingress(Reach::Public, Author::Cluster);
    town.fact(web, What::Exists { replicas: Some(0), owner: None, aliases: vec![] });
    assert!(matches!(exposure(&town.world, web), Exposure::Internal { not_running: true, .. }));
}

#[test]
fn a_route_to_another_port_is_no_way_in() {
    let mut town = Town::new();
    let (internet, service, web) =
        (town.asset("Internet", ""), town.asset("Service", "web"), town.asset("Deployment", "web"));
    town.link(
        internet,
        service,
        Link::Enters { reach: Reach::Public, entry: Entry::LoadBalancer, host: None, port: 443 },
        Author::Cluster,
    );
    town.link(
        service,
        web,
        Link::Routes { host: None, port: 9090, target_port: 9090, protocol: Protocol::Tcp, admits: Admits::ALL },
        Author::Cluster,
    );
    assert!(matches!(exposure(&town.world, web), Exposure::Unknown { .. }));
}

#[test]
fn a_route_for_one_host_is_not_entered_by_another() {
    let mut town = Town::new();
    let (internet, ingress) = (town.asset("Internet", ""), town.asset("Ingress", "shop"));
    let (service, web) = (town.asset("Service", "web"), town.asset("Deployment", "web"));
    for host in ["shop.example", "admin.example"] {
        let link = Link::Enters { reach: Reach::Public, entry: Entry::Ingress, host: Some(o(host)), port: 443 };
        town.link(internet, ingress, link, Author::Cluster);
    }
    let route = Link::Routes {
        host: Some(o("shop.example")),
        port: 443,
        target_port: 80,
        protocol: Protocol::Tcp,
        admits: Admits::ALL,
    };
    town.link(ingress, service, route, Author::Cluster);
    let route = Link::Routes { host: None, port: 80, target_port: 8080, protocol: Protocol::Tcp, admits: Admits::ALL };
    town.link(service, web, route, Author::Cluster);
    let Exposure::Exposed { paths, .. } = exposure(&town.world, web) else { unreachable!("it is exposed") };
    assert_eq!(paths.len(), 1, "the other host leads elsewhere");
}

#[test]
fn a_port_of_the_host_leads_to_the_pods_port_and_is_none_itself() {
    let mut town = Town::new();
    let (internet, agent) = (town.asset("Internet", ""), town.asset("DaemonSet", "agent"));
    let enters = |port| Link::Enters { reach: Reach::Public, entry: Entry::HostPort, host: None, port };
    town.link(internet, agent, enters(9100), Author::Cluster);
    town.link(internet, agent, enters(9200), Author::Cluster);
    let inner =
        Link::Routes { host: None, port: 9100, target_port: 8080, protocol: Protocol::Tcp, admits: Admits::ALL };
    town.link(agent, agent, inner, Author::Cluster);
    let Exposure::Exposed { paths, .. } = exposure(&town.world, agent) else { unreachable!("it is exposed") };
    let ports: Vec<(u16, u16)> = paths.iter().map(|path| (path.outside_port, path.port)).collect();
    assert_eq!(ports, [(9100, 8080), (9200, 9200)]);
}
