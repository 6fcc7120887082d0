// What is wrong with the page that is open, by what a browser knows of it; the last value is a function of what is asked.
(() => {
  const LEAST_OUTLINE = 2;
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".visually-hidden");
  const told = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 150);
  const among = (selector) => [...document.querySelectorAll(selector)].filter(seen);

  // Whoever goes by the keyboard sees where they are. A key was pressed before, so that the browser shows it.
  function focus() {
    const found = [];
    for (const one of among("a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, textarea:enabled, summary, [tabindex='0']")) {
      one.focus({ preventScroll: true });
      const style = getComputedStyle(one);
      if (document.activeElement !== one) found.push(`takes no focus: ${told(one)}`);
      else if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < LEAST_OUTLINE) found.push(`shows no focus: ${told(one)}`);
    }
    document.activeElement?.blur();
    return found;
  }

  // A table may scroll, and so does what it says of itself; nobody scrolls to read that.
  function wide() {
    const beyond = (one) => one.getBoundingClientRect().right > innerWidth || one.getBoundingClientRect().left < 0;
    const captions = among("main :is(caption, figcaption)").filter(beyond).map((one) => `is a caption wider than ${innerWidth}: ${told(one)}`);
    if (document.documentElement.scrollWidth <= innerWidth) return captions;
    return [...captions, `wider than ${innerWidth}: ${[...document.querySelectorAll("main *")].filter(beyond).map(told).at(-1)}`];
  }

  // Words and numbers of tables that are broken in their midst; those of scripts that break anywhere left out.
  function torn() {
    const found = [], range = document.createRange();
    for (const cell of among("main :is(td, th)")) {
      const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        for (const word of node.data.matchAll(/[\p{L}\p{N},]+/gu)) {
          range.setStart(node, word.index);
          range.setEnd(node, word.index + word[0].length);
          const lines = new Set([...range.getClientRects()].map((one) => Math.round(one.top)));
          if (lines.size > 1 && !/\p{Script=Han}/u.test(word[0])) found.push(`is torn at ${innerWidth}: ${word[0]}`);
        }
      }
    }
    return found;
  }

  // What of the page is on paper: texts and drawings, in their order.
  function* printed() {
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const drawn = node.nodeType === Node.ELEMENT_NODE;
      if (drawn ? ["svg", "IMG"].includes(node.nodeName) && seen(node) : node.data.trim() && seen(node.parentElement)) yield drawn ? node : node.parentElement;
    }
  }

  function paper() {
    const found = among("main :is(button, input:not([type=hidden]), select, textarea, .button)").map((one) => `is no use on paper: ${told(one)}`);
    for (const one of among("main details")) if (![...one.children].every(seen)) found.push(`is closed on paper: ${told(one)}`);
    const rank = (one) => Number(one.nodeName[1]);
    let last;
    for (const one of [...printed(), document.body]) {
      const heading = one.closest("main :is(h2, h3, h4)");
      if (heading && heading === last) continue;
      const over = !heading && one !== document.body;
      if (last && !over && (!heading || rank(heading) <= rank(last))) found.push(`heads nothing on paper: ${told(last)}`);
      last = heading;
    }
    for (const one of among("main p")) {
      const links = [...one.querySelectorAll("a[href^='/']")].filter(seen);
      const words = links.map((link) => link.innerText).join("");
      if (links.length && !one.closest("li, td, th, dd") && !one.querySelector("bdi") && words.length >= one.innerText.trim().length) found.push(`leads nowhere on paper: ${told(one)}`);
    }
    const ink = getComputedStyle(document.querySelector("main")).color;
    if (ink !== "rgb(0, 0, 0)") found.push(`is printed in ${ink}`);
    return [...found, ...wide()];
  }

  // A number that stands for an element's kind: what it is and is within, each with what `marks` says of it.
  function kind(one, marks) {
    let high = 0xdeadbeef, low = 0x41c6ce57;
    for (let up = one; up; up = up.parentElement) {
      for (const letter of `${up.nodeName} ${marks(up)}>`) {
        high = Math.imul(high ^ letter.codePointAt(0), 2654435761);
        low = Math.imul(low ^ letter.codePointAt(0), 1597334677);
      }
    }
    return (high >>> 0) * 2 ** 21 + (low >>> 11);
  }

  // Of what is told in elements of the same kinds and classes, in the same of both, the first two: they are coloured alike.
  // Of kinds that are known none; they are added.
  function samples(known) {
    const counted = new Map(), before = new Set(known);
    const marks = (one) => ["class", "aria-current", "aria-busy", "type", "disabled", "scope"].map((name) => one.getAttribute(name)).join(" ");
    const elements = among("body *").filter((one) => {
      const tells = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!tells && !one.matches("input, select, textarea")) return false;
      const key = kind(one, marks);
      counted.set(key, (counted.get(key) ?? 0) + 1);
      return !before.has(key) && counted.get(key) <= 2;
    });
    return { elements, kinds: [...counted.keys()] };
  }

  // The kinds of all elements, by all attributes that they have and what those say that tell what an element is.
  function kinds() {
    const says = (one, name) => (/^(class|type|role|scope|aria-(?!label|described|controls).*)$/.test(name) ? `${name}=${one.getAttribute(name)}` : name);
    const marks = (one) => one.getAttributeNames().sort().map((name) => says(one, name)).join(" ");
    return [...new Set([...document.querySelectorAll("*")].map((one) => kind(one, marks)))];
  }

  const links = () => [...document.querySelectorAll("a[href^='/']:not([href^='//'], [download])")].map((one) => one.getAttribute("href"));
  return { focus, wide, torn, paper, links, samples, kinds };
})()
