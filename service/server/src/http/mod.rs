//! The service: API, chat and page on one router. Everything but health, metrics, the OpenAPI document and static files
//! is closed without a token or session.

mod api;
mod chat;
mod embedding;
mod events;
mod guard;
mod metrics;
mod openapi;
mod page;
mod paths;
pub(crate) mod problem;
mod reading;
mod review;
mod session;
mod state;
mod watching;

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use assay_core::ids::Digest;
use assay_store::Role;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::Usage;
use crate::app::App;
use crate::config::Watched;
use problem::Problem;
use review::Reviewer;
use state::{Service, Trusted};

/// How often the passing of time and the commits of other processes are looked at.
const TICK: Duration = Duration::from_secs(2);
/// Without any change a new snapshot is made this often, because facts expire.
const TICKS_WITHOUT_CHANGE_MAX: u32 = 30;

/// Serves until the process is told to stop, and watches these clusters meanwhile.
pub(crate) fn serve(app: App, listen: &str, watched: Vec<Watched>) -> Result<()> {
    if listen.to_socket_addrs().is_err_and(|e| e.kind() == std::io::ErrorKind::InvalidInput) {
        return Err(Usage(format!("`{listen}` is no place to listen at: ADDR:PORT, such as 127.0.0.1:7700")).into());
    }
    let mut store = app.store()?;
    let now = app.now();
    let fixed = fixed_tokens();
    let made = if fixed.is_empty() { crate::tokens::first_start(&mut store, &app.data, now)? } else { Vec::new() };
    for path in made {
        anstream::eprintln!("made {path}");
    }
    let words = app.words()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("{listen} cannot be listened on; --listen takes another address"))?;
        let address = listener.local_addr()?;
        let hosts = guard::Hosts::new(&app.config.serve.hosts, address.ip());
        let reviewer = match app.config.serve.agent_account.clone() {
            Some(account) => Some(Reviewer::connect(account).await?),
            None => None,
        };
        let watching = watching::connect(watched).await?;
        let service = Arc::new(Service::new(app, store, words, Trusted { fixed, reviewer }, hosts)?);
        anstream::eprintln!("listening on http://{address}   one-time code: {}", service.new_code()?);
        if !address.ip().is_loopback() {
            anstream::eprintln!(
                "hint: this address is not loopback and the service speaks plain HTTP; put TLS in front of it"
            );
        }
        tokio::spawn(keep_fresh(service.clone()));
        tokio::spawn(embedding::follow(service.clone()));
        tokio::spawn(reading::follow(service.clone()));
        for cluster in watching {
            tokio::spawn(watching::follow(service.clone(), cluster));
        }
        let router = router(service).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, router).with_graceful_shutdown(stopped()).await?;
        Ok(())
    })
}

/// Tokens given by the environment instead of those made at the first start.
fn fixed_tokens() -> Vec<(Digest, Role)> {
    let of = |name: &str, role: Role| {
        std::env::var(name).ok().filter(|t| !t.is_empty()).map(|t| (crate::tokens::digest(&t), role))
    };
    of("ASSAY_TOKEN", Role::Writer).into_iter().chain(of("ASSAY_AGENT_TOKEN", Role::Agent)).collect()
}

/// Makes a new snapshot when another process wrote, and now and then for the passing of time.
async fn keep_fresh(service: Arc<Service>) {
    let version_now = async || {
        let asking = service.clone();
        // The writer may be at work for a while: no thread that serves connections waits for it.
        tokio::task::spawn_blocking(move || asking.data_version().ok()).await.ok().flatten()
    };
    let mut version = version_now().await;
    let mut quiet = 0;
    loop {
        tokio::time::sleep(TICK).await;
        let now = version_now().await;
        quiet += 1;
        if now == version && quiet < TICKS_WITHOUT_CHANGE_MAX {
            continue;
        }
        quiet = 0;
        version = now;
        let ticking = service.clone();
        match tokio::task::spawn_blocking(move || ticking.tick()).await {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => tracing::error!("no new snapshot: {problem}"),
            Err(error) => tracing::error!("no new snapshot: {error}"),
        }
    }
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
            interrupt.await.ok();
            return;
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await.ok();
}

fn router(service: Arc<Service>) -> Router {
    let api = Router::new()
        .route("/api/v1/findings", get(api::findings))
        .route("/api/v1/findings/{id}", get(api::finding))
        .route("/api/v1/findings/{id}/explanation", get(api::explain))
        .route("/api/v1/findings/{id}/decision", post(api::decide))
        .route("/api/v1/reports", post(api::report))
        .route("/api/v1/assets", get(api::assets))
        .route("/api/v1/paths", get(paths::list))
        .route("/api/v1/paths.svg", get(paths::picture))
        .route("/api/v1/rights", get(api::rights))
        .route("/api/v1/digests", post(api::make_digest))
        .route("/api/v1/digests/latest", get(api::latest_digest))
        .route("/api/v1/enrichments", post(api::enrich))
        .route("/api/v1/chat", post(chat::ask))
        .route("/api/v1/events", post(events::take))
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/models", get(chat::models))
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(service.clone(), guard::allow));
    let pages = Router::new()
        .route("/findings", get(page::findings))
        .route("/findings/{id}", get(page::finding))
        .route("/digest", get(page::digest))
        .route("/ask", get(page::ask))
        .route("/assets", get(page::assets))
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(service.clone(), session::session_or_form));
    Router::new()
        .route("/", get(page::home))
        .route("/login", post(session::log_in))
        .route("/logout", post(session::log_out))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(|| async { "ready\n" }))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(|| async { ([(header::CONTENT_TYPE, "application/json")], openapi::document()) }))
        .route("/static/style.css", get(page::style))
        .route("/static/keys.js", get(page::keys))
        .route("/static/icon.svg", get(page::icon))
        .method_not_allowed_fallback(wrong_method)
        .merge(api)
        .merge(pages)
        .fallback(|| async { Problem::NotFound })
        .layer(middleware::from_fn_with_state(service.clone(), guard::outer))
        .with_state(service)
}

async fn wrong_method() -> Problem {
    Problem::Method
}

async fn metrics(
    State(service): State<Arc<Service>>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
) -> Response {
    if !guard::is_loopback(peer.as_deref()) {
        return Problem::NotFound.into_response();
    }
    match service.metrics.text(&service.snapshot()) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
