// A pool: in one line while it is well, with all there is to say of it when it is not, or when somebody looks.

import { h } from "./dom.js";
import { nodes } from "./nodes.js";
import { ago, chip, help, mark, row, table, when } from "./parts.js";
import { age, rank, roughly, since } from "./words.js";
import { services } from "./services.js";

/** A pool as it stands in the list. */
export function card({ pool, level, isOpen }, now) {
    const head = h("summary", { "data-pool": pool.name }, heading(pool, level, isOpen, now));
    const attributes = { key: pool.name, class: `pool ${level}`, open: isOpen };
    return h("details", attributes, head, isOpen && h("div", { class: "body" }, body(pool, now)));
}

function heading(pool, level, isOpen, now) {
    return [
        mark(level, level),
        h("h2", null, pool.name),
        isOpen && chip(pool.status === "OK" ? "plain" : "bad", pool.status, "STATUS of the pool"),
        h("span", { class: "active" }, active(pool, isOpen, now)),
        h("span", { class: "flags" }, pool.flags.map((flag) => chip("flag", flag.replace("_", " ")))),
        isOpen ? h("span", { class: "epoch" }, `epoch ${pool.epoch}`) : brief(pool, level),
    ];
}

function active(pool, isOpen, now) {
    if (pool.active === null) {
        return h("strong", { class: "bad" }, "no node is ACTIVE");
    }
    const seconds = since(pool.active_since, now);
    if (!isOpen) {
        return [h("b", null, pool.active), seconds === null ? "" : h("span", { class: "for" }, roughly(seconds))];
    }
    const words = seconds === null ? " is ACTIVE" : ` is ACTIVE, for ${age(seconds)}`;
    return [h("b", null, pool.active), words];
}

/** What a closed pool has to say: the worst of its troubles. */
function brief(pool, level) {
    const worst = sorted(pool.troubles)[0];
    return level !== "well" && worst && h("span", { class: "brief" }, worst.words);
}

function sorted(troubles) {
    return troubles.toSorted((a, b) => rank(a.severity) - rank(b.severity));
}

function body(pool, now) {
    const how = pool.waits_for ?? pool.active_how;
    return [
        how && h("p", { class: "how" }, pool.waits_for ? "waits: " : "", how),
        planned(pool),
        isolation(pool, now),
        pause(pool),
        h("ul", { class: "troubles" }, sorted(pool.troubles).map(trouble)),
        nodes(pool, now),
        services(pool),
        checkpoints(pool, now),
    ];
}

function trouble({ kind, node, severity, words, help: command }) {
    return h(
        "li",
        { key: `${kind} ${node ?? ""}`, class: severity },
        mark(severity),
        h("span", { class: "severity" }, severity),
        h("div", null, h("p", null, words), help(command)),
    );
}

function planned({ handover }) {
    if (!handover) {
        return null;
    }
    const { from, to, consumed, by, why, mirrors } = handover;
    const step = consumed ? `${to} executes what ${from} had` : `until ${from}'s DOWN has been read back`;
    const who = `${mirrors ? "a peer's change, " : ""}${by}${why ? `: ${why}` : ""}`;
    return h("p", { class: "note" }, `${from} hands over to ${to} (${who}): ${step}`);
}

function isolation({ isolation: cut }, now) {
    if (!cut) {
        return null;
    }
    const done = cut.withdrawn ? `${cut.withdrawn} has stepped down` : "nothing changes by itself";
    return h("p", { class: "note" }, "cut off since ", when(cut.since, now), " (", ago(cut.since, now), `): ${done}`);
}

function pause({ pause: flag }) {
    if (!flag) {
        return null;
    }
    const left = typeof flag.left_s === "number" ? `, for ${age(flag.left_s)} more` : ", until mpp resume";
    return h("p", { class: "note" }, `paused by ${flag.by}${flag.why ? `: ${flag.why}` : ""}${left}`);
}

const CHECKPOINTS = [
    ["name", "Checkpoint"],
    ["status", "STATUS"],
    ["number", "Req"],
    ["message", "Last answer"],
];

function checkpoints(pool, now) {
    if (pool.checkpoints.length === 0) {
        return null;
    }
    const rows = pool.checkpoints.map((each) => {
        const status = chip(each.status === "OK" ? "plain" : "bad", each.status);
        const last = each.last_request ? [each.message, " ", when(each.last_request, now)] : "not asked yet";
        const of = each.node && h("small", null, `of ${each.node}`);
        return row(`${each.node ?? ""} ${each.id}`, CHECKPOINTS, [[each.id, of], status, each.req, last]);
    });
    return table(`Checkpoints of ${pool.name}`, CHECKPOINTS, rows);
}
