//! Every rule the doctor judges by: its weight, what it finds, what that leads to. docs/doctor.md has the same table.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It will bite: a failover will not happen, or will lose something, or nobody is served.
    Error,
    /// It makes a bad hour worse.
    Warning,
    /// Cannot be seen from here, or is a matter of taste.
    Note,
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, for scripts.
    pub name: &'static str,
    /// How bad it is.
    pub weight: Weight,
    /// What it finds.
    pub finds: &'static str,
    /// What that leads to.
    pub leads_to: &'static str,
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Weight::Error => "error",
            Weight::Warning => "warning",
            Weight::Note => "note",
        })
    }
}

macro_rules! rules {
    ($($id:ident $weight:ident $name:literal $finds:literal => $leads_to:literal;)*) => {
        $(pub(super) static $id: Rule =
            Rule { name: $name, weight: Weight::$weight, finds: $finds, leads_to: $leads_to };)*
        /// Every rule, by subject.
        pub static RULES: &[&Rule] = &[$(&$id),*];
    };
}

rules! {
    UNREACHABLE Error "unreachable" "the node does not answer"
        => "it serves nobody, and nobody fails over to it";
    DENIED Error "denied" "the monitor may not in"
        => "nothing is known of the node: it is never promoted, and its death is not noticed";
    NOT_SERVING Error "not-serving" "the node lives, but refuses to serve"
        => "it counts as failed";
    SLOW Warning "slow" "the node answered only when asked again"
        => "a few such answers in a row fail it";
    NOT_EXAMINED Warning "not-examined" "the node could not be looked at more closely"
        => "nothing below was looked at on it";
    NO_TLS Warning "no-tls" "the monitor's connection is not encrypted"
        => "whoever sits on the way reads what is asked, and may answer in the node's stead";
    CHECKPOINT Warning "checkpoint" "a checkpoint does not answer"
        => "when none answers, the pool counts as cut off: nobody is promoted, and a local ACTIVE node steps down";

    GRANTS_MISSING Error "grants-missing" "the monitor lacks a privilege"
        => "the state of replication cannot be asked: the node counts as failed for the monitor";
    GRANTS_MORE Warning "grants-more" "the monitor may more than it needs"
        => "whoever gets hold of the password file may do the same";
    GRANTS_MANAGE Error "grants-manage" "writable is manage, and the monitor may not set read_only"
        => "the node is neither opened nor closed: no change of ACTIVE comes to its end";
    GRANTS_PROBE Error "grants-probe" "the monitor may not write to the probe table"
        => "the write probe tells nothing: an ACTIVE node that takes no writes is not noticed";

    SERVER_ID_ZERO Error "server-id-zero" "server_id is 0"
        => "it cannot replicate, and nobody can replicate from it";
    SERVER_ID_TWICE Error "server-id-twice" "two nodes have the same server_id"
        => "each takes the other's transactions for its own and drops them";
    AUTO_INCREMENT Error "auto-increment" "nodes that replicate from each other make the same keys"
        => "what a dead writer had not sent yet collides with new rows when it comes back, and replication stops (1062)";
    CLUSTER Error "cluster" "the node is a member of Galera or group replication"
        => "it has no replication channel, so it never counts as good";

    LOG_BIN Error "log-bin" "the node writes no binary log"
        => "once it is ACTIVE nobody can replicate from it, and the old ACTIVE node cannot come back";
    CHAIN_CUT Error "chain-cut" "the node passes others' transactions on, but does not log them"
        => "what comes behind it in the chain misses them";
    LOG_UPDATES Warning "log-replica-updates" "the node does not log what it gets by replication"
        => "after a failover to it, nobody new can be built from its binary log alone";
    BINLOG_FORMAT Warning "binlog-format" "binlog_format is STATEMENT"
        => "statements that are not deterministic give other rows on the standby";
    BINLOG_EXPIRES Warning "binlog-expires" "binary logs are kept for less than a day"
        => "a node that was down for longer must be built anew (1236)";
    FILTERED Error "filtered" "replication leaves something out"
        => "after a failover its clients do not find it";

    SYNC_BINLOG Warning "sync-binlog" "sync_binlog is not 1"
        => "a power cut loses acknowledged transactions from the binary log, or leaves it behind the data";
    FLUSH_LOG Warning "flush-log" "innodb_flush_log_at_trx_commit is not 1"
        => "a crash loses up to a second of acknowledged transactions that the standby may have";
    DOUBLEWRITE Warning "doublewrite" "innodb_doublewrite is off"
        => "a page torn by a power cut is lost, and the node with it, unless the storage writes pages whole";
    RELAY_LOG_RECOVERY Warning "relay-log-recovery" "relay_log_recovery is off"
        => "after a crash replication may stop, or apply something twice";

    STOPPED Error "stopped" "replication does not run"
        => "the node falls behind, counts as failed, and is never promoted";
    BEHIND Warning "behind" "the node is behind by more than max_lag"
        => "it counts as failed, and is not promoted, until it has caught up";
    DELAYED Error "delayed" "replication is delayed by more than max_lag"
        => "the node never counts as good; mark it promotable: false and give its pool replication: none, or a longer max_lag";
    NET_TIMEOUT Warning "net-timeout" "a dead source is noticed late"
        => "a source that froze or lost its network looks healthy for so long, and rows are missing unnoticed";
    HEARTBEAT Warning "heartbeat" "the heartbeat is not shorter than the timeout it is to prevent"
        => "on a quiet source the channel breaks and connects anew, again and again";
    CONNECT_RETRY Warning "connect-retry" "a source that restarts is looked for late"
        => "half a second of restart leaves the standby without new rows for so long; max_loss keeps it from being promoted";
    RETRY_COUNT Warning "retry-count" "the receiver gives up after a few tries"
        => "a source that is away for longer finds its replica switched off";
    SKIP_START Warning "skip-start" "replication does not start with the server"
        => "a restarted node counts as failed until somebody starts it";
    SKIPS_ERRORS Warning "skips-errors" "replication passes over errors"
        => "nodes come to differ, and nobody is told";

    NO_CHANNEL Error "no-channel" "the node takes no part in replication"
        => "it never counts as good: nobody fails over to it";
    ONE_WAY Warning "one-way" "after a failover to this node, others would get nothing from it"
        => "they fail, and the old ACTIVE node cannot come back, until somebody sets up a channel";
    FOREIGN_SOURCE Warning "foreign-source" "the node replicates from a server that is no node of its pool"
        => "the death of that server counts against the node, and its writes come past the pool";

    WITHOUT_GTID Warning "without-gtid" "the channel does not use GTIDs"
        => "who has received most is told by places in binary logs, and after a crash the channel's own place may be lost";
    GTID_STRICT Note "gtid-strict" "gtid_strict_mode is off"
        => "what a dead writer had not sent is taken in unnoticed when it comes back; with ON replication stops there";
    GTID_MODE Warning "gtid-mode" "the server keeps no complete GTIDs"
        => "who has received most is told by places in binary logs, which compare less often";
    GTID_DOMAINS Note "gtid-domains" "nodes write in different GTID domains"
        => "each writer's transactions are put in order by themselves: one domain is enough where one node writes";
    ERRANT Error "errant" "the node holds transactions that others never get"
        => "the nodes differ; once it is ACTIVE replication from it may stop, and a failed node is not taken back";

    READ_ONLY Error "read-only" "a promotable node is read-only, and writable is require"
        => "nobody fails over to it";
    READ_ONLY_OBSERVED Warning "read-only-observed" "a promotable node is read-only, and writable is observe, or mppd cannot switch it"
        => "once it is ACTIVE it refuses its clients' writes";
    STARTS_WRITABLE Warning "starts-writable" "writable is manage, and the node's configuration does not have it start read-only"
        => "an old ACTIVE node that crashed comes back open to writes, until mppd has closed it";
    PROBE_TABLE Error "probe-table" "the probe table is missing, or is not InnoDB's"
        => "the write probe tells nothing, or not whether InnoDB can write";
    CONNECTIONS Warning "connections" "there is little room for connections"
        => "the monitor is refused together with the clients (1040), and the node fails while it works";
    USER_LIMIT Error "user-limit" "max_user_connections is below 3"
        => "the monitors of two directors, and a connection being renewed, are refused (1226)";
    CAN_BE_BLOCKED Warning "can-be-blocked" "the server looks hosts up by name, and blocks them after a few failed connections"
        => "a director whose connections break a hundred times is shut out (1129), and a slow name server delays logins";
    IDLE_TIMEOUT Warning "idle-timeout" "the server hangs up on idle connections between two polls"
        => "every poll logs in anew";
    EVENTS Note "events" "the event scheduler runs on more than one node"
        => "events made on one node are disabled on the others: after a failover enable them where they are to run";
    KINDS Error "kinds" "MariaDB and MySQL replicate from each other"
        => "their GTIDs and many statements do not fit each other: replication stops sooner or later";
    VERSIONS Warning "versions" "an older server replicates from a newer one"
        => "what only the newer one knows stops replication; upgrade replicas first, and all of them soon";
    CLOCK Warning "clock" "the node's clock differs from this machine's"
        => "lag is told wrong, and times in logs do not fit each other";

    CONFIG_WARNS Warning "config-warns" "the configuration was taken, with a warning"
        => "see there";
    MPPD_AWAY Note "mppd-away" "mppd does not run"
        => "nothing is decided; what it would run with cannot be seen";
    AGENT_USER Warning "agent-user" "there is no user mpp"
        => "mppd's unit does not start";
    AGENT_CANNOT_READ Error "agent-cannot-read" "mppd's user cannot read a file it needs"
        => "mppd does not start, or has no password at the next connection";
    CONFIG_WRITABLE Warning "config-writable" "others may write the configuration, or a password"
        => "they decide where passwords are sent, and who takes writes";
    DESCRIPTORS Error "descriptors" "mppd may not open enough files"
        => "it does not start";
    TASKS Error "tasks" "mppd may not start enough threads"
        => "it does not start, or a reload is refused";
    ON_DISK Warning "on-disk" "runtime_dir does not lie in memory"
        => "mppd waits for the disk when it publishes: a failover comes seconds late when the disk is busy";
    CONTROL_GROUP Warning "control-group" "control_group does not exist"
        => "only root and mppd's own user may change anything";

    TRACK_MISSING Error "track-missing" "the directory of the track files is missing, or not mppd's"
        => "keepalived drops the file checks when it starts: an mpp-check that cannot be run leaves servers UP";
    STATE_UNREADABLE Error "state-unreadable" "keepalived's script user cannot read the published state"
        => "mpp-check says DOWN for every server";
    KEEPALIVED_MISSING Error "keepalived-missing" "keepalived is not installed"
        => "nobody moves packets";
    KEEPALIVED_OLD Warning "keepalived-old" "this version of keepalived is known for a fault"
        => "see what was found";
    SCRIPT_USER Error "script-user" "keepalived's script user does not exist"
        => "keepalived drops every check, and servers stay UP for good";
    CHECK_PROGRAM Error "check-program" "mpp-check cannot be run, or is not safe from others"
        => "keepalived drops the check, or takes it for good: servers stay UP for good";
    KEEPALIVED_CONF Error "keepalived-conf" "mpp keepalived check finds an error in keepalived.conf, or in what it includes"
        => "see what was found";
    KEEPALIVED_CONF_MAY Warning "keepalived-conf" "mpp keepalived check finds what may bite there, or cannot read it"
        => "see what was found";

    IP_VS Error "ip-vs" "the kernel has no ip_vs"
        => "keepalived cannot set up virtual servers";
    SCHEDULER Error "scheduler" "the kernel lacks a scheduler that is asked for"
        => "its virtual server is not set up";
    EXPIRE_NODEST Error "expire-nodest" "connections to a removed server are kept"
        => "clients of the old writer hang until they time out";
    EXPIRE_QUIESCENT Warning "expire-quiescent" "persistence keeps clients on a server of weight 0"
        => "a drained node keeps getting new connections";
    IP_FORWARD Error "ip-forward" "the kernel does not forward packets"
        => "NAT gets no answers through";
    SEND_REDIRECTS Warning "send-redirects" "clients and nodes share a network, and the kernel sends redirects"
        => "nodes send their answers past the director, and connections break";
    ONE_NETWORK Note "one-network" "clients of the nodes' own network would be answered past the director (NAT)"
        => "their connections break, unless the nodes' way to them leads through the director, or it masquerades";
    FAMILY Error "family" "a virtual server and its node are of different address families"
        => "the kernel refuses the node";
    ADDRESS_AWAY Note "address-away" "a virtual address is not on this machine"
        => "right on the backup of a pair of directors; anywhere else no packet arrives";
    RP_FILTER Note "rp-filter" "packets must come in where their answers would go out"
        => "clients that come by another interface than the way back to them are dropped";
    DR_NODES Note "dr-nodes" "what DR needs of the nodes cannot be seen from here"
        => "a node that answers ARP for the virtual address takes everything past the director";
    TUN_NODES Note "tun-nodes" "what TUN needs of the nodes cannot be seen from here"
        => "packets that have become 20 bytes longer are lost, or dropped by the node's rp_filter";
}
