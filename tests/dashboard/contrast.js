// Every text that can be read with too little contrast to its ground (WCAG 2.2, AA), by the styles it really has.
(() => {
    const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
    const over = (above, below) => {
        const [r, g, b, a = 1] = above;
        return [r, g, b].map((c, n) => c * a + below[n] * (1 - a));
    };
    const ground = (element) => {
        const own = numbers(getComputedStyle(element).backgroundColor);
        return element.parentElement ? over(own, ground(element.parentElement)) : over(own, [255, 255, 255]);
    };
    const luminance = (colour) => {
        const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => {
        const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
        return (light + 0.05) / (dark + 0.05);
    };
    const hasText = (element) => [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
    const faults = [];
    let looked = 0;
    for (const element of document.body.querySelectorAll("*")) {
        if (!hasText(element) || !element.checkVisibility() || element.closest(".unseen, noscript")) {
            continue;
        }
        looked += 1;
        const under = ground(element);
        const found = ratio(over(numbers(getComputedStyle(element).color), under), under);
        if (found < 4.5) {
            faults.push(`${element.tagName}.${element.className} ${found.toFixed(2)}: ${element.textContent.slice(0, 40)}`);
        }
    }
    return { looked, faults };
})()
