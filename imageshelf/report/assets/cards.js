// The card of a picture: what is said of it, and its two buttons.

const canOpen = (card) => card.link.startsWith("file:") || card.link.startsWith("/picture/");
// Two pictures of one name are told apart by their folders.
const nameOf = (group, card) => group.cards.some((one) => one !== card && one.label === card.label) ?
  card.label + " in " + card.folder : card.label;

function drawCard(group, card) {
  const link = element(card.link ? "a" : "div", { className: "picture" });
  if (canOpen(card)) {
    link.href = card.link;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.setAttribute("aria-label", "Open " + nameOf(group, card));
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
  return element("div", { className: "choice", role: "group", "aria-label": nameOf(group, card) }, keep, aside);
}

function refresh(group) {
  const place = articles.get(group);
  if (!place || !place.filled) return;
  const state = stateOf(group), marks = marksOf(group);
  place.article.dataset.done = state;
  place.article.querySelector(".state").textContent =
    !group.choosing ? "" : choices.get(group) === DIFFERENT ? "\u2713 not duplicates" :
      { open: "", done: "\u2713 decided", skipped: "skipped" }[state];
  place.cards.forEach((item, at) => {
    const card = group.cards[at];
    const shown = pictureOf(group, at) || {};
    const said = state === "skipped" || !group.choosing ? "" : marks[at] === "x" ? ASIDE : marks[at] === "k" ? KEEP : "";
    if (said) item.dataset.choice = said;
    else delete item.dataset.choice;
    const buttons = item.querySelector(".choice");
    if (buttons) {
      press(buttons, said, state);
      buttons.setAttribute("aria-label", nameOf(group, card) + (state === "open" ? ", as suggested" : ""));
    }
    const told = said && (state === "open" ? said + ", as suggested" : said);
    item.setAttribute("aria-label", [nameOf(group, card), card.role === "query" ? "query" : told, card.kind,
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
