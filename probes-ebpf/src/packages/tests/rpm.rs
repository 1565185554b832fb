//! Packages of rpm. `rpmdb.sqlite.gz` was made by rpm 4.18 (`rpm --initdb`, `rpm -i --justdb` of a package of two, 402 files
//! in one of them); `many.sqlite.gz` by SQLite with pages of 512 bytes and 1,500 headers, so that its tree has three levels.

use std::io::Read;

use flate2::read::GzDecoder;
use proptest::prelude::*;

use super::*;

const REAL: &[u8] = include_bytes!("rpmdb.sqlite.gz");
const MANY: &[u8] = include_bytes!("many.sqlite.gz");
pub(super) const RELEASE: (&str, &str) = ("etc/os-release", "ID=\"rhel\"\nVERSION_ID=\"9.4\"\n");
pub(super) const AT: &str = "var/lib/rpm/rpmdb.sqlite";

fn bytes(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

fn root_with(database: &[u8]) -> tempfile::TempDir {
    let root = tree(&[RELEASE]);
    write(root.path(), AT, database);
    root
}

#[test]
fn files_of_a_real_database_are_found_with_epoch_and_source() {
    let root = root_with(&bytes(REAL));
    let asked =
        ["/usr/bin/shop", "/lib64/libshop.so.1", "/usr/share/shop/page-400.html", "/usr/share/shop", "/opt/own"];
    let rest = "1.4.2-7.el9?arch=noarch&distro=rhel-9.4&epoch=2";
    assert_eq!(
        ask(root.path(), &asked),
        [
            format!("/lib64/libshop.so.1 pkg:rpm/rhel/shop-libs@{rest} of shop"),
            format!("/usr/bin/shop pkg:rpm/rhel/shop@{rest}"),
            format!("/usr/share/shop pkg:rpm/rhel/shop@{rest}"),
            format!("/usr/share/shop/page-400.html pkg:rpm/rhel/shop@{rest}"),
        ]
    );
}

#[test]
fn a_folder_that_is_a_link_to_the_other_is_no_second_database() {
    let root = root_with(&bytes(REAL));
    let told = ask(root.path(), &["/usr/bin/shop"]);
    std::fs::create_dir_all(root.path().join("usr/lib/sysimage")).unwrap();
    std::os::unix::fs::symlink("../../../var/lib/rpm", root.path().join("usr/lib/sysimage/rpm")).unwrap();
    assert_eq!(ask(root.path(), &["/usr/bin/shop"]), told);
}

#[test]
fn a_database_of_a_tree_that_was_put_together_elsewhere_is_found() {
    let root = tree(&[RELEASE]);
    write(root.path(), "usr/share/rpm/rpmdb.sqlite", bytes(REAL));
    assert_eq!(ask(root.path(), &["/usr/bin/shop"]), ask(root_with(&bytes(REAL)).path(), &["/usr/bin/shop"]));
}

#[test]
fn a_tree_of_many_pages_is_read_to_its_ends() {
    let root = root_with(&bytes(MANY));
    let told = ask(root.path(), &["/opt/p0/x", "/opt/p777/x", "/opt/p1499/x", "/opt/p1500/x"]);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().any(|t| t == "/opt/p777/x pkg:rpm/rhel/p777@1-2?arch=x86_64&distro=rhel-9.4"), "{told:?}");
}

#[test]
fn a_database_that_breaks_off_anywhere_leaves_no_package_out_in_silence() {
    let whole = bytes(REAL);
    let asked = ["/usr/bin/shop", "/lib64/libshop.so.1"];
    let told = ask(root_with(&whole).path(), &asked);
    for cut in (0..200).chain((200..whole.len()).step_by(1_021)) {
        let now = ask(root_with(&whole[..cut]).path(), &asked);
        // Pages of other tables may be missing.
        assert!(now == told || now.iter().filter(|t| t.ends_with("-unnamed- perhaps")).count() == 2, "{cut}: {now:?}");
    }
}

#[test]
fn where_the_database_is_older_open_or_broken_any_package_of_rpm_may_be_in_use() {
    let perhaps = "/usr/bin/shop pkg:rpm/-unnamed- perhaps";
    let older = tree(&[RELEASE, ("var/lib/rpm/Packages", "berkeley")]);
    assert_eq!(ask(older.path(), &["/usr/bin/shop"]), [perhaps]);
    let open = root_with(&bytes(REAL));
    write(open.path(), "var/lib/rpm/rpmdb.sqlite-wal", "not yet taken in");
    assert!(ask(open.path(), &["/usr/bin/shop"]).contains(&perhaps.to_owned()));
    let back = root_with(&bytes(REAL));
    write(back.path(), "var/lib/rpm/rpmdb.sqlite-journal", "to be taken back");
    assert!(ask(back.path(), &["/usr/bin/shop"]).contains(&perhaps.to_owned()));
    let two = root_with(&bytes(REAL));
    write(two.path(), "usr/lib/sysimage/rpm/rpmdb.sqlite", bytes(MANY));
    assert!(ask(two.path(), &["/usr/bin/shop"]).contains(&perhaps.to_owned()));
    for cut in [0, 50, 4_096, 100_000] {
        let broken = root_with(&bytes(REAL)[..cut]);
        assert!(ask(broken.path(), &["/usr/bin/shop"]).contains(&perhaps.to_owned()), "cut at {cut}");
    }
    let manifest = tree(&[RELEASE, ("var/lib/rpmmanifest/container-manifest-2", "curl\t8-1\n")]);
    assert_eq!(ask(manifest.path(), &["/usr/bin/shop"]), [perhaps]);
    let none = tree(&[RELEASE]);
    assert!(ask(none.path(), &["/usr/bin/shop"]).is_empty(), "no rpm at all");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_database_makes_the_agent_fall_or_turn_in_circles(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        head in any::<bool>(),
        many in any::<bool>(),
    ) {
        let mut database = bytes(if many { MANY } else { REAL });
        let end = if head { 1_024 } else { database.len() };
        for (at, value) in changes {
            let at = at.index(end);
            database[at] = value;
        }
        let root = root_with(&database);
        let inside = Inside::at(root.path()).unwrap();
        let found = owners(&inside, &["/usr/bin/shop", "/opt/p7/x"].into_iter().collect());
        prop_assert!(found.len() <= 2);
    }
}
