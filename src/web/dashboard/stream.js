// What mpp-web says as it happens: server-sent events, read by `fetch`, which unlike `EventSource` says why it was
// refused, when the other end thinks it is, and can be given up when nothing comes.

/** Something comes every half second; without it for so long, milliseconds, the connection is held for lost. */
const SILENCE = 5000;
/** Pauses between attempts, milliseconds. */
const PAUSES = [300, 1000, 2000, 3000, 5000];

/**
 * Follows `path` for good. Calls `opened(response)`, `heard(event, data)`, and `lost(why)` each time it ends. Returns a
 * function that tries anew at once, if it is waiting to.
 */
export function follow(path, { heard, opened, lost }) {
    let wake = () => {};
    const run = async () => {
        for (let failures = 0; ; failures += 1) {
            const why = await once(path, heard, (response) => {
                failures = 0;
                opened(response);
            });
            lost(why);
            await new Promise((resolve) => {
                wake = resolve;
                setTimeout(resolve, PAUSES[Math.min(failures, PAUSES.length - 1)]);
            });
        }
    };
    run();
    return () => wake();
}

/** One connection, until it ends; why it did. */
async function once(path, heard, opened) {
    const stop = new AbortController();
    let timer;
    const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(() => stop.abort(new Error(`nothing came for ${SILENCE / 1000}s`)), SILENCE);
    };
    alive();
    try {
        const response = await ask(path, stop.signal);
        if (!response.ok) {
            const words = (await response.text()).split("\n")[0].slice(0, 200);
            return words || `mpp-web answered with ${response.status}`;
        }
        opened(response);
        await read(response.body, heard, alive);
        return "mpp-web ended the stream";
    } catch (error) {
        return error.message;
    } finally {
        clearTimeout(timer);
        stop.abort();
    }
}

/** Asks mpp-web, without the name and the token that the page's own address may have in it: `fetch` refuses that. */
export async function ask(path, signal) {
    try {
        return await fetch(location.origin + path, { signal, cache: "no-store" });
    } catch (error) {
        // `fetch` says of every failed connection no more than that it failed.
        throw error instanceof TypeError ? new Error("mpp-web can't be reached") : error;
    }
}

async function read(body, heard, alive) {
    const message = new Message(heard);
    const chunks = body.pipeThrough(new TextDecoderStream()).getReader();
    let begun = [];
    for (;;) {
        const { done, value } = await chunks.read();
        if (done) {
            return;
        }
        alive();
        const lines = value.split("\n");
        begun.push(lines.shift());
        // A status is megabytes long and comes in pieces: they are put together once.
        while (lines.length > 0) {
            message.take(begun.join(""));
            begun = [lines.shift()];
        }
    }
}

/** A message as it comes in, line by line. */
class Message {
    constructor(heard) {
        this.heard = heard;
        this.clear();
    }

    clear() {
        this.name = "message";
        this.data = [];
    }

    take(line) {
        if (line === "") {
            if (this.data.length > 0) {
                this.heard(this.name, this.data.join("\n"));
            }
            this.clear();
        } else if (line.startsWith("event:")) {
            this.name = line.slice(6).trim();
        } else if (line.startsWith("data:")) {
            this.data.push(line.slice(5));
        }
    }
}
