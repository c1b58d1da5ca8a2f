// The small parts that the page is made of.

import { h } from "./dom.js";
import { age, clock, since } from "./words.js";

/** The shape and colour of a severity, `well` or `unknown`; its word stands beside it, or is read out. */
export function mark(level, word) {
    return [h("span", { class: `mark ${level}`, "aria-hidden": "true" }), word && h("span", { class: "unseen" }, word)];
}

/** A word in a frame. */
export function chip(kind, text, title) {
    return h("span", { class: `chip ${kind}`, title }, text);
}

/** A time where the reader is. */
export function when(time, now) {
    return h("time", { datetime: time, title: time }, clock(time, now));
}

/** `3m20s`, of a time. */
export function ago(time, now) {
    const seconds = since(time, now);
    return seconds === null ? null : h("time", { datetime: time, title: time }, age(seconds));
}

/** What helps: a click selects it whole. */
export function help(words) {
    return words && h("p", { class: "help" }, "\u2192 ", h("code", null, words));
}

/** A table: `columns` are `[class, heading]`; where the screen is narrow, the heading stands before each cell. */
export function table(caption, columns, rows) {
    const heading = ([kind, words]) => h("th", { scope: "col", class: kind }, words);
    return h(
        "table",
        { class: "cells" },
        h("caption", { class: "unseen" }, caption),
        h("thead", null, h("tr", null, columns.map(heading))),
        h("tbody", null, rows),
    );
}

/** A row of such a table. */
export function row(key, columns, cells, kind) {
    const cell = (content, n) => {
        const [of, words] = columns[n];
        return h(n === 0 ? "th" : "td", { class: of, "data-column": words, scope: n === 0 ? "row" : null }, content);
    };
    return h("tr", { key, class: kind }, cells.map(cell));
}

/** Stands where there is nothing to say. */
export const NOTHING = "\u2013";
