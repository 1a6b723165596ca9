// The pages work without this script. It adds keys, copying, "show more" in place, and labels without a new page.
"use strict";

(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const said = one("#said");
  const STOPPED = "samples browse does not answer any more: start it again.";
  let silence;

  function say(text, seconds = 4) {
    said.textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => { said.textContent = ""; }, seconds * 1000);
  }

  // A list of many small files on an object store can take seconds.
  let reading;
  function wait() { reading = setTimeout(() => say("Reading the lake …", 3600), 1000); }
  window.addEventListener("pageshow", () => { clearTimeout(reading); said.textContent = ""; });
  function go(address) { wait(); location.assign(address); }

  // --- lists

  const rows = () => all("a[data-row]");

  function move(by) {
    const links = rows();
    if (!links.length) {
      window.scrollBy({ top: by * window.innerHeight * 0.3 });
      return;
    }
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  // --- panes

  const panes = () => all(".pane");
  let active = 0, token = -1;

  function choose(number, focus = true) {
    const there = panes();
    if (number >= there.length) return;
    active = number;
    token = -1;
    there.forEach((pane, place) => pane.classList.toggle("active", place === number && there.length > 1));
    if (focus && there.length > 1) there[number].focus({ preventScroll: true });
  }

  const pane = () => panes()[active] || document;

  // Whoever goes on in the right sample stays in it.
  function keep() { if (active) sessionStorage.setItem("pane", active); }
  function kept() {
    const number = Number(sessionStorage.getItem("pane"));
    sessionStorage.removeItem("pane");
    return number;
  }

  function follow(rel) {
    const link = one(`a[rel="${rel}"]`, pane()) || one(`a[rel="${rel}"]`);
    if (link && pane().contains(link)) keep();
    if (link) go(link.href);
    else say("There is nothing further.");
  }

  function up() {
    const link = one('a[rel="up"]');
    if (link) go(link.href);
  }

  // --- one sample

  function shadeByNext() {
    const shade = one("#shade"), scorer = one("#scorer");
    if (!shade) { say("No scorer scored this run: samples score adds one."); return; }
    if (!scorer.value) scorer.selectedIndex = 1;
    shade.selectedIndex = (shade.selectedIndex + 1) % shade.options.length;
    keep();
    shade.form.requestSubmit();
  }

  function fold() {
    const parts = all("details.thinking", pane());
    if (!parts.length) { say("This sample has no part that is marked as thinking."); return; }
    const open = !parts[0].open;
    parts.forEach((part) => { part.open = open; });
    say(open ? "thinking unfolded" : "thinking folded");
  }

  function toAnswer() {
    const answer = one(".completion .answer", pane());
    if (!answer) { say("The answer is not in the part of the text that is shown."); return; }
    const folded = answer.closest("details");
    if (folded) folded.open = true;
    answer.scrollIntoView({ block: "center" });
    say(answer.title || answer.textContent);
  }

  function step(by) {
    const tokens = all(".completion .t", pane());
    if (!tokens.length) { say("Tokens are not shaded here."); return; }
    if (tokens[token]) tokens[token].classList.remove("current");
    token = Math.min(Math.max(token + by, 0), tokens.length - 1);
    const here = tokens[token];
    here.classList.add("current");
    here.scrollIntoView({ block: "nearest" });
    say(`${JSON.stringify(here.textContent)} · ${here.title}`, 30);
  }

  async function page(address, options) {
    try {
      const answer = await fetch(address, options);
      return { ok: answer.ok, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
    } catch {
      return { ok: false, page: new Document() };
    }
  }

  async function more(link) {
    const into = document.getElementById(link.dataset.into);
    link.textContent = "Reading …";
    const got = await page(link.href);
    const next = got.page.getElementById(link.dataset.into);
    if (!got.ok || !next) { go(link.href); return; }
    into.append(...next.children);
    const following = one(`a.more[data-into="${link.dataset.into}"]`, got.page);
    link.closest("p").replaceWith(...(following ? [following.closest("p")] : []));
  }

  // --- reviews

  async function label(form, button) {
    const section = form.closest(".review");
    const reviewer = form.elements.reviewer;
    if (!reviewer.value.trim()) {
      reviewer.focus();
      say("Write your name, then give the label again.");
      return;
    }
    const body = new URLSearchParams(new FormData(form));
    body.set("label", button.value);
    const got = await page(form.getAttribute("action"), { method: "POST", body });
    const fresh = got.page.getElementById(section.id);
    if (!got.ok || !fresh) {
      say(one(".message", got.page)?.textContent || "The label could not be stored.", 20);
      return;
    }
    section.replaceWith(fresh);
    say(`stored: ${button.value}`);
  }

  document.addEventListener("submit", (event) => {
    if (event.target.method === "dialog") return;
    if (!event.target.closest(".review") || !event.submitter) { wait(); return; }
    event.preventDefault();
    label(event.target, event.submitter);
  });

  function press(key) {
    const button = one(`.review button[data-key="${key}"]`, pane());
    if (button) button.form.requestSubmit(button);
    return Boolean(button);
  }

  // --- copying

  async function copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      say(`copied: ${what}`);
    } catch {
      say("The browser does not allow copying here.");
    }
  }

  async function copyFile(link) {
    try {
      const answer = await fetch(link.href);
      if (answer.ok) await copy(await answer.text(), link.textContent);
      else say(`The ${link.textContent} could not be read, so nothing is copied. Its page says why.`, 20);
    } catch {
      say(STOPPED, 3600);
    }
  }

  // The key in the address belongs to this server; whoever opens the link later is asked for the key of theirs.
  const copyAddress = () => copy(location.href, "the address of this view");

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.more");
    if (link) { event.preventDefault(); more(link); return; }
    const file = event.target.closest("[data-copy-file]");
    if (file && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      copyFile(file);
      return;
    }
    if (event.target.closest("[data-copy-address]")) copyAddress();
    const plain = event.target.closest("a[href]:not([href^=\"#\"])");
    if (plain && !event.ctrlKey && !event.metaKey && !event.shiftKey && !plain.hasAttribute("download")) wait();
    const field = event.target.closest("[data-copy-field]");
    if (field) copy(one("input.command", field.closest("p")).value, "the command");
  });

  function copyBy(selector) {
    const control = one(selector, pane());
    if (control) control.click();
    else say("There is nothing of this to copy here.");
  }

  // --- keys

  const help = one("#help");
  const actions = {
    j: () => move(1), k: () => move(-1),
    J: () => follow("next-problem"), K: () => follow("prev-problem"),
    ArrowRight: () => follow("next"), ArrowLeft: () => follow("prev"),
    p: up,
    "/": () => { const field = one("[data-search]"); if (field) { field.focus(); field.select(); } else { const link = all("a").find((a) => a.getAttribute("href").startsWith("search")); if (link) go(link.href); else say("Search in a list of problems, or in the texts of one."); } },
    "?": () => help.showModal(),
    1: () => choose(0), 2: () => choose(1),
    s: shadeByNext, t: fold, a: toAnswer, "[": () => step(-1), "]": () => step(1),
    m: () => { const link = one("a.more", pane()); if (link) more(link); else say("All of the text is shown."); },
    n: () => { const note = one(".review textarea", pane()); if (note) { note.focus(); note.scrollIntoView({ block: "center" }); } },
    q: () => { const link = one('a[rel="next-to-read"], a[rel="queue"]'); if (link) go(link.href); else say("The queue is reached from a list of problems."); },
    c: copyAddress,
    y: () => copyBy('[data-copy-file][href^="sample.txt"]'), o: () => copyBy('[data-copy-file][href^="sample.json"]'),
    x: () => copyBy("[data-copy-field]"),
    v: () => press("v"), f: () => press("f"), l: () => press("l"), u: () => press("u"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const field = event.target.closest("input:not([type=radio]):not([type=checkbox]), select, textarea");
    if (event.key === "Escape") { if (field) field.blur(); return; }
    if (field || help.open) return;
    if (event.target.type === "radio" && event.key.startsWith("Arrow")) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && document.activeElement.matches("a[data-row]")) {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    const act = Object.hasOwn(actions, event.key) && actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  one("#help-button").addEventListener("click", () => help.showModal());
  all("[hidden]#help-button, [data-copy-address], [data-copy-field]").forEach((button) => { button.hidden = false; });
  choose(0, false);
  const before = kept();
  if (before) choose(before);

  // --- has the lake grown?

  async function look() {
    try {
      const answer = await fetch("grown");
      if (answer.ok && (await answer.json()).grown) { one("#grown").hidden = false; return; }
    } catch {
      say(STOPPED, 3600);
      return;
    }
    setTimeout(look, 15000);
  }
  setTimeout(look, 1500);
})();
