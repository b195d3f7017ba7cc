// Going through the groups.

function goTo(group, card) {
  if (!articleOf(group).isConnected) drawRest();
  fill(group);
  current = { group, card };
  const at = group.cards.indexOf(card);
  drawTo(group, at + 1);
  const item = articles.get(group).cards[at];
  item.focus({ preventScroll: true });
  const show = () => (group.cards[0] === card ? articles.get(group).article : item).scrollIntoView({ block: "nearest" });
  show();
  // What comes into view gets its true height, and may push this out of view again.
  const hold = (frames) => requestAnimationFrame(() => {
    if (!frames || !current || current.card !== card) return;
    if (!isSeen(current)) show();
    hold(frames - 1);
  });
  hold(HELD_FRAMES);
}
function isSeen({ group, card }) {
  const box = articles.get(group).cards[group.cards.indexOf(card)].getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}
const stepOn = () => { if (visible.at(-1) !== current.group) step(1); };
function step(by) {
  if (!visible.length) return;
  const at = current ? visible.indexOf(current.group) : -1;
  const next = at < 0 ? (by > 0 ? 0 : visible.length - 1) : at + by;
  if (next < 0 || next >= visible.length) return say(by > 0 ? "This is the last " + data.nouns[0] + "." : "This is the first " + data.nouns[0] + ".");
  goTo(visible[next], visible[next].cards[0]);
}
function stepCard(by) {
  if (!current || !visible.includes(current.group)) return step(1);
  const cards = current.group.cards;
  goTo(current.group, cards[(cards.indexOf(current.card) + by + cards.length) % cards.length]);
}
function accept(group) {
  if (stateOf(group) !== "open") return say(group.title + " is already decided; u undoes that."), true;
  return choose(group, suggestion(group), "The suggestion for " + group.title + " is accepted.");
}
const keepAll = (group) => choose(group, suggestion(group).replaceAll("x", "k"), "All pictures of " + group.title + " are kept.");
function different(group) {
  const before = choices.get(group) ?? null;
  if (before === DIFFERENT) return;
  if (!choose(group, suggestion(group).replaceAll("x", "k"), group.title + ": remembered as no duplicates.")) return;
  choices.set(group, DIFFERENT);
  undoable = null; // u takes it back, and only a server can
  changed([group]);
  tellApart(group, false, before);
}

const KEYS = {
  n: () => step(1), p: () => step(-1), ArrowRight: () => stepCard(1), ArrowLeft: () => stepCard(-1),
  z: () => takeBack(),
  "?": () => $("help").showModal(),
};
const CARD_KEYS = {
  c: ({ group, card }) => openCompare(group, card === group.cards[0] ? group.cards[1] : card),
  k: ({ group, card }) => keepOnly(group, card),
  x: ({ group, card }) => toggle(group, card),
  a: ({ group }) => { if (accept(group)) stepOn(); },
  e: ({ group }) => { keepAll(group); stepOn(); },
  d: ({ group }) => { if (data.live) { different(group); stepOn(); } },
  s: ({ group }) => { choose(group, SKIPPED, group.title + " is skipped."); stepOn(); },
  u: ({ group }) => choose(group, null, "The choice for " + group.title + " is undone."),
};
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, dialog")) return;
  if (event.key.length === 1 && !$("keys-on").checked) return;
  const act = KEYS[event.key], onCard = CARD_KEYS[event.key];
  if (act) act();
  else if (onCard && !current) step(1);
  else if (onCard && !isSeen(current)) goTo(current.group, current.card); // nothing is decided unseen
  else if (onCard && (current.group.choosing || event.key === "c")) onCard(current);
  else return;
  event.preventDefault();
}
