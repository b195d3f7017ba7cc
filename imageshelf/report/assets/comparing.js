// Comparing two pictures.

const MOST_TOGETHER = 12;
let compared = null, flicker = 0;
const turnClasses = (turn) => ["right", "half", "left", "mirrored"].filter((name) =>
  (turn || "").includes({ right: "degrees right", half: "180", left: "degrees left", mirrored: "mirrored" }[name]));

function openCompare(group, card) {
  if (!card) return say("There is no second picture to compare with.");
  fill(group);
  compared = { group, card };
  if (!$("compare").open) $("compare").showModal();
  fit();
  drawCompare();
}
function drawCompare() {
  const { group, card } = compared;
  const [first, second] = [group.cards[0], card].map((one) => ({ card: one, shown: pictureOf(group, group.cards.indexOf(one)) || {} }));
  const turns = turnClasses(card.turn), quarter = turns.includes("right") || turns.includes("left");
  const ratio = (side) => (side.shown.width || 1) / (side.shown.height || 1);
  const ratios = [quarter ? 1 / ratio(first) : ratio(first), ratio(second)];
  const together = !["side", "all"].includes($("view").dataset.mode);
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
  const told = outline("regions", second, card.regions || []) + outline("first-regions", first, card.inFirst || []);
  $("regions-told").textContent = card.inFirst ? "Outline what both show" : "Outline the differences";
  $("regions-field").hidden = !told;
  drawOthers(group, card);
  drawCompareChoice();
}

// Rectangles over a picture, in its own pixels; returns how many there are.
function outline(id, { card, shown }, regions) {
  const [width, height] = sizeOf(card.pixels || shown.pixels), told = width && height ? regions : [];
  $(id).replaceChildren(...told.map(([x, y, across, down]) => {
    const region = element("span", { className: "region" });
    Object.entries({ left: x / width, top: y / height, width: across / width, height: down / height })
      .forEach(([name, share]) => { region.style[name] = share * 100 + "%"; });
    return region;
  }));
  return told.length;
}
const sizeOf = (pixels) => (pixels || "").split(" \u00d7 ").map(Number);

// All pictures of the group beside the two, as many as can be seen.
function drawOthers(group, card) {
  for (const extra of [...$("view").querySelectorAll(".extra")]) extra.remove();
  if ($("view").dataset.mode !== "all") return;
  const others = group.cards.filter((one) => one !== group.cards[0] && one !== card).slice(0, MOST_TOGETHER - 2);
  for (const one of others) {
    const side = { card: one, shown: pictureOf(group, group.cards.indexOf(one)) || {} };
    const image = element("img", {}), box = element("div", { className: "box" }, image);
    const frame = element("div", { className: "frame extra" }, box, element("p", { className: "blurred", hidden: true }), element("p", { className: "below" }, nameOf(group, one)));
    for (const part of [box, frame]) part.style.setProperty("--ratio", (side.shown.width || 1) / (side.shown.height || 1));
    showSharp(image, side);
    $("view").append(frame);
  }
}
function showSharp(image, { card, shown }) {
  image.alt = card.label;
  const note = image.closest(".frame").querySelector(".blurred");
  note.textContent = "Enlarged thumbnail";
  note.hidden = !shown.src;
  if (shown.src) image.src = shown.src;
  else image.removeAttribute("src");
  image.dataset.for = card.link;
  // The original is sharper; what the browser cannot show or reach stays a thumbnail.
  if (!shown.src || !canOpen(card) || (card.link.startsWith("file:") && location.protocol !== "file:")) return;
  const original = new Image();
  original.onload = () => {
    if (image.dataset.for !== card.link) return;
    image.src = card.link;
    note.hidden = original.naturalWidth * original.naturalHeight >= (card.area || 0) * 0.98;
    note.textContent = "Reduced to " + original.naturalWidth + " \u00d7 " + original.naturalHeight;
  };
  original.src = card.link;
}
function caption(place, side, other, more) {
  const larger = (one, than) => one > than && than > 0;
  const fact = (text, better) => element("span", { className: better ? "better" : "" }, text || "");
  const parts = [
    fact(side.card.pixels || side.shown.pixels, larger(side.card.area, other.card.area)),
    fact(side.card.size || side.shown.size, larger(side.card.bytes, other.card.bytes)),
    fact(side.card.date || side.shown.date || side.card.written, false),
    fact(side.card.kind, false),
  ].filter((part) => part.textContent);
  place.replaceChildren(element("strong", {}, element("bdi", {}, nameOf(compared.group, side.card)), more),
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
  const modes = ["side", "over", "flicker", "difference", "all"];
  const { group, card } = compared;
  if (event.key.length === 1 && event.key !== " " && !$("keys-on").checked) return;
  if (modes[event.key - 1]) setMode(modes[event.key - 1]);
  else if (event.key === " " && $("view").dataset.mode === "flicker" && !event.target.closest("button")) swapByHand();
  else if (event.shiftKey && SHIFTED_KEYS[event.key] && !inField) SHIFTED_KEYS[event.key]();
  else if (ZOOM_KEYS[event.key] && !inField) ZOOM_KEYS[event.key]();
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
