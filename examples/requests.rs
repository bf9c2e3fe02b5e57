//! A pipeline for requests to a service: parse, validate, enrich, store; each stage a server, all under one supervisor.
//!
//! `cargo run -p noex-examples --example requests`

use std::collections::HashMap;
use std::time::Duration;

use noex::prelude::*;
use serde_json::{Map, Value};

/// As it came in.
struct RawRequest {
    body: &'static str,
    content_type: &'static str,
}

struct ParsedRequest {
    data: Map<String, Value>,
}

struct ValidatedRequest {
    user_id: String,
    action: String,
}

struct EnrichedRequest {
    user: User,
    action: String,
}

#[derive(Clone)]
struct User {
    name: String,
    email: String,
}

#[derive(Debug)]
struct StoredResult {
    id: String,
}

#[derive(Debug, thiserror::Error)]
enum ParseError {
    #[error("the body is no JSON object: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot read `{0}`")]
    ContentType(&'static str),
}

#[genserver]
struct Parser {}

#[genserver]
impl Parser {
    #[init]
    fn open() -> Self {
        Parser {}
    }

    #[call(job)]
    fn parse(&mut self, request: RawRequest) -> Result<ParsedRequest, ParseError> {
        if request.content_type != "application/json" {
            return Err(ParseError::ContentType(request.content_type));
        }
        Ok(ParsedRequest { data: serde_json::from_str(request.body)? })
    }
}

/// A field that is missing or of the wrong kind.
#[derive(Debug, thiserror::Error)]
#[error("missing or invalid field `{0}`")]
struct InvalidField(&'static str);

#[genserver]
struct Validator {}

#[genserver]
impl Validator {
    #[init]
    fn open() -> Self {
        Validator {}
    }

    #[call(job)]
    fn validate(&mut self, request: ParsedRequest) -> Result<ValidatedRequest, InvalidField> {
        let text = |field: &'static str| match request.data.get(field) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
            _ => Err(InvalidField(field)),
        };
        Ok(ValidatedRequest { user_id: text("userId")?, action: text("action")? })
    }
}

/// Knows the users that it has looked up.
#[genserver]
struct Enricher {
    known: HashMap<String, User>,
    lookups: u32,
}

#[genserver]
impl Enricher {
    #[init]
    fn open() -> Self {
        Enricher { known: HashMap::new(), lookups: 0 }
    }

    #[call(job)]
    async fn enrich(&mut self, request: ValidatedRequest) -> EnrichedRequest {
        let ValidatedRequest { user_id, action } = request;
        if let Some(user) = self.known.get(&user_id) {
            return EnrichedRequest { user: user.clone(), action };
        }
        // Where a database would be asked.
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.lookups += 1;
        let user = User { name: format!("User {user_id}"), email: format!("{user_id}@example.com") };
        self.known.insert(user_id, user.clone());
        EnrichedRequest { user, action }
    }

    #[call]
    fn lookups(&self) -> u32 {
        self.lookups
    }
}

#[genserver]
struct Store {
    records: Vec<EnrichedRequest>,
}

#[genserver]
impl Store {
    #[init]
    fn open() -> Self {
        Store { records: Vec::new() }
    }

    #[call(job)]
    fn store(&mut self, request: EnrichedRequest) -> StoredResult {
        assert!(request.action != "explode", "the disk is on fire");
        self.records.push(request);
        StoredResult { id: format!("record-{}", self.records.len()) }
    }

    #[call]
    fn last(&self) -> Option<String> {
        let EnrichedRequest { user, action } = self.records.last()?;
        Some(format!("{action} by {} <{}>", user.name, user.email))
    }
}

pipeline! {
    /// From a request to a record.
    Requests: RawRequest => StoredResult {
        parse: Parser::parse,
        validate: Validator::validate,
        enrich: Enricher::enrich { concurrency: 8 },
        store: Store::store,
    }
}

supervisor! {
    /// The stages. One that crashes comes back alone: none needs what another holds.
    Stages() {
        strategy: one_for_one,
        store: Store(),
        enrich: Enricher(),
        validate: Validator(),
        parse: Parser(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One stage is made to panic; its message need not be on the terminal.
    std::panic::set_hook(Box::new(|_| {}));
    let stages = Stages::start().await?;
    let requests = Requests::new(
        stages.parse().clone(),
        stages.validate().clone(),
        stages.enrich().clone(),
        stages.store().clone(),
    );

    let json = |body| RawRequest { body, content_type: "application/json" };
    let stored = requests.process(json(r#"{"userId": "u123", "action": "create"}"#)).await?;
    println!("{}: {}", stored.id, stages.store().last().await?.unwrap_or_default());

    let many = [
        json(r#"{"userId": "u123", "action": "rename"}"#),
        json("{"),
        json(r#"{"userId": "", "action": "create"}"#),
        RawRequest { body: "<a/>", content_type: "text/xml" },
        json(r#"{"userId": "u9", "action": "explode"}"#),
    ];
    let mut outcomes = requests.run(many);
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(stored) => println!("{}", stored.id),
            Err(RequestsError::Store(CallError::Crashed { .. })) => println!("store: crashed"),
            Err(error) => println!("{error}"),
        }
    }

    println!("{} users looked up", stages.enrich().lookups().await?);
    for stage in requests.stats() {
        println!("{:<8} {} in, {} out, {} failed", stage.stage, stage.entered, stage.completed, stage.failed);
    }
    stages.stop().await?;
    Ok(())
}
