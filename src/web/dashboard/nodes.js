// The nodes of a pool, a row each.

import { h } from "./dom.js";
import { stateBefore } from "./model.js";
import { NOTHING, chip, row, table, when } from "./parts.js";
import { age, lag, millis } from "./words.js";

const COLUMNS = [
    ["name", "Node"],
    ["state", "STATE"],
    ["status", "STATUS"],
    ["number", "Req"],
    ["number", "Lag"],
    ["number", "Answers in"],
    ["verdict", "rw"],
    ["verdict", "ro"],
    ["verdict", "geo"],
    ["message", "Last message"],
];

/** The table. */
export function nodes(pool, now) {
    const rows = pool.nodes.map((node) => row(node.name, COLUMNS, cells(pool, node, now), kind(node)));
    return table(`Nodes of ${pool.name}`, COLUMNS, rows);
}

function kind(node) {
    return node.state === "ACTIVE" ? "is-active" : node.state.startsWith("FAIL") ? "is-failed" : "";
}

function cells(pool, node, now) {
    return [
        name(node),
        state(pool, node),
        chip(STATUSES[node.status] ?? "bad", node.status),
        node.req,
        typeof node.lag_s === "number" ? lag(node.lag_s) : NOTHING,
        typeof node.round_trip_ms === "number" ? millis(node.round_trip_ms) : NOTHING,
        verdict(node.verdicts.rw),
        verdict(node.verdicts.ro),
        verdict(node.verdicts.geo),
        message(node, now),
    ];
}

const STATUSES = { OK: "plain", "OK INFO": "info", "OK WARN": "warning", "OK CRITICAL": "critical", FAIL: "bad" };

function name(node) {
    const type = node.type === "PRIMARY" ? "P" : "S";
    const more = [node.address, node.local && "local", node.read_only && "read-only"].filter(Boolean).join(", ");
    return [h("abbr", { title: node.type }, type), " ", h("b", null, node.name), h("small", null, more)];
}

function state(pool, node) {
    const kinds = { ACTIVE: "good", STANDBY: "plain", UNKNOWN: "unknown" };
    const before = stateBefore(pool, node);
    return [chip(kinds[node.state] ?? "bad", node.state), before && h("small", null, `was ${before}`)];
}

/** UP with its weight where that is not 1, or DOWN; why is in its title. */
function verdict(verdict) {
    if (!verdict) {
        return NOTHING;
    }
    const weight = verdict.up && verdict.weight !== 1 ? ` ${verdict.weight}` : "";
    const word = verdict.up ? "UP" : "DOWN";
    return h("span", { class: word.toLowerCase(), title: verdict.reason }, word + weight);
}

function message(node, now) {
    const drain = node.drain ? `drained by ${node.drain.by}${drainLeft(node.drain)}` : node.drained && "drained";
    const cut = node.cut && `the ${node.cut} to it is cut`;
    const parts = [drain, cut, node.message !== "--" && node.message].filter(Boolean).join("; ");
    const last = node.last_request && h("small", null, "asked ", when(node.last_request, now));
    return [parts || NOTHING, last];
}

function drainLeft(drain) {
    const left = typeof drain.left_s === "number" ? `, for ${age(drain.left_s)} more` : "";
    return `${drain.why ? `: ${drain.why}` : ""}${left}`;
}
