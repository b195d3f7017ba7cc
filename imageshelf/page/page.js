"use strict";
(() => {
  // Names are data: they reach the document as text and as properties, never as markup.
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const groups = data.groups;
  for (const group of groups) for (const card of group.cards) card.link ||= "";
  const KEEP = "keep", ASIDE = "set aside", SKIPPED = "s";
  const AHEAD = "900px"; // how far before it comes into view a group is filled
  const FLICKER_MS = 600; // below three changes a second
  const STALE_SHOWN = 20;
  const storageName = "imageshelf " + data.subject;

  const choices = new Map(); // group -> "s", or a letter a card: k keep, x set aside, . neither
  let stale = []; // [key, marks, title] of choices whose groups are not here any more
  let visible = []; // groups, filtered and sorted
  let current = null; // {group, card} that the keys act on

  function element(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in made) made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== ""));
    return made;
  }
  const count = (number, noun, plural = noun + "s") =>
    number.toLocaleString("en") + " " + (number === 1 ? noun : plural);
  function size(bytes) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let at = 0;
    for (; Math.round(bytes) >= 1000 && at < units.length - 1; at++) bytes /= 1000;
    return bytes.toFixed(at && bytes < 10 ? 1 : 0) + " " + units[at];
  }
  const say = (sentence) => { $("said").textContent = sentence; };

  // -- choices ------------------------------------------------------------------------------------

  const canChoose = (card) => card.role === KEEP || card.role === ASIDE;
  const suggestion = (group) => group.cards
    .map((card) => (canChoose(card) ? (card.role === ASIDE ? "x" : "k") : ".")).join("");
  const marksOf = (group) => {
    const chosen = choices.get(group);
    return chosen && chosen !== SKIPPED ? chosen : suggestion(group);
  };
  const stateOf = (group) => {
    const chosen = choices.get(group);
    return !chosen ? "open" : chosen === SKIPPED ? "skipped" : "done";
  };
  const spaceOf = (group, marks = marksOf(group)) => group.cards
    .reduce((sum, card, at) => sum + (marks[at] === "x" ? card.bytes || 0 : 0), 0);
  const fits = (group, marks) => marks === SKIPPED ||
    (marks.length === group.cards.length && marks.includes("k") &&
      group.cards.every((card, at) => (canChoose(card) ? "kx" : ".").includes(marks[at])));

  function choose(group, marks, sentence) {
    if (marks === null) choices.delete(group);
    else if (!fits(group, marks)) {
      say("At least one picture of a group is kept.");
      return false;
    } else choices.set(group, marks);
    say(sentence);
    changed([group]);
    return true;
  }
  function keepOnly(group, card) {
    if (!canChoose(card)) return say("This picture is only shown, it cannot be chosen.");
    choose(group, group.cards.map((one) => (canChoose(one) ? (one === card ? "k" : "x") : "."))
      .join(""), "Only " + card.label + " is kept.");
  }
  function mark(group, card, letter) {
    if (!canChoose(card)) return say("This picture is only shown, it cannot be chosen.");
    const marks = [...marksOf(group)];
    marks[group.cards.indexOf(card)] = letter;
    choose(group, marks.join(""), card.label + (letter === "k" ? " is kept." : " is set aside."));
  }
  const toggle = (group, card) =>
    mark(group, card, marksOf(group)[group.cards.indexOf(card)] === "x" ? "k" : "x");

  // -- choices kept in the browser ----------------------------------------------------------------

  function load() {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(storageName) || "null");
    } catch (problem) {
      if (problem instanceof SyntaxError) notice("The choices kept in this browser are damaged; none was taken over.");
      else notice("This browser keeps nothing for this page: export before you close it.");
      return;
    }
    const byKey = new Map(groups.map((group) => [group.key, group]));
    choices.clear();
    stale = [];
    for (const one of Array.isArray(kept && kept.choices) ? kept.choices : []) {
      if (!Array.isArray(one) || one.length !== 3 || !one.every((part) => typeof part === "string")) continue;
      const group = byKey.get(one[0]);
      if (group && group.choosing && fits(group, one[1])) choices.set(group, one[1]);
      else stale.push(one);
    }
  }
  function save() {
    const kept = [...choices].map(([group, marks]) => [group.key, marks, group.title]);
    try {
      localStorage.setItem(storageName, JSON.stringify({ content: data.content, choices: [...kept, ...stale] }));
    } catch (problem) {
      notice("This browser keeps no more choices: export before you close the page.");
    }
  }
  function notice(sentence, ...more) {
    for (const old of $("notices").children) if (old.firstChild.textContent === sentence) return;
    $("notices").append(element("div", { className: "notice", role: "status" }, element("p", {}, sentence), ...more));
  }
  function tellStale() {
    if (!stale.length) return;
    const list = element("ul", {}, ...stale.slice(0, STALE_SHOWN).map((one) => element("li", {}, one[2])));
    if (stale.length > STALE_SHOWN) list.append(element("li", {}, "and " + (stale.length - STALE_SHOWN) + " more"));
    const forget = element("button", { type: "button" }, "Forget them");
    forget.onclick = () => { stale = []; save(); $("notices").replaceChildren(); $("groups").focus(); };
    notice(count(stale.length, "choice") + " made in this browser no longer " +
      (stale.length === 1 ? "fits: its group has" : "fit: their groups have") +
      " changed since. They are not exported; look at these groups again.",
      element("details", {}, element("summary", {}, "Which ones"), list), forget);
  }

  // -- the document -------------------------------------------------------------------------------

  const articles = new Map(); // group -> {article, filled}
  const kindsOf = (group) => new Set(group.cards.map((card) => card.kind).filter(Boolean));

  function build() {
    groups.forEach((group, at) => {
      const heading = element("h3", { id: "g" + at }, element("bdi", {}, group.title), " ",
        element("small", {}, count(group.cards.length, "picture")));
      const article = element("article", { className: "group", "aria-labelledby": "g" + at },
        element("div", { className: "group-head" }, heading));
      articles.set(group, { article, at, filled: false });
      groupOf.set(article, group);
    });
  }
  const groupOf = new Map();

  function fill(group) {
    const place = articles.get(group);
    if (place.filled) return;
    place.filled = true;
    const head = place.article.firstChild;
    const button = (text, act) => {
      const made = element("button", { type: "button", className: "plain" }, text,
        element("span", { className: "unseen" }, ": " + group.title));
      made.onclick = act;
      return made;
    };
    head.append(element("span", { className: "state" }));
    if (group.choosing) {
      head.append(
        button("Accept", () => accept(group)),
        button("Skip", () => choose(group, SKIPPED, group.title + " is skipped.")),
        button("Undo", () => choose(group, null, "The choice for " + group.title + " is undone.")));
    }
    if (group.cards.length > 1) {
      const another = group.cards.slice(1).find((card) => card.kind !== "same file") || group.cards[1];
      head.append(button("Compare", () => openCompare(group, another)));
    }
    if (group.note) place.article.append(element("p", { className: "quiet" }, group.note));
    place.cards = group.cards.map((card) => drawCard(group, card));
    place.article.append(element("ul", { className: "cards" }, ...place.cards));
    place.pictures = false;
    picture(group);
    refresh(group);
  }

  function drawCard(group, card) {
    const link = element(card.link ? "a" : "div", { className: "picture" });
    if (card.link.startsWith("file:")) {
      link.href = card.link;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.setAttribute("aria-label", "Open " + card.label);
    }
    const item = element("li", { className: "card", tabIndex: -1 }, link,
      element("p", { className: "name" }, element("bdi", {}, card.label)),
      element("p", { className: "folder" }, element("bdi", {}, card.folder || "")),
      element("p", { className: "measures" }),
      element("p", { className: "badges" }),
      card.reason ? element("p", { className: "reason" }, card.reason) : "",
      card.warning ? element("p", { className: "warning" }, card.warning) : "");
    item.onfocus = () => { current = { group, card }; };
    if (group.choosing && canChoose(card)) item.append(choiceButtons(group, card));
    return item;
  }
  function choiceButtons(group, card) {
    const keep = element("button", { type: "button", className: "keep" }, "Keep");
    const aside = element("button", { type: "button", className: "aside" }, "Set aside");
    keep.onclick = () => mark(group, card, "k");
    aside.onclick = () => mark(group, card, "x");
    return element("div", { className: "choice", role: "group", "aria-label": card.label }, keep, aside);
  }

  function refresh(group) {
    const place = articles.get(group);
    if (!place.filled) return;
    const state = stateOf(group), marks = marksOf(group);
    place.article.dataset.done = state;
    place.article.querySelector(".state").textContent =
      !group.choosing ? "" : { open: "", done: "\u2713 decided", skipped: "skipped" }[state];
    group.cards.forEach((card, at) => {
      const item = place.cards[at];
      const shown = pictureOf(group, at) || {};
      const said = state === "skipped" || !group.choosing ? "" : marks[at] === "x" ? ASIDE : marks[at] === "k" ? KEEP : "";
      if (said) item.dataset.choice = said;
      else delete item.dataset.choice;
      const buttons = item.querySelector(".choice");
      if (buttons) {
        press(buttons, said, state);
        buttons.setAttribute("aria-label", card.label + (state === "open" ? ", as suggested" : ""));
      }
      spans(item.querySelector(".measures"), [card.pixels || shown.pixels, card.size || shown.size, card.date || shown.date]);
      const badges = [];
      if (card.role === "query") badges.push(element("span", { className: "badge" }, "query"));
      if (card.role === "beside") badges.push(element("span", { className: "badge" }, "matches another member only"));
      if (card.kind) badges.push(element("span", { className: "badge" }, card.kind));
      if (shown.src && shown.note) badges.push(element("span", { className: "badge aside" }, shown.note));
      if (card.facts) {
        const facts = element("span", { className: "quiet" });
        spans(facts, card.facts);
        badges.push(facts);
      }
      item.querySelector(".badges").replaceChildren(...badges);
    });
  }
  function spans(place, texts) {
    const parts = texts.filter(Boolean).map((text) => element("span", { className: "whole" }, text));
    place.replaceChildren(...parts.flatMap((part, at) => (at ? [" \u00b7 ", part] : [part])));
  }
  function press(buttons, said, state) {
    buttons.classList.toggle("suggested", state === "open");
    buttons.querySelector(".keep").setAttribute("aria-pressed", String(said === KEEP));
    buttons.querySelector(".aside").setAttribute("aria-pressed", String(said === ASIDE));
  }

  // -- thumbnails: a block for each group, after this script; the page may still be loading --------

  const waiting = new Set();
  const unpacked = new Map();

  function blockOf(group) {
    if (unpacked.has(group)) return unpacked.get(group);
    const block = $("t" + articles.get(group).at);
    const complete = block && (block.nextElementSibling || document.readyState !== "loading");
    if (!complete) return null;
    const pictures = JSON.parse(block.textContent);
    unpacked.set(group, pictures);
    block.textContent = ""; // one copy is enough
    return pictures;
  }
  const pictureOf = (group, at) => (unpacked.get(group) || [])[at];

  function picture(group) {
    const place = articles.get(group);
    if (place.pictures) return;
    const pictures = blockOf(group);
    if (!pictures) {
      if (document.readyState === "loading") waiting.add(group);
      return;
    }
    waiting.delete(group);
    place.pictures = true;
    group.cards.forEach((card, at) => {
      const one = pictures[at] || {};
      const link = place.cards[at].firstChild;
      if (one.src) {
        link.replaceChildren(element("img", { alt: "", decoding: "async", width: one.width, height: one.height, src: one.src }));
      } else {
        link.replaceChildren(element("span", {}, "No picture: this file " + (one.note || "was not shown")));
      }
    });
    refresh(group);
  }
  const pictureWaiting = () => { for (const group of [...waiting]) picture(group); };

  // -- filters, order, counts ---------------------------------------------------------------------

  const ORDERS = {
    "": () => 0,
    space: (a, b) => spaceOf(b) - spaceOf(a),
    score: (a, b) => nearest(a) - nearest(b),
    far: (a, b) => farthest(b) - farthest(a),
    taken: (a, b) => taken(a) - taken(b),
    count: (a, b) => b.cards.length - a.cards.length,
    name: (a, b) => (a.title < b.title ? -1 : a.title > b.title ? 1 : 0),
  };
  const scores = (group) => group.cards.slice(1).map((card) => card.score ?? 0);
  const nearest = (group) => Math.min(1e9, ...scores(group));
  const farthest = (group) => Math.max(-1, ...scores(group));
  const taken = (group) => Math.min(...group.cards.map((card) => card.taken ?? 1e15));

  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) fill(groupOf.get(entry.target));
  }, { rootMargin: AHEAD });

  function buildTools() {
    const numbers = new Map(), folders = new Map();
    for (const group of groups) {
      for (const kind of kindsOf(group)) numbers.set(kind, (numbers.get(kind) || 0) + 1);
      for (const card of group.cards) folders.set(card.folder, (folders.get(card.folder) || 0) + 1);
    }
    for (const [kind, number] of [...numbers].sort()) {
      const box = element("input", { type: "checkbox", value: kind, checked: true });
      $("kinds").append(element("label", {}, box, element("span", {}, kind + " " + number.toLocaleString("en"))));
    }
    $("kinds").hidden = numbers.size < 2;
    const most = [...folders].sort((a, b) => b[1] - a[1]).slice(0, 200);
    $("folders").append(...most.map(([folder]) => element("option", { value: folder || "" })));
    if (!groups.some((group) => group.choosing)) {
      $("state-field").hidden = true;
      $("sort").querySelector("[value=space]").remove();
    }
    if (!groups.some((group) => group.cards.some((card) => card.taken))) $("sort").querySelector("[value=taken]").remove();
    for (const field of [$("state"), $("sort"), $("kinds")]) field.addEventListener("change", arrange);
    let timer = 0;
    $("text").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(arrange, 120); });
    $("tools").addEventListener("submit", (event) => event.preventDefault());
  }

  function arrange() {
    const wanted = $("text").value.toLowerCase(), state = $("state").value;
    const boxes = [...$("kinds").querySelectorAll("input")];
    const off = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
    const order = ORDERS[$("sort").value];
    visible = groups.filter((group) => {
      const kinds = [...kindsOf(group)];
      return (!kinds.length || kinds.some((kind) => !off.has(kind))) &&
        (!state || stateOf(group) === state) &&
        (!wanted || group.cards.some((card) => (card.folder + "/" + card.label).toLowerCase().includes(wanted)));
    });
    const place = new Map(groups.map((group, at) => [group, at]));
    visible.sort((a, b) => data.sections.indexOf(a.section) - data.sections.indexOf(b.section) ||
      order(a, b) || place.get(a) - place.get(b));
    if (current && !visible.includes(current.group)) current = null;
    const parts = [];
    let section = null;
    for (const group of visible) {
      if (group.section !== section) {
        section = group.section;
        parts.push(element("h2", { className: "section" }, section));
      }
      parts.push(articles.get(group).article);
    }
    $("list").replaceChildren(...parts);
    $("nothing").hidden = visible.length > 0;
    $("nothing").textContent = groups.length ? "No group passes these filters." : "There is nothing to show: no groups were found.";
    $("shown").textContent = visible.length === groups.length ? count(groups.length, "group") :
      visible.length.toLocaleString("en") + " of " + count(groups.length, "group");
  }

  function changed(some) {
    for (const group of some) refresh(group);
    save();
    tally();
    if ($("compare").open) drawCompareChoice();
  }
  const bytesOf = new Map(groups.flatMap((group) => group.cards.map((card) => [card.name, card.bytes])));
  function tally() {
    const all = groups.filter((group) => group.choosing);
    let done = 0, skipped = 0, possible = 0, bytes = 0;
    for (const group of all) {
      const state = stateOf(group);
      if (state === "done") done++;
      else if (state === "skipped") skipped++;
      possible += spaceOf(group, suggestion(group));
    }
    const going = selection().groups.flatMap((group) => group.set_aside), files = going.length;
    for (const name of going) bytes += bytesOf.get(name) || 0;
    const marked = all.reduce((sum, group) => sum + (stateOf(group) === "done" ? marksOf(group).split("x").length - 1 : 0), 0);
    const sentence = done.toLocaleString("en") + " of " + count(all.length, "group") + " decided" +
      (skipped ? ", " + skipped.toLocaleString("en") + " skipped" : "") + " \u00b7 " + (done ?
      count(files, "picture") + " to set aside \u00b7 " + size(bytes) + " to be freed" :
      "the suggestions would free " + size(possible));
    $("counts").textContent = sentence;
    $("export-counts").textContent = sentence + ".";
    $("download").disabled = !files;
    $("export-note").textContent = files ? "" : "Nothing is chosen yet: accept a suggestion, or set a picture aside.";
    if (marked > files) {
      $("export-note").textContent = count(marked - files, "picture") +
        " set aside here that another group keeps, or sets aside too, " + (marked - files === 1 ? "is" : "are") + " left out.";
    }
  }

  // -- going through the groups -------------------------------------------------------------------

  function goTo(group, card) {
    fill(group);
    current = { group, card };
    const item = articles.get(group).cards[group.cards.indexOf(card)];
    item.focus({ preventScroll: true });
    (group.cards[0] === card ? articles.get(group).article : item).scrollIntoView({ block: "nearest" });
  }
  function step(by) {
    if (!visible.length) return;
    const at = current ? visible.indexOf(current.group) : -1;
    const next = at < 0 ? (by > 0 ? 0 : visible.length - 1) : at + by;
    if (next < 0 || next >= visible.length) return say(by > 0 ? "This is the last group." : "This is the first group.");
    goTo(visible[next], visible[next].cards[0]);
  }
  function stepCard(by) {
    if (!current || !visible.includes(current.group)) return step(1);
    const cards = current.group.cards;
    goTo(current.group, cards[(cards.indexOf(current.card) + by + cards.length) % cards.length]);
  }
  function accept(group) {
    return choose(group, suggestion(group), "The suggestion for " + group.title + " is accepted.");
  }
  function acceptShown() {
    const open = visible.filter((group) => group.choosing && stateOf(group) === "open");
    for (const group of open) choices.set(group, suggestion(group));
    say("The suggestions for " + count(open.length, "group") + " are accepted.");
    changed(open);
  }

  const KEYS = {
    n: () => step(1), p: () => step(-1), ArrowRight: () => stepCard(1), ArrowLeft: () => stepCard(-1),
    "?": () => $("help").showModal(),
  };
  const CARD_KEYS = {
    c: ({ group, card }) => openCompare(group, card === group.cards[0] ? group.cards[1] : card),
    k: ({ group, card }) => keepOnly(group, card),
    x: ({ group, card }) => toggle(group, card),
    a: ({ group }) => { if (accept(group)) step(1); },
    s: ({ group }) => { choose(group, SKIPPED, group.title + " is skipped."); step(1); },
    u: ({ group }) => choose(group, null, "The choice for " + group.title + " is undone."),
  };
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, dialog")) return;
    if (event.key.length === 1 && !$("keys-on").checked) return;
    const act = KEYS[event.key], onCard = CARD_KEYS[event.key];
    if (act) act();
    else if (onCard && !current) step(1);
    else if (onCard && (current.group.choosing || event.key === "c")) onCard(current);
    else return;
    event.preventDefault();
  }

  // -- comparing two pictures ---------------------------------------------------------------------

  let compared = null, flicker = 0;
  const turnClasses = (turn) => ["right", "half", "left", "mirrored"].filter((name) =>
    (turn || "").includes({ right: "degrees right", half: "180", left: "degrees left", mirrored: "mirrored" }[name]));

  function openCompare(group, card) {
    if (!card) return say("There is no second picture to compare with.");
    fill(group);
    compared = { group, card };
    if (!$("compare").open) $("compare").showModal();
    drawCompare();
  }
  function drawCompare() {
    const { group, card } = compared;
    const [first, second] = [group.cards[0], card].map((one) => ({ card: one, shown: pictureOf(group, group.cards.indexOf(one)) || {} }));
    const turns = turnClasses(card.turn), quarter = turns.includes("right") || turns.includes("left");
    const ratio = (side) => (side.shown.width || 1) / (side.shown.height || 1);
    const ratios = [quarter ? 1 / ratio(first) : ratio(first), ratio(second)];
    const together = $("view").dataset.mode !== "side";
    [["left", first, ratios[together ? 1 : 0], turns], ["right", second, ratios[1], []]].forEach(([id, side, shape, classes]) => {
      const image = $(id), box = image.parentElement;
      box.className = ["box", ...classes, quarter && classes.length ? "quarter" : ""].join(" ").trim();
      box.style.setProperty("--ratio", shape);
      box.parentElement.style.setProperty("--ratio", shape);
      showSharp(image, side);
    });
    caption($("left-caption"), first, second, turns.length ? ", shown " + card.turn : "");
    caption($("right-caption"), second, first, "");
    $("compare-title").textContent = "Compare " + (group.cards.indexOf(card) + 1) + " of " + group.cards.length + " with the first";
    drawCompareChoice();
  }
  function showSharp(image, { card, shown }) {
    image.alt = card.label;
    if (shown.src) image.src = shown.src;
    else image.removeAttribute("src");
    image.dataset.for = card.link;
    // The original is sharper; what the browser cannot show or reach stays a thumbnail.
    if (!shown.src || location.protocol !== "file:" || !card.link.startsWith("file:")) return;
    const original = new Image();
    original.onload = () => { if (image.dataset.for === card.link) image.src = card.link; };
    original.src = card.link;
  }
  function caption(place, side, other, more) {
    const larger = (one, than) => one > than && than > 0;
    const fact = (text, better) => element("span", { className: better ? "better" : "" }, text || "");
    const parts = [
      fact(side.card.pixels || side.shown.pixels, larger(side.card.area, other.card.area)),
      fact(side.card.size || side.shown.size, larger(side.card.bytes, other.card.bytes)),
      fact(side.card.date || side.shown.date, false),
      fact(side.card.kind, false),
    ].filter((part) => part.textContent);
    place.replaceChildren(element("strong", {}, element("bdi", {}, side.card.label), more),
      ...parts.flatMap((part, at) => (at ? [" · ", part] : [part])));
  }
  function drawCompareChoice() {
    const { group, card } = compared;
    if (!group.choosing || !canChoose(card)) return $("compare-choice").replaceChildren();
    const buttons = choiceButtons(group, card);
    const letter = marksOf(group)[group.cards.indexOf(card)];
    press(buttons, stateOf(group) === "skipped" ? "" : letter === "x" ? ASIDE : KEEP, stateOf(group));
    const old = [...$("compare-choice").querySelectorAll("button")].indexOf(document.activeElement);
    $("compare-choice").className = buttons.className;
    $("compare-choice").replaceChildren(...buttons.children);
    if (old >= 0) $("compare-choice").children[old].focus();
  }
  function setMode(mode) {
    const radios = [...$("modes").querySelectorAll("input")];
    for (const radio of radios) radio.checked = radio.value === mode;
    if (radios.includes(document.activeElement)) radios.find((radio) => radio.checked).focus();
    $("view").dataset.mode = mode;
    $("mix-field").hidden = mode !== "over";
    $("swap").hidden = mode !== "flicker";
    clearInterval(flicker);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (mode === "flicker" && !still) flicker = setInterval(swap, FLICKER_MS);
    if (compared) drawCompare();
  }
  const swap = () => { $("view").classList.toggle("swapped"); };
  function swapByHand() {
    clearInterval(flicker);
    swap();
  }
  function compareStep(by) {
    const { group, card } = compared;
    const others = group.cards.slice(1);
    compared.card = others[(others.indexOf(card) + by + others.length) % others.length];
    drawCompare();
  }
  function onCompareKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inField = event.target.closest("input"); // arrows have their own meaning there
    const modes = ["side", "over", "flicker", "difference"];
    const { group, card } = compared;
    if (event.key.length === 1 && event.key !== " " && !$("keys-on").checked) return;
    if (modes[event.key - 1]) setMode(modes[event.key - 1]);
    else if (event.key === " " && $("view").dataset.mode === "flicker" && !event.target.closest("button")) swapByHand();
    else if (event.key === "ArrowRight" && !inField) compareStep(1);
    else if (event.key === "ArrowLeft" && !inField) compareStep(-1);
    else if (event.key === "k" && group.choosing) keepOnly(group, card);
    else if (event.key === "x" && group.choosing) toggle(group, card);
    else return;
    event.preventDefault();
  }
  function closeCompare() {
    clearInterval(flicker);
    goTo(compared.group, compared.card);
  }

  // -- the selection ------------------------------------------------------------------------------

  // Groups may share a picture: what one of them keeps stays, and nothing is set aside twice.
  function selection() {
    const decided = groups.filter((group) => stateOf(group) === "done");
    const named = (group, letter) => group.cards.filter((card, at) => marksOf(group)[at] === letter).map((card) => card.name);
    const kept = new Set(decided.flatMap((group) => named(group, "k")));
    const gone = new Set();
    const free = (name) => !kept.has(name) && !gone.has(name) && gone.add(name);
    return {
      imageshelf_selection: data.version,
      shelf: data.shelf,
      groups: decided.map((group) => ({ keep: named(group, "k"), set_aside: named(group, "x").filter(free) }))
        .filter((group) => group.set_aside.length),
    };
  }
  function download() {
    // JSON.stringify writes a name's lone surrogates as \udcXX, so they survive UTF-8.
    const blob = new Blob([JSON.stringify(selection(), null, 1) + "\n"], { type: "application/json" });
    const link = element("a", { href: URL.createObjectURL(blob), download: data.file });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    $("export-note").textContent = "Saved as " + data.file + " in your browser's download folder.";
  }
  async function copyCommand() {
    const text = $("command").textContent;
    try {
      await navigator.clipboard.writeText(text);
      $("export-note").textContent = "Copied.";
    } catch (problem) {
      getSelection().selectAllChildren($("command"));
      $("export-note").textContent = "Copy it with the keyboard: it is selected.";
    }
  }
  function forgetAll() {
    const some = [...choices.keys()];
    choices.clear();
    say("All choices are forgotten.");
    changed(some);
  }

  // -- start --------------------------------------------------------------------------------------

  build();
  load();
  buildTools();
  arrange();
  tally();
  tellStale();
  setMode("side");
  for (const { article } of articles.values()) observer.observe(article);
  const arrivals = new MutationObserver(pictureWaiting);
  arrivals.observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => { arrivals.disconnect(); pictureWaiting(); });
  document.addEventListener("keydown", onKey);
  addEventListener("storage", (event) => {
    if (event.key !== storageName) return;
    load();
    groups.forEach(refresh);
    tally();
  });
  $("help-open").onclick = () => $("help").showModal();
  $("export-open").onclick = () => { tally(); $("export").showModal(); };
  $("accept-all").onclick = acceptShown;
  $("download").onclick = download;
  $("forget").onclick = forgetAll;
  if ($("copy")) $("copy").onclick = copyCommand;
  $("compare").addEventListener("keydown", onCompareKey);
  $("compare").addEventListener("close", closeCompare);
  $("compare-close").onclick = () => $("compare").close();
  $("modes").addEventListener("change", (event) => setMode(event.target.value));
  $("mix").addEventListener("input", () => $("view").style.setProperty("--mix", $("mix").value / 100));
  $("swap").onclick = swapByHand;
  $("previous").onclick = () => compareStep(-1);
  $("next").onclick = () => compareStep(1);
})();
