//! Names from each source, on small trees.

use super::*;

const A: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const UID: &str = "7e6d1c0a-1b2c-4d3e-8f90-a1b2c3d4e5f6";

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let at = root.path().join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
    }
    root
}

fn shown(identity: Option<Identity>) -> String {
    match identity {
        Some(Identity::Named(r)) => format!("{}/{}/{} {}", r.namespace, r.pod, r.name, r.image),
        Some(Identity::Sandbox) => "sandbox".to_owned(),
        None => "nobody".to_owned(),
    }
}

#[test]
fn each_source_names_a_container() {
    let containerd = r#"{"annotations":{"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-namespace":"shop",
        "io.kubernetes.cri.sandbox-name":"web-1","io.kubernetes.cri.container-name":"web","io.kubernetes.cri.image-name":"shop/web:1.0"}}"#;
    let crio = r#"{"annotations":{"io.kubernetes.cri-o.ContainerType":"container","io.kubernetes.pod.namespace":"shop",
        "io.kubernetes.pod.name":"web-1","io.kubernetes.container.name":"web","io.kubernetes.cri-o.ImageName":"shop/web:1.0"}}"#;
    let pause = r#"{"annotations":{"io.kubernetes.cri.container-type":"sandbox"}}"#;
    let cases: [(String, &str, &str); 8] = [
        (
            format!("run/containerd/io.containerd.runtime.v2.task/k8s.io/{A}/config.json"),
            containerd,
            "shop/web-1/web shop/web:1.0",
        ),
        (
            format!("run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/{A}/config.json"),
            containerd,
            "shop/web-1/web shop/web:1.0",
        ),
        (
            format!("run/containers/storage/overlay-containers/{A}/userdata/config.json"),
            crio,
            "shop/web-1/web shop/web:1.0",
        ),
        (format!("run/containerd/io.containerd.runtime.v2.task/k8s.io/{A}/config.json"), pause, "sandbox"),
        (format!("var/log/containers/web-1_shop_web-{A}.log"), "", "shop/web-1/web "),
        (format!("var/log/pods/shop_web-1_{UID}/web/0.log"), "", "shop/web-1/web "),
        (format!("run/containerd/io.containerd.runtime.v2.task/k8s.io/{A}/config.json"), "{not json", "nobody"),
        ("var/log/containers/broken".to_owned(), "", "nobody"),
    ];
    for (file, text, expected) in cases {
        let root = tree(&[(&file, text)]);
        let pods = Pods::open(root.path(), None).unwrap();
        assert_eq!(shown(pods.identify(A, Some(UID))), expected, "{file}");
    }
}

#[test]
fn a_pod_of_two_containers_is_named_without_guessing_which_one_it_is() {
    let (web, side) =
        (format!("var/log/pods/shop_web-1_{UID}/web/0.log"), format!("var/log/pods/shop_web-1_{UID}/side/0.log"));
    let root = tree(&[(&web, ""), (&side, "")]);
    assert_eq!(shown(Pods::open(root.path(), None).unwrap().identify(A, Some(UID))), "shop/web-1/ ");
}

#[test]
fn the_operators_list_comes_first_and_is_read_again_when_it_changes() {
    let log = format!("var/log/containers/web-1_shop_web-{A}.log");
    let root = tree(&[(&log, ""), ("list.json", r#"{"containers":[]}"#)]);
    let list = root.path().join("list.json");
    let mut pods = Pods::open(root.path(), Some(&list)).unwrap();
    assert_eq!(shown(pods.identify(A, None)), "shop/web-1/web ");
    fs::write(
        &list,
        format!(r#"{{"containers":[{{"id":"{A}","namespace":"test","pod":"p","name":"c","image":"i:1"}}]}}"#),
    )
    .unwrap();
    fs::File::options().append(true).open(&list).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    assert!(pods.reload().unwrap());
    assert_eq!(shown(pods.identify(A, None)), "test/p/c i:1");
    fs::write(&list, "[]").unwrap();
    assert!(pods.reload().is_err(), "a broken list is an error");
    assert_eq!(shown(pods.identify(A, None)), "test/p/c i:1", "and the old one stays");
}
