//! Uses of files become facts of packages, with the port of the process that uses them.

use super::*;
use assay_core::observation::Protocol;

fn at(secs: i64) -> Time {
    Time::from_secs(secs)
}

fn package(purl: &str, path: Option<&str>, linked: bool) -> Package {
    Package {
        purl: purl.to_owned(),
        source: None,
        path: path.map(str::to_owned),
        level: linked.then_some(UseLevel::Linked),
    }
}

fn found(path: &str, name: &str) -> BTreeMap<String, Vec<Package>> {
    BTreeMap::from([(path.to_owned(), vec![package(&format!("pkg:deb/debian/{name}@1"), None, false)])])
}

fn in_use(container: &Container) -> Vec<(String, UseLevel, Option<u16>)> {
    let row = |said: &Said| match said {
        Said::InUse { purl, level, listens, .. } => Some((purl.clone(), *level, *listens)),
        _ => None,
    };
    container.facts.iter().filter_map(|(said, _)| row(said)).collect()
}

#[test]
fn a_library_of_the_process_that_listens_carries_the_port_whichever_came_first() {
    for listens_first in [true, false] {
        let mut c = Container::new(None, at(0), true);
        let listen = |c: &mut Container| {
            c.listens_now("/usr/sbin/nginx");
            let said = Said::Listens { port: 443, protocol: Protocol::Tcp, exe: "/usr/sbin/nginx".to_owned() };
            assert!(c.say(said, at(2), at(2)));
        };
        if listens_first {
            listen(&mut c);
        }
        assert!(c.loaded("/usr/lib/libssl.so.3", "/usr/sbin/nginx", at(1)));
        assert_eq!(c.unasked().into_iter().collect::<Vec<_>>(), ["/usr/lib/libssl.so.3"]);
        c.answer(found("/usr/lib/libssl.so.3", "libssl3"), true);
        c.settle_uses();
        if !listens_first {
            listen(&mut c);
            c.settle_uses();
        }
        let row = ("pkg:deb/debian/libssl3@1".to_owned(), UseLevel::Loaded, Some(443));
        assert!(in_use(&c).contains(&row), "listens first: {listens_first}: {:?}", in_use(&c));
        assert!(c.unasked().is_empty());
    }
}

#[test]
fn a_package_manager_at_work_uses_nothing_and_a_file_of_no_package_is_asked_for_once() {
    let mut c = Container::new(None, at(0), true);
    assert!(c.loaded("/usr/lib/libapt.so", "/usr/bin/apt-get", at(1)));
    assert!(c.ran(FileId { dev: 1, ino: 2 }, "/app/own", at(1)));
    c.answer(BTreeMap::new(), true);
    assert_eq!(c.settle_uses(), 0);
    assert!(c.unasked().is_empty() && in_use(&c).is_empty());
}

#[test]
fn a_servers_first_shell_is_unusual_only_after_a_long_time_without() {
    let long = LEARNS.millis() / 1_000;
    for (shells_at, usual) in
        [(&[10][..], &[true][..]), (&[long + 1, long + 2], &[false, true]), (&[10, long + 1], &[true, true])]
    {
        let mut c = Container::new(None, at(0), true);
        let told: Vec<bool> = shells_at.iter().map(|secs| c.is_usual_shell("/usr/bin/java", at(*secs))).collect();
        assert_eq!(told, usual, "{shells_at:?}");
    }
}

#[test]
fn one_use_is_told_of_every_package_and_what_is_linked_is_told_as_linked() {
    let mut c = Container::new(None, at(0), true);
    assert!(c.ran(FileId { dev: 1, ino: 2 }, "/app/server", at(1)));
    let packages =
        vec![package("pkg:deb/debian/server@1", None, false), package("pkg:golang/a/b@v1", Some("/app/server"), true)];
    c.answer(BTreeMap::from([("/app/server".to_owned(), packages)]), true);
    assert_eq!(c.settle_uses(), 0);
    let rows = [
        ("pkg:deb/debian/server@1".to_owned(), UseLevel::Executed, None),
        ("pkg:golang/a/b@v1".to_owned(), UseLevel::Linked, None),
    ];
    assert_eq!(in_use(&c), rows);
    let of_file = |said: &Said| matches!(said, Said::InUse { path: Some(path), .. } if path == "/app/server");
    assert_eq!(c.facts.iter().filter(|(said, _)| of_file(said)).count(), 1);
}

#[test]
fn more_packages_than_are_remembered_make_the_container_one_that_is_known_in_part() {
    let mut c = Container::new(None, at(0), true);
    for name in ["/app/a", "/app/b"] {
        assert!(c.loaded(name, "/app/server", at(1)));
        let many = (0..PACKAGES_MAX).map(|i| package(&format!("pkg:golang/m@{i}"), None, true)).collect();
        c.answer(BTreeMap::from([(name.to_owned(), many)]), true);
        assert_eq!(c.known_in_part, name == "/app/b");
    }
    let mut c = Container::new(None, at(0), true);
    c.answer(BTreeMap::new(), false);
    assert!(c.known_in_part, "the pass itself was cut");
}
