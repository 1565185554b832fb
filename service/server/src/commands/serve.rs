//! `assay serve` and `assay token`.

use anyhow::Result;
use assay_core::text::Opaque;
use assay_store::Role;

use super::{print_json, print_text};
use crate::app::App;
use crate::cli::{Global, Output, Serve, Token};
use crate::{Ended, Usage, http, tokens};

pub(crate) fn run(global: &Global, args: &Serve) -> Result<Ended> {
    let app = App::new(global)?;
    let listen = args.listen.clone().unwrap_or_else(|| app.config.serve.listen.clone());
    http::serve(app, &listen)?;
    Ok(Ended::Done)
}

pub(crate) fn token(global: &Global, what: &Token) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let door = app.door()?;
    match what {
        Token::Create { role, name } => {
            let role: Role = role.parse().map_err(Usage::from_error)?;
            let name = name.clone().unwrap_or_else(|| format!("{role}-{}", app.now().millis()));
            let name = Opaque::admit_name(&name, &door);
            let token = tokens::fresh()?;
            if !store.add_token(&name, role, &tokens::digest(&token), app.now())? {
                return Err(Usage(format!("a token named {} exists already", name.reveal())).into());
            }
            match global.output {
                Output::Json => {
                    print_json(&serde_json::json!({ "name": name.reveal(), "role": role.as_str(), "token": token }))?;
                }
                _ => {
                    anstream::eprintln!("made token {} ({role}); it is shown this once:", name.reveal());
                    print_text(&token)?;
                }
            }
        }
        Token::List => {
            let rows = store.tokens()?;
            let row = |t: &assay_store::TokenRow| serde_json::json!({ "name": t.name.reveal(), "role": t.role.as_str(), "created_at": t.created_at.to_string(), "revoked_at": t.revoked_at.map(|r| r.to_string()) });
            match global.output {
                Output::Json => print_json(&serde_json::json!({ "tokens": rows.iter().map(row).collect::<Vec<_>>() }))?,
                _ if rows.is_empty() => print_text("no token was made: `assay token create --role ROLE` makes one")?,
                _ => print_text(
                    &rows
                        .iter()
                        .map(|t| {
                            format!(
                                "{:20} {:7} {}{}\n",
                                t.name.reveal(),
                                t.role,
                                t.created_at,
                                if t.revoked_at.is_some() { "  revoked" } else { "" }
                            )
                        })
                        .collect::<String>(),
                )?,
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
