// The document.

const articles = new Map(); // group -> {article, filled}
const kindsOf = (group) => new Set(group.cards.map((card) => card.kind).filter(Boolean));

function articleOf(group) {
  if (!articles.has(group)) buildGroup(group);
  return articles.get(group).article;
}
function buildGroup(group) {
  const at = group.ref;
  const heading = element(group.section ? "h3" : "h2", { id: "g" + at }, element("bdi", {}, group.title), " ",
    element("small", {}, count(group.cards.length, "picture")));
  const article = element("article", { className: "group", "aria-labelledby": "g" + at },
    element("div", { className: "group-head" }, heading));
  articles.set(group, { article, at, filled: false, pictured: 0 });
  groupOf.set(article, group);
  observer.observe(article);
}
const groupOf = new Map();

function fill(group) {
  const place = articles.get(group);
  if (place.filled) return;
  place.filled = true;
  const head = place.article.firstChild;
  const button = (text, act) => {
    const made = element("button", { type: "button", className: "plain", "aria-label": text + ": " + group.title }, text);
    made.onclick = act;
    return made;
  };
  head.append(element("span", { className: "state" }));
  if (group.choosing) {
    head.append(...[
      button("Accept", () => accept(group)),
      button("Keep all", () => keepAll(group)),
      data.live ? button("Not duplicates", () => different(group)) : "",
      button("Skip", () => choose(group, SKIPPED, group.title + " is skipped.")),
      button("Undo", () => choose(group, null, "The choice for " + group.title + " is undone."))].filter(Boolean));
  }
  if (group.cards.length > 1) {
    const another = group.cards.slice(1).find((card) => card.kind !== "same file") || group.cards[1];
    head.append(button("Compare", () => openCompare(group, another)));
  }
  if (group.note) place.article.append(element("p", { className: "quiet" }, group.note));
  place.cards = []; // those drawn so far
  place.list = element("ul", { className: "cards" });
  place.article.append(place.list);
  drawTo(group, PORTION);
  picture(group);
}

// A group of thousands is drawn in portions, the next one when its end comes near.
function drawTo(group, least) {
  const place = articles.get(group), start = place.cards.length;
  const fresh = group.cards.slice(start, Math.max(least, start)).map((card) => drawCard(group, card));
  if (!fresh.length) return;
  place.cards.push(...fresh);
  place.list.append(...fresh);
  const left = group.cards.length - place.cards.length;
  if (place.more) place.more.remove();
  place.more = left ? element("button", { type: "button", className: "more" }, "Show more of the " + count(left, "picture") + " left") : null;
  if (left) {
    place.more.onclick = () => drawMore(group);
    place.article.append(place.more);
    endings.observe(place.more);
    groupOf.set(place.more, group);
  }
  if (unpacked.has(group)) picture(group);
  else refresh(group);
}
function drawMore(group) {
  const drawn = articles.get(group).cards.length, focused = document.activeElement === articles.get(group).more;
  drawTo(group, drawn + PORTION);
  if (focused) goTo(group, group.cards[drawn]);
}
const endings = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting && entry.target.isConnected) drawMore(groupOf.get(entry.target));
}, { rootMargin: AHEAD });
