// How things are said: ages, times, severities; and how urgent a pool is.

export const SEVERITIES = ["alert", "critical", "error", "warning", "notice", "info"];

/** Less is worse. */
export function rank(severity) {
    const place = SEVERITIES.indexOf(severity);
    return place < 0 ? SEVERITIES.length : place;
}

/** The worst there is of a pool: a severity, or `well`. */
export function level(pool) {
    const severities = pool.troubles.map((trouble) => trouble.severity);
    if (pool.virtual_servers.some((server) => server.faults.length > 0)) {
        severities.push("critical");
    }
    if (pool.active === null || pool.status !== "OK") {
        severities.push("warning");
    }
    severities.sort((a, b) => rank(a) - rank(b));
    return severities[0] ?? (isQuiet(pool) ? "well" : "notice");
}

/** Whether somebody is to look at it. */
export function needsAttention(severity) {
    return rank(severity) <= rank("warning");
}

function isQuiet(pool) {
    return (
        pool.flags.every((flag) => flag === "failback_off") &&
        pool.nodes.every((node) => node.status === "OK" && !node.drained) &&
        pool.checkpoints.every((checkpoint) => checkpoint.status === "OK")
    );
}

const UNITS = [
    ["d", 86400, "h", 3600],
    ["h", 3600, "m", 60],
    ["m", 60, "s", 1],
];

/** Seconds as `41s`, `3m20s`, `2h05m`, `12d3h`. */
export function age(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const unit = UNITS.find(([, size]) => whole >= size);
    if (!unit) {
        return `${whole}s`;
    }
    const [large, size, small, part] = unit;
    const rest = Math.floor((whole % size) / part);
    const behind = rest ? String(rest).padStart(large === "d" ? 1 : 2, "0") + small : "";
    return `${Math.floor(whole / size)}${large}${behind}`;
}

/** The same in one unit: it changes seldom. */
export function roughly(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const unit = UNITS.find(([, size]) => whole >= size);
    return unit ? `${Math.floor(whole / unit[1])}${unit[0]}` : "<1m";
}

/** Seconds of lag: to a tenth while that says something. */
export function lag(seconds) {
    return seconds < 10 && !Number.isInteger(seconds) ? `${seconds.toFixed(1)}s` : age(seconds);
}

/** Milliseconds of a round trip. */
export function millis(ms) {
    return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** Seconds since a time of RFC 3339, by a clock in milliseconds; `null` if it is none. */
export function since(time, now) {
    const then = Date.parse(time ?? "");
    return Number.isNaN(then) ? null : Math.max(0, (now - then) / 1000);
}

/** A time where the reader is: `14:52:03`, with the day where that is not today. */
export function clock(time, now) {
    const then = new Date(time);
    if (Number.isNaN(then.getTime())) {
        return String(time);
    }
    const two = (n) => String(n).padStart(2, "0");
    const day = `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())} `;
    const isToday = then.toDateString() === new Date(now).toDateString();
    return `${isToday ? "" : day}${two(then.getHours())}:${two(then.getMinutes())}:${two(then.getSeconds())}`;
}

/** `1 pool`, `2 pools`. */
export function count(n, what) {
    return `${n} ${what}${n === 1 ? "" : "s"}`;
}
