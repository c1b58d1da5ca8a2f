// The page around the pools: whether all is well, what is stale, events and peers.

import { h } from "./dom.js";
import { lastChange, model, stale } from "./model.js";
import { ago, chip, mark, when } from "./parts.js";
import { SEVERITIES, age, count, since, needsAttention } from "./words.js";

/** So many events are shown. */
const EVENTS = 40;

/** What is so in a few words, and how bad it is. */
export function headline(pools) {
    const old = stale();
    if (!pools) {
        return ["unknown", old ? "Not connected" : "Connecting"];
    }
    if (old) {
        return ["unknown", old.kind === "lost" ? "Connection lost" : "mppd does not answer"];
    }
    const bad = pools.filter((each) => needsAttention(each.level));
    if (bad.length > 0) {
        return [bad[0].level, attention(bad, pools.length)];
    }
    const away = model.status.peers.filter((peer) => peer.reachable === false || peer.fault);
    if (away.length > 0) {
        return ["warning", `All pools are well; look at the peers: ${names(away)}`];
    }
    return ["well", "All is well"];
}

function attention(bad, all) {
    const who = all === 1 ? "The pool" : `${bad.length} of ${count(all, "pool")}`;
    return `${who} ${bad.length === 1 ? "needs" : "need"} attention: ${names(bad.map((each) => each.pool))}`;
}

/** The first three. */
function names(list) {
    const first = list.slice(0, 3).map((each) => each.name);
    return [...first, ...(list.length > 3 ? ["..."] : [])].join(", ");
}

/** The head of the page. */
export function verdict([level, words], pools, now) {
    const title = h("h1", { class: level }, mark(level), words);
    return [title, pools && h("p", { class: "counts" }, counts(pools), agent(now))];
}

/** How many pools there are of each level; a click shows those alone. */
function counts(pools) {
    const of = (level) => pools.filter((each) => each.level === level).length;
    return [...SEVERITIES, "well"].filter(of).map((level) => {
        const kind = { class: `count ${level}`, "data-filter": level, "aria-pressed": String(model.filter === level) };
        return h("button", { key: level, type: "button", ...kind }, mark(level), `${of(level)} ${level}`);
    });
}

function agent(now) {
    const { daemon, pools } = model.status;
    const nodes = pools.reduce((sum, pool) => sum + pool.nodes.length, 0);
    const up = since(daemon.since, now);
    const running = up === null || daemon.stale ? "" : `, up ${age(up)}`;
    const words = `${count(pools.length, "pool")}, ${count(nodes, "node")}; mppd ${daemon.version}${running}`;
    const live = !stale() && ["; live, ", when(new Date(now).toISOString(), now)];
    return h("span", { class: "agent" }, words, live);
}

/** What is not as fresh as it looks; nothing if all is. */
export function banner() {
    const old = stale();
    return old && { lost, silent }[old.kind](old.why, old.seconds === null ? "an unknown time" : age(old.seconds));
}

function lost(why, seconds) {
    const below = model.status ? `Below is what was so ${seconds} ago.` : "";
    const words = h("p", null, h("b", null, "CONNECTION LOST"), ` ${why}. ${below} Trying again by itself.`);
    const button = h("button", { type: "button", id: "again" }, "Try now");
    return h("div", { class: "banner" }, mark("unknown"), words, button);
}

function silent(why, seconds) {
    const words = [h("b", null, `STALE for ${seconds}:`), ` ${why}; below is what it published last. `];
    const help = h("code", null, "systemctl status mppd");
    return h("div", { class: "banner" }, mark("unknown"), h("p", null, words, help));
}

/** What stands beside the pools. */
export function beside(now) {
    return [change(now), peers(now), events(now)];
}

function change(now) {
    const pool = model.status.pools.length > 1 && lastChange();
    if (!pool) {
        return null;
    }
    const words = h("p", null, h("b", null, pool.active), ` in ${pool.name}, `, ago(pool.active_since, now), " ago");
    return section("Last change of ACTIVE", words, h("p", { class: "how" }, pool.active_how));
}

function peers(now) {
    const list = model.status.peers;
    return list.length > 0 && section("Peers", h("ul", { class: "peers" }, list.map((each) => peer(each, now))));
}

function peer(peer, now) {
    const answers = { true: ["well", "answers"], false: ["critical", "does not answer"] };
    const [level, words] = answers[peer.reachable] ?? ["unknown", "not known yet"];
    const place = h("small", null, peer.same_site ? "a director of this site" : "another site");
    const fault = peer.fault && h("p", { class: "bad" }, peer.fault);
    const line = [link(peer), ` ${words}`, peer.since && [", for ", ago(peer.since, now)], place, fault];
    return h("li", { key: peer.name }, mark(peer.fault ? "critical" : level), h("div", null, line));
}

/** Its dashboard. An address comes from a configuration: nothing but the web is followed. */
function link(peer) {
    const isWeb = /^https?:\/\//.test(peer.url);
    return isWeb ? h("a", { href: peer.url, rel: "noopener noreferrer" }, peer.name) : h("b", null, peer.name);
}

function events(now) {
    const list = model.events.slice(0, EVENTS).map((event) => told(event, now));
    const none = h("p", { class: "how" }, model.noEvents ?? "none yet");
    return section("Last events", list.length > 0 ? h("ol", { class: "events" }, list) : none);
}

function told(event, now) {
    const place = [event.pool, event.node].filter(Boolean).join("/");
    const change = event.from && event.to ? `${event.from} \u2192 ${event.to}` : "";
    const head = [when(event.time, now), mark(event.severity, event.severity), place && h("b", null, place)];
    return h(
        "li",
        { key: event.seq },
        h("p", null, head, chip("plain", event.event)),
        h("p", { class: "how" }, [change, event.reason].filter(Boolean).join(": ")),
    );
}

function section(words, ...content) {
    return h("section", { key: words }, h("h2", null, words), content);
}
