// Every box that is narrower than what is in it, and what sticks out of it.
(() => {
    const out = (box) => {
        const edge = box.getBoundingClientRect().right + 1;
        const parts = [...box.querySelectorAll("*")].filter((part) => part.getBoundingClientRect().right > edge);
        return [box, ...parts].map((part) => `${part.tagName}.${part.className}`).join(" ");
    };
    const boxes = document.querySelectorAll("html, header, .banner, .pool, .body, section");
    return [...boxes].filter((box) => box.scrollWidth > box.clientWidth).map(out);
})()
