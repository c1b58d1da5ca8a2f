// Elements described as data, and a document made like them, touching only what differs. What a server said can become
// text or the value of an attribute, never markup.

const shown = new WeakMap();

/** An element. Children that are null, false or empty are left out; `key` tells apart those that change places. */
export function h(tag, attributes, ...children) {
    const { key, ...rest } = attributes ?? {};
    return { tag, key, attributes: rest, children: children.flat(2).filter(isThere), node: null };
}

function isThere(child) {
    return child !== null && child !== undefined && child !== false && child !== "";
}

/** Makes the children of an element like these. The same object as before is not looked at again. */
export function show(element, children) {
    const wanted = children.flat(2).filter(isThere).map(describe);
    if (!shown.has(element)) {
        element.replaceChildren();
    }
    const spare = new Map((shown.get(element) ?? []).map((child, n) => [keyOf(child, n), child]));
    const nodes = wanted.map((child, n) => {
        const key = keyOf(child, n);
        const before = spare.get(key);
        spare.delete(key);
        return become(before, child);
    });
    for (const child of spare.values()) {
        child.node.remove();
    }
    let place = element.firstChild;
    for (const node of nodes) {
        if (node === place) {
            place = place.nextSibling;
        } else {
            element.insertBefore(node, place);
        }
    }
    shown.set(element, wanted);
}

function describe(child) {
    return typeof child === "object" ? child : { text: String(child), node: null };
}

function keyOf(child, n) {
    return `${child.tag ?? ""} ${child.key ?? `#${n}`}`;
}

function become(before, child) {
    if (before === child) {
        return child.node;
    }
    child.node = before?.node ?? make(child);
    if (child.tag === undefined) {
        if (child.node.data !== child.text) {
            child.node.data = child.text;
        }
        return child.node;
    }
    dress(child.node, before?.attributes ?? {}, child.attributes);
    show(child.node, child.children);
    return child.node;
}

function make(child) {
    return child.tag === undefined ? document.createTextNode(child.text) : document.createElement(child.tag);
}

function dress(element, before, wanted) {
    for (const name of Object.keys(before)) {
        if (!(name in wanted)) {
            element.removeAttribute(name);
        }
    }
    for (const [name, value] of Object.entries(wanted)) {
        if (value === before[name]) {
            continue;
        }
        if (value === false || value === null || value === undefined) {
            element.removeAttribute(name);
        } else {
            element.setAttribute(name, value === true ? "" : value);
        }
    }
}
