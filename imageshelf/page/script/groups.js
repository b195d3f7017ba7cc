// The document.

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
    const told = said && (state === "open" ? said + ", as suggested" : said);
    item.setAttribute("aria-label", [card.label, card.role === "query" ? "query" : told, card.kind,
      card.pixels || shown.pixels, card.size || shown.size].filter(Boolean).join(", "));
    spans(item.querySelector(".measures"), [card.pixels || shown.pixels, card.size || shown.size, card.date || shown.date || card.written]);
    const badges = [];
    if (!canChoose(card) && card.role && card.role !== "beside") badges.push(element("span", { className: "badge" }, card.role));
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
