// The virtual servers of a pool: what is decided, and what the kernel has.

import { h } from "./dom.js";
import { NOTHING, chip, row, table } from "./parts.js";

const COLUMNS = [
    ["name", "Virtual server"],
    ["name", "Real server"],
    ["state", "Decided"],
    ["state", "In the kernel"],
    ["number", "Connections"],
];

/** The faults, and the table. */
export function services(pool) {
    const servers = pool.virtual_servers;
    if (servers.length === 0) {
        return null;
    }
    const faults = servers.flatMap((server) => server.faults.map((fault) => fault_of(server, fault)));
    const rows = servers.flatMap((server) => server.real_servers.map((real, n) => line(server, real, n)));
    return [h("ul", { class: "faults" }, faults), table(`Virtual servers of ${pool.name}`, COLUMNS, rows)];
}

function fault_of(server, fault) {
    return h("li", { class: "critical" }, h("span", { class: "mark critical", "aria-hidden": "true" }), fault);
}

function line(server, real, n) {
    const name = [h("b", null, server.role), " ", server.name, h("small", null, server.address)];
    const cells = [n === 0 ? name : h("span", { class: "unseen" }, server.name), real.node, decided(real)];
    return row(`${server.name} ${real.node}`, COLUMNS, [...cells, loaded(server, real), real.connections ?? NOTHING]);
}

function decided(real) {
    return h("span", { class: real.up ? "up" : "down" }, real.up ? `UP, weight ${real.weight}` : "DOWN");
}

function loaded(server, real) {
    if (server.loaded === null) {
        return "not read yet";
    }
    const words = real.loaded_weight === null ? "not there" : `weight ${real.loaded_weight}`;
    const wanted = real.up ? real.weight : 0;
    const isAsDecided = (real.loaded_weight ?? 0) === wanted;
    return isAsDecided ? words : chip("warning", `\u2260 ${words}`, "not as decided");
}
