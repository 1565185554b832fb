//! `assay serve` and `assay token`.

use anyhow::Result;
use assay_core::text::Opaque;
use assay_store::{Grant, Role, TokenRow};
use serde_json::json;

use super::{print_json, print_text};
use crate::app::App;
use crate::cli::{Global, Output, Serve, Token};
use crate::config::Watched;
use crate::{Ended, Usage, http, tokens};

pub(crate) fn run(global: &Global, args: &Serve) -> Result<Ended> {
    let app = App::new(global)?;
    let listen = args.listen.clone().unwrap_or_else(|| app.config.serve.listen.clone());
    if !args.watch && args.live.is_given() {
        return Err(Usage("--context and the namespaces go with --watch".to_owned()).into());
    }
    let watched = match args.watch {
        true => vec![Watched {
            cluster: app.config.cluster.clone(),
            context: args.live.context.clone(),
            namespaces: args.live.namespaces()?,
        }],
        false => app.config.watch.clone(),
    };
    http::serve(app, &listen, watched)?;
    Ok(Ended::Done)
}

pub(crate) fn token(global: &Global, what: &Token) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let door = app.door()?;
    match what {
        Token::Create { role, name, node } => {
            let role: Role = role.parse().map_err(Usage::from_error)?;
            let node = node.as_deref().map(|node| tokens::node_of(role, node)).transpose()?;
            let fresh_name = || match &node {
                Some(node) => format!("{role}-{node}"),
                None => format!("{role}-{}", app.now().millis()),
            };
            let name = Opaque::admit_name(&name.clone().unwrap_or_else(fresh_name), &door);
            let token = tokens::fresh()?;
            let grant = Grant { name, role, node };
            let name = grant.name.reveal();
            if !store.add_token(&grant, &tokens::digest(&token), app.now())? {
                return Err(Usage(format!("a token named {name} exists already; --name gives another")).into());
            }
            match global.output {
                Output::Json => {
                    let node = &grant.node;
                    print_json(&json!({ "name": name, "role": role.as_str(), "node": node, "token": token }))?;
                }
                _ => {
                    let of = grant.node.as_ref().map(|node| format!(" of node {node}")).unwrap_or_default();
                    anstream::eprintln!("made token {name} ({role}{of}); it is shown this once:");
                    print_text(&token)?;
                }
            }
        }
        Token::List => {
            let rows = store.tokens()?;
            let row = |t: &TokenRow| json!({ "name": t.name.reveal(), "role": t.role.as_str(), "node": t.node, "created_at": t.created_at.to_string(), "revoked_at": t.revoked_at.map(|r| r.to_string()) });
            match global.output {
                Output::Json => print_json(&json!({ "tokens": rows.iter().map(row).collect::<Vec<_>>() }))?,
                _ if rows.is_empty() => print_text("no token was made: `assay token create --role ROLE` makes one")?,
                _ => print_text(&rows.iter().map(line).collect::<String>())?,
            }
        }
        Token::Revoke { name } => {
            if !store.revoke_token(name, app.now())? {
                return Err(Usage(format!("no token in use is named {name}")).into());
            }
            anstream::eprintln!("revoked {name}");
        }
    }
    Ok(Ended::Done)
}

/// A token's line in the list.
fn line(token: &TokenRow) -> String {
    let node = token.node.as_ref().map(|node| format!("  node {node}")).unwrap_or_default();
    let revoked = if token.revoked_at.is_some() { "  revoked" } else { "" };
    format!("{:20} {:7} {}{node}{revoked}\n", token.name.reveal(), token.role, token.created_at)
}
