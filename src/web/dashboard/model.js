// What is known: the last status, how it came, what changed lately, the last events, and what the reader wants to see.

import { SEVERITIES, level, rank, since } from "./words.js";

/** For how long a change is marked, milliseconds. */
const LATELY = 60_000;
/** So many events are kept. */
const EVENTS = 200;
/** A clock that differs by less is not corrected, milliseconds: `Date` has whole seconds. */
const CLOCK_TOLERANCE = 2000;
/** So many pools with troubles stand open by themselves; and all, if there are no more than so few. */
const OPEN_URGENT = 6;
const OPEN_ALL = 3;

export const model = {
    /** The last status; `null`: none yet. Its pools are replaced one by one as they change. */
    status: null,
    /** How many milliseconds the agent's clock is ahead of the reader's. */
    ahead: 0,
    /** When something was last heard, by the reader's clock. */
    heard: 0,
    /** When the last status came: what it says of its age is of then. */
    came: 0,
    /** Why nothing is heard any more; `null`: something is. */
    lost: null,
    /** What changed lately: `POOL/NODE` to its STATE before, and when. */
    changes: new Map(),
    /** The newest first. */
    events: [],
    /** All events up to this number are known; `null`: none are. */
    seq: null,
    /** Why there are no events; `null`: there are. */
    noEvents: null,
    /** Only pools with these words. */
    filter: "",
    /** What the reader opened or closed by hand: the pool's name to `[open, level]`. */
    byHand: new Map(),
};

/** Now, by the agent's clock. */
export function now() {
    return Date.now() + model.ahead;
}

/** A connection stands. */
export function opened(response) {
    const theirs = Date.parse(response.headers.get("date") ?? "");
    const ahead = theirs - Date.now();
    model.ahead = Math.abs(ahead) > CLOCK_TOLERANCE ? ahead : 0;
}

/** Something came. Returns whether it tells more than that the agent lives. */
export function take(event, data) {
    model.heard = Date.now();
    const isBack = model.lost !== null;
    model.lost = null;
    const known = { status: takeStatus, pool: takePool, peers: takePeers }[event];
    known?.(JSON.parse(data));
    return known !== undefined || isBack;
}

function takeStatus(status) {
    const before = new Map(model.status?.pools.map((pool) => [pool.name, pool]));
    for (const pool of status.pools) {
        note(before.get(pool.name), pool);
    }
    if (model.status?.daemon.id !== status.daemon.id) {
        // Another mppd: it may count its events anew.
        model.seq = null;
    }
    model.status = { peers: [], ...status, pools: status.pools.map(whole) };
    model.came = Date.now();
}

function takePool(pool) {
    const place = model.status?.pools.findIndex((known) => known.name === pool.name) ?? -1;
    if (place >= 0) {
        note(model.status.pools[place], pool);
        model.status.pools[place] = whole(pool);
    }
}

/** An older mppd leaves out what it does not know of. */
function whole(pool) {
    return { checkpoints: [], troubles: [], virtual_servers: [], ...pool };
}

function takePeers(peers) {
    if (model.status) {
        model.status.peers = peers;
    }
}

function note(before, pool) {
    for (const node of pool.nodes) {
        const was = before?.nodes.find((known) => known.name === node.name)?.state;
        if (was && was !== node.state) {
            model.changes.set(`${pool.name}/${node.name}`, { was, at: Date.now() });
        }
    }
}

/** The STATE a node had before, if it changed lately. */
export function stateBefore(pool, node) {
    const change = model.changes.get(`${pool.name}/${node.name}`);
    return change && Date.now() - change.at < LATELY ? change.was : null;
}

/** A page of events came, the newest last: all there are, or what came after those that are known. */
export function takeEvents(page) {
    const known = model.seq === null ? [] : model.events;
    model.events = [...page.events.toReversed(), ...known].slice(0, EVENTS);
    model.seq = page.seq;
}

/** What is shown is not what is so now: why, and for how many seconds; `null` if it is. */
export function stale() {
    const daemon = model.status?.daemon;
    if (model.lost !== null) {
        return { kind: "lost", why: model.lost, seconds: model.heard ? (Date.now() - model.heard) / 1000 : null };
    }
    if (!daemon?.stale) {
        return null;
    }
    const waited = (Date.now() - model.came) / 1000;
    const seconds = typeof daemon.stale_s === "number" ? daemon.stale_s + waited : null;
    return { kind: "silent", why: `mppd (process ${daemon.pid}) does not answer`, seconds };
}

/** All pools, the worst first, each with its level, and whether it is to be shown and opened. */
export function ranked() {
    const isOld = stale() !== null;
    const pools = model.status.pools.map((pool) => ({ pool, level: levelNow(pool, isOld) }));
    pools.sort((a, b) => rank(a.level) - rank(b.level));
    pools.forEach((each, place) => {
        each.isShown = matches(each);
        each.isOpen = isOpen(each, place, pools.length);
    });
    return pools;
}

/** Of what is not known to be so any more nobody says that it is well. */
function levelNow(pool, isOld) {
    const known = level(pool);
    return isOld && known === "well" ? "unknown" : known;
}

function isOpen({ pool, level }, place, all) {
    const byHand = model.byHand.get(pool.name);
    // What was closed by hand opens again when it gets worse, or better.
    if (byHand?.level === level) {
        return byHand.isOpen;
    }
    return all <= OPEN_ALL || (rank(level) < SEVERITIES.length && place < OPEN_URGENT);
}

function matches({ pool, level }) {
    const words = model.filter.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) {
        return true;
    }
    const nodes = pool.nodes.map((n) => [n.name, n.address, n.state, n.status, n.message, n.server].join(" "));
    const servers = pool.virtual_servers.map((server) => `${server.name} ${server.address}`);
    const kinds = pool.troubles.map((trouble) => trouble.kind);
    const text = [pool.name, level, pool.status, ...pool.flags, ...kinds, ...nodes, ...servers].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
}

/** The pool whose ACTIVE node is ACTIVE for the shortest time. */
export function lastChange() {
    const pools = model.status.pools.filter((pool) => pool.active_since && pool.epoch > 1);
    const ageOf = (pool) => since(pool.active_since, now()) ?? Infinity;
    return pools.reduce((last, pool) => (last && ageOf(last) <= ageOf(pool) ? last : pool), null);
}
