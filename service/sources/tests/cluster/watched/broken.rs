//! What a watch does when the server fails it.

use super::*;

/// A watch that has seen everything once.
async fn begun(scenario: Scenario) -> (Arc<Api>, Watch) {
    let api = Api::start(Scenario::Well, 34);
    fill(&api);
    api.put("pods", pod("first"));
    let mut watch = watch_of(&server(&api));
    until(&mut watch, named("Pod", "first")).await;
    // Each watch is open before anything goes wrong.
    while api.watches("").len() < KINDS {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    api.plays(scenario);
    (api, watch)
}

fn closes(home: &Gathered) -> (bool, bool) {
    let head = scan_of(home, live()).head;
    let of = |class| head.parts.iter().all(|part| part.complete && part.classes.contains(class));
    (of(Spoken::Misconfiguration), of(Spoken::Rbac))
}

fn reason_of(home: &Gathered, kind: &str) -> Option<String> {
    let place = home.passed_over.iter().find(|skipped| skipped.locator.contains(kind));
    place.map(|skipped| skipped.reason.to_string())
}

#[tokio::test]
async fn a_watch_that_is_cut_goes_on_from_its_version_without_a_new_list() {
    let (api, mut watch) = begun(Scenario::Well).await;
    api.put("pods", pod("second"));
    until(&mut watch, named("Pod", "second")).await;
    let (before, version) = (api.watches("pods").len(), api.watches("pods")[0]);
    api.cut();
    api.put("pods", pod("third"));
    until(&mut watch, named("Pod", "third")).await;
    assert_eq!(api.lists(""), KINDS, "no list is asked for again");
    let watches = api.watches("pods");
    assert!(watches.len() > before && watches[before] > version, "{watches:?}");
}

#[tokio::test]
async fn a_bookmark_moves_the_version_that_a_watch_goes_on_from() {
    let (api, mut watch) = begun(Scenario::Well).await;
    let version = api.bookmark("pods");
    // What comes after the bookmark on the same stream shows that it was read.
    api.put("services", service("LoadBalancer"));
    until(&mut watch, |home| (scan_of(home, live()).ways().len() == 2).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    api.cut();
    api.put("pods", pod("second"));
    until(&mut watch, named("Pod", "second")).await;
    assert_eq!(api.watches("pods")[1], version);
    assert_eq!(api.lists("pods"), 1);
}

#[tokio::test]
async fn a_forgotten_version_costs_one_new_list_of_that_kind() {
    for scenario in [Scenario::GoneByStatus("pods"), Scenario::GoneByEvent("pods")] {
        let (api, mut watch) = begun(Scenario::Well).await;
        api.put("pods", pod("second"));
        until(&mut watch, named("Pod", "second")).await;
        api.plays(scenario);
        if scenario == Scenario::GoneByStatus("pods") {
            api.cut();
        }
        api.put("pods", pod("third"));
        until(&mut watch, named("Pod", "third")).await;
        api.delete("pods", "shop", "first");
        until(&mut watch, |home| named("Pod", "first")(home).is_none().then_some(())).await;
        assert_eq!((api.lists("pods"), api.lists("")), (2, KINDS + 1), "{scenario:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_too_busy_is_asked_again_and_shows_everything_in_the_end() {
    let api = Api::start(Scenario::Busy("pods"), 34);
    fill(&api);
    api.put("pods", pod("first"));
    let mut watch = watch_of(&server(&api));
    until(&mut watch, named("Pod", "first")).await;
    assert_eq!((api.lists("pods"), api.lists("services")), (2, 1));
    api.plays(Scenario::BusyWatch("pods"));
    api.cut();
    api.put("pods", pod("second"));
    until(&mut watch, named("Pod", "second")).await;
    assert_eq!(api.lists("pods"), 2, "a busy watch needs no new list");
}

#[tokio::test]
async fn a_list_that_is_cut_goes_on_at_its_page() {
    let api = Api::start(Scenario::CutsPage("pods"), 34);
    for name in ["a", "b", "c"] {
        api.put("pods", pod(name));
    }
    let mut watch = watch_of(&server(&api));
    until(&mut watch, |home| {
        (home.objects.iter().filter(|o| &*o.kind == "Pod").count() == 3 && home.is_whole()).then_some(())
    })
    .await;
    assert_eq!(api.lists("pods"), 1);
    assert_eq!(api.asked().iter().filter(|a| a.contains("/pods?") && a.contains("continue=2")).count(), 2);
}

#[tokio::test]
async fn a_missing_right_is_named_closes_nothing_and_is_seen_when_it_is_granted() {
    for (verb, resource, closing) in
        [("list", "services", (false, true)), ("watch", "services", (false, true)), ("list", "roles", (true, false))]
    {
        let api = Api::start(Scenario::Forbids(verb, resource), 34);
        fill(&api);
        let mut watch = watch_of(&server(&api));
        until(&mut watch, |home| {
            let reason = reason_of(home, resource)?;
            assert!(reason.contains(&format!("grant the verb {verb}")), "{reason}");
            assert_eq!(closes(home), closing, "{verb} {resource}");
            Some(())
        })
        .await;
        api.plays(Scenario::Well);
        until(&mut watch, |home| (home.is_whole() && closes(home) == (true, true)).then_some(())).await;
        assert_eq!(api.lists("pods"), 1, "the other kinds go on");
    }
}

#[tokio::test]
async fn credentials_that_are_over_are_said_and_close_nothing_and_new_ones_need_no_new_list() {
    let (api, mut watch) = begun(Scenario::Stranger).await;
    api.cut();
    until(&mut watch, |home| {
        let reason = reason_of(home, "pods")?;
        assert!(reason.contains("401") && reason.contains("credentials"), "{reason}");
        assert!(named("Pod", "first")(home).is_none(), "nobody sees it now");
        (!closes(home).0).then_some(())
    })
    .await;
    api.plays(Scenario::Well);
    until(&mut watch, |home| (home.is_whole() && named("Pod", "first")(home).is_some()).then_some(())).await;
    assert_eq!(api.lists(""), KINDS);
}

#[tokio::test]
async fn nothing_is_said_before_every_kind_was_shown_or_refused() {
    let api = Api::start(Scenario::Hangs("nodes"), 34);
    fill(&api);
    let mut watch = watch_of(&server(&api));
    let first = until(&mut watch, |home| Some((home.objects.len(), reason_of(home, "nodes")))).await;
    assert_eq!(first.0, 3);
    assert!(first.1.is_some_and(|reason| reason.contains("took more than 1000 ms")));
}

#[tokio::test]
async fn an_object_that_is_too_large_is_lost_by_itself_and_nothing_closes_until_it_is_gone() {
    let (api, mut watch) = begun(Scenario::Well).await;
    let mut large = pod("large");
    large["metadata"]["annotations"] = json!({"x": "y".repeat(10_000)});
    api.put("pods", large.clone());
    let lost = until(&mut watch, |home| home.lost.first().map(|lost| lost.reason.to_string())).await;
    assert!(lost.contains("more than 4000 bytes"), "{lost}");
    until(&mut watch, |home| (closes(home) == (false, false)).then_some(())).await;
    let again = server(&api).gather(&limits(), &door()).await.expect("it answers");
    assert_eq!((again.lost.len(), again.objects.len()), (1, 4), "the others of its page are there");
}

#[tokio::test]
async fn an_object_of_a_wrong_shape_is_lost_until_it_is_right_again() {
    let (api, mut watch) = begun(Scenario::Well).await;
    api.put("services", json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"ports": "all"}}));
    until(&mut watch, |home| (home.lost.len() == 1 && closes(home) == (false, false)).then_some(())).await;
    api.put("services", service("ClusterIP"));
    until(&mut watch, |home| (home.is_whole() && closes(home) == (true, true)).then_some(())).await;
}

#[tokio::test]
async fn a_server_that_is_down_at_first_is_found_later() {
    let api = Api::start(Scenario::Mute, 34);
    fill(&api);
    let mut watch = watch_of(&server(&api));
    let nothing = tokio::time::timeout(Duration::from_millis(200), watch.changed()).await;
    assert!(nothing.is_err() && watch.take_unreachable().is_some());
    api.plays(Scenario::Well);
    until(&mut watch, named("Service", "web")).await;
}

#[tokio::test]
async fn a_group_that_does_not_say_what_is_in_it_is_a_gap_until_it_does() {
    let api = Api::start(Scenario::MuteGroup("networking.k8s.io"), 34);
    fill(&api);
    let mut watch = watch_of(&server(&api));
    until(&mut watch, |home| (home.unseen.len() == 3 && closes(home) == (false, true)).then_some(())).await;
    api.plays(Scenario::Well);
    until(&mut watch, |home| home.is_whole().then_some(())).await;
}

#[tokio::test]
async fn rights_are_tried_without_creating_anything() {
    let api = Api::start(Scenario::Forbids("watch", "services"), 34);
    let rights = server(&api).rights(&limits(), &door()).await.expect("it answers what it serves");
    assert_eq!(rights.len(), 2 * KINDS);
    let missing: Vec<_> = rights.iter().filter(|right| right.missing.is_some()).collect();
    let [services] = missing[..] else { unreachable!("{missing:?}") };
    assert_eq!((services.resource, services.verb, services.feature), ("services", "watch", "exposure"));
    assert!(services.missing.as_ref().is_some_and(|why| why.contains("grant the verb watch")));
    assert!(api.asked().iter().all(|asked| asked.starts_with("GET ")));
}

/// A server whose certificate ended in 2020; it ends each handshake that the client gives up.
fn expired() -> (String, Vec<u8>) {
    let (certificate, key) = (include_bytes!("expired/certificate.der"), include_bytes!("expired/key.der"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.to_vec().into()], key.to_vec().try_into().expect("a key"))
        .expect("they belong together");
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let Ok(mut connection) = rustls::ServerConnection::new(config.clone()) else { return };
            // The client hangs up, which is what the test is about.
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
        }
    });
    (address, certificate.to_vec())
}

#[tokio::test]
async fn a_certificate_that_is_over_is_said_to_be_over() {
    // A process chooses its cryptography once; another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (address, certificate) = expired();
    let mut config = kube::Config::new(format!("https://{address}").parse().expect("an address"));
    config.root_cert = Some(vec![certificate]);
    let server = Server::of_config(config).expect("a client");
    let error = server.gather(&limits(), &door()).await.expect_err("it is not trusted");
    let mut said = String::new();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(here) = cause {
        said = here.to_string();
        cause = here.source();
    }
    assert!(said.contains("certificate") && said.contains("expired"), "{said}");
    let watch = server.watch(&limits(), &watch_limits(), &door(), jitter());
    while watch.counts().unreachable.load(Ordering::Relaxed) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(watch.take_unreachable().is_some(), "it is asked again, and still says why");
}
