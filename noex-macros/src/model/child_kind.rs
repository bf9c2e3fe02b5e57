//! What a child can be: one row a kind.

/// What a child is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChildKind {
    /// `cache: Cache(64)`
    Server,
    /// `shelf: supervisor Shelf(64)`
    Supervisor,
    /// `shards: partition Shard(dir) { by: u64 }`
    Partition,
    /// `conns: dynamic Conn { max: 1000 }`
    Dynamic,
    /// `mailers: pool Mailer(host) { size: 4 }`
    Pool,
}

/// What is to be known of a kind to read it and to talk about it.
pub(crate) struct Row {
    kind: ChildKind,
    /// The word before the type, with a blank: one of `syntax::tree::KINDS`. A server has none.
    pub(crate) prefix: &'static str,
    /// Several of them.
    pub(crate) plural: &'static str,
    /// What its arguments are, and what they are those of.
    pub(crate) arguments: &'static str,
    pub(crate) of: &'static str,
    /// The options that it can have, in the order in which the docs list them.
    pub(crate) options: &'static [&'static str],
}

const INIT: &str = "arguments of its `#[init]`";

const ROWS: [Row; 5] = [
    Row {
        kind: ChildKind::Server,
        prefix: "",
        plural: "servers",
        arguments: INIT,
        of: "server",
        options: &["restart", "shutdown", "significant", "ready_within"],
    },
    Row {
        kind: ChildKind::Supervisor,
        prefix: "supervisor ",
        plural: "nested trees",
        arguments: "parameters of the tree",
        of: "tree",
        options: &["restart", "shutdown", "significant", "ready_within"],
    },
    Row {
        kind: ChildKind::Partition,
        prefix: "partition ",
        plural: "partitions",
        arguments: INIT,
        of: "server",
        options: &["by", "count", "restart", "shutdown", "ready_within", "restarts", "backoff"],
    },
    Row {
        kind: ChildKind::Dynamic,
        prefix: "dynamic ",
        plural: "dynamic children",
        arguments: INIT,
        of: "server",
        options: &["max", "restart", "shutdown", "ready_within", "restarts", "backoff"],
    },
    Row {
        kind: ChildKind::Pool,
        prefix: "pool ",
        plural: "pools",
        arguments: INIT,
        of: "server",
        options: &[
            "size",
            "queue",
            "queue_timeout",
            "retries",
            "deadline",
            "topic",
            "drain",
            "restarts",
            "backoff",
        ],
    },
];

impl ChildKind {
    /// The kind of this word before the type.
    pub(crate) fn of(word: &str) -> Option<Self> {
        ROWS.iter().find(|row| !row.prefix.is_empty() && row.prefix.trim_end() == word).map(|row| row.kind)
    }

    /// The first kind that has such an option.
    pub(crate) fn with_option(option: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.options.contains(&option)).map(|row| row.kind)
    }

    pub(crate) fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.kind == self).expect("each kind has a row")
    }
}
