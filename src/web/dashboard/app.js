// The wiring: what comes from mpp-web, what the reader does, and when the page is drawn.

import { card } from "./card.js";
import { show } from "./dom.js";
import { model, now, opened, ranked, take, takeEvents } from "./model.js";
import { ask, follow } from "./stream.js";
import { banner, beside, headline, verdict } from "./view.js";
import { count } from "./words.js";

/** Ages go on, milliseconds. */
const TICK = 1000;
/** Events are asked for so often, milliseconds. */
const EVENTS_EVERY = 2000;
/** For how long they are awaited, milliseconds. */
const PATIENCE = 5000;

const at = (id) => document.getElementById(id);
const again = follow("/v1/stream?full=2s", {
    opened,
    heard: (event, data) => take(event, data) && drawSoon(),
    lost: (why) => {
        model.lost = why;
        drawSoon();
    },
});

/** Once for all that comes at the same time; a page nobody sees keeps its title. */
let isAsked = false;
function drawSoon() {
    if (isAsked) {
        return;
    }
    isAsked = true;
    const run = () => {
        isAsked = false;
        draw();
    };
    document.hidden ? setTimeout(run, TICK) : requestAnimationFrame(run);
}

function draw() {
    const pools = model.status && ranked();
    const line = headline(pools);
    tell(line);
    show(at("verdict"), verdict(line, pools, now()));
    show(at("banner"), [banner()].flat());
    document.body.classList.toggle("old", line[0] === "unknown");
    if (pools) {
        drawPools(pools.filter((each) => each.isShown));
        show(at("beside"), beside(now()));
    }
}

function drawPools(shown) {
    const cards = (wanted) => shown.filter(wanted).map((each) => card(each, now()));
    const isQuiet = (each) => ["well", "unknown"].includes(each.level);
    show(at("urgent"), cards((each) => !isQuiet(each)));
    show(at("quiet"), cards(isQuiet));
    const all = model.status.pools.length;
    at("none").hidden = shown.length === all;
    at("none").textContent = `${count(all - shown.length, "pool")} not shown: ${model.filter}`;
}

/** The title, and what is read out: only what changes. */
function tell([level, words]) {
    const sign = { well: "", unknown: "? " }[level] ?? "! ";
    const title = `${sign}${words} - MPP`;
    if (document.title !== title) {
        document.title = title;
        at("spoken").textContent = words;
    }
}

async function askEvents() {
    if (!document.hidden && !model.status?.daemon.stale && model.lost === null) {
        await events().catch(() => {});
    }
    setTimeout(askEvents, EVENTS_EVERY);
}

async function events() {
    const query = model.seq === null ? "page=40" : `page=200&after=${model.seq}`;
    const response = await ask(`/v1/events?${query}`, AbortSignal.timeout(PATIENCE));
    model.noEvents = response.ok ? null : `mpp-web gives none: ${response.status}`;
    if (response.ok) {
        takeEvents(await response.json());
    }
}

function filter(words) {
    model.filter = words;
    at("filter").value = words;
    history.replaceState(null, "", words ? `#q=${encodeURIComponent(words)}` : location.pathname);
    drawSoon();
}

/** `#q=db`: so a filter can be kept as a bookmark. */
function filterOfAddress() {
    const words = new URLSearchParams(location.hash.slice(1)).get("q");
    if (words !== null && words !== model.filter) {
        filter(words);
    }
}

function toggle(summary) {
    const name = summary.dataset.pool;
    const { isOpen, level } = ranked().find((each) => each.pool.name === name);
    model.byHand.set(name, { isOpen: !isOpen, level });
    drawSoon();
}

document.addEventListener("click", (event) => {
    const summary = event.target.closest("summary");
    const chosen = event.target.closest("[data-filter]");
    if (summary) {
        event.preventDefault();
        toggle(summary);
    } else if (chosen) {
        filter(model.filter === chosen.dataset.filter ? "" : chosen.dataset.filter);
    } else if (event.target.closest("#again")) {
        again();
    }
});

document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input");
    if (event.key === "/" && !isTyping) {
        event.preventDefault();
        at("filter").focus();
    } else if (event.key === "Escape" && isTyping?.id === "filter") {
        filter("");
    }
});

at("filter").addEventListener("input", (event) => filter(event.target.value));
addEventListener("hashchange", filterOfAddress);
addEventListener("online", again);
document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
        again();
        drawSoon();
    }
});

filterOfAddress();
setInterval(drawSoon, TICK);
askEvents();
