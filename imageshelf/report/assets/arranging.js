// Filters, order, counts.

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
  for (const field of [$("state"), $("sort"), $("least"), $("kinds")]) field.addEventListener("change", arrange);
  let timer = 0;
  $("text").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(arrange, 120); });
  $("tools").addEventListener("submit", (event) => event.preventDefault());
}

function arrange() {
  const wanted = $("text").value.toLowerCase(), state = $("state").value;
  const boxes = [...$("kinds").querySelectorAll("input")];
  const off = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
  const order = ORDERS[$("sort").value];
  const least = Number($("least").value);
  visible = groups.filter((group) => {
    const kinds = [...kindsOf(group)];
    return group.asked || (group.cards.some((card) => (card.bytes || 0) >= least) &&
      (!kinds.length || kinds.some((kind) => !off.has(kind))) &&
      (!state || stateOf(group) === state) &&
      (!wanted || group.cards.some((card) => (card.folder + "/" + card.label).toLowerCase().includes(wanted))));
  });
  const place = new Map(groups.map((group, at) => [group, at]));
  visible.sort((a, b) => data.sections.indexOf(a.section) - data.sections.indexOf(b.section) ||
    order(a, b) || place.get(a) - place.get(b));
  if (current && !visible.includes(current.group)) current = null;
  drawList();
  $("nothing").hidden = visible.length > 0;
  $("nothing").textContent = groups.length ? "No " + data.nouns[0] + " matches these filters." : "There is nothing to show: no " + data.nouns[1] + " were found.";
  $("shown").textContent = visible.length === groups.length ? count(groups.length, ...data.nouns) :
    visible.length.toLocaleString("en") + " of " + count(groups.length, ...data.nouns);
  tally();
}

// The list of articles stands in batches, so that a change in one lays out few of many thousands;
// the first ones are seen before the rest is made.
let batches = []; // [section to begin, groups] of those that are not drawn yet
let drawing = 0;
function drawList() {
  batches = [];
  let section = null, batch = [];
  for (const group of visible) {
    const begins = group.section !== section;
    if (begins || batch.length === BATCH) batches.push([begins && group.section, batch = []]);
    section = group.section;
    batch.push(group);
  }
  $("list").replaceChildren(...batches.splice(0, FIRST_BATCHES).flatMap(drawBatch));
  drawLater();
}
function drawBatch([section, some]) {
  const batch = element("div", { className: "batch" }, ...some.map(articleOf));
  batch.style.containIntrinsicHeight = "auto " + 31 * some.length + "rem";
  return section ? [element("h2", { className: "section" }, section), batch] : [batch];
}
function drawLater() {
  clearTimeout(drawing);
  if (batches.length) requestAnimationFrame(() => { drawing = setTimeout(() => drawBatches(BATCHES)); });
}
function drawBatches(number) {
  $("list").append(...batches.splice(0, number).flatMap(drawBatch));
  drawLater();
}
const drawRest = () => drawBatches(batches.length);

function changed(some) {
  $("back").hidden = !undoable;
  for (const group of some) refresh(group);
  save();
  tally();
  if ($("compare").open) drawCompareChoice();
}
const toGo = { pictures: 0 };
const bytesOf = new Map(groups.flatMap((group) => group.cards.map((card) => [card.name, card.bytes])));
function tally() {
  const all = groups.filter((group) => group.choosing);
  let done = 0, skipped = 0, possible = 0, bytes = 0;
  for (const group of all) {
    const state = stateOf(group);
    if (state === "done") done++;
    else if (state === "skipped") skipped++;
    possible += suggestedSpace(group);
  }
  const going = selection().groups.flatMap((group) => group.set_aside), files = going.length;
  for (const name of going) bytes += bytesOf.get(name) || 0;
  const marked = all.reduce((sum, group) => sum + (stateOf(group) === "done" ? marksOf(group).split("x").length - 1 : 0), 0);
  const sentence = done.toLocaleString("en") + " of " + count(all.length, "group") + " decided" +
    (skipped ? ", " + skipped.toLocaleString("en") + " skipped" : "") + " \u00b7 " + (done ?
    count(files, "picture") + " to set aside \u00b7 " + size(bytes) + " to be freed" :
    "the suggestions would free " + size(possible));
  $("counts").textContent = sentence;
  const open = openShown(), space = open.reduce((sum, group) => sum + suggestedSpace(group), 0);
  $("accept-all").disabled = !open.length;
  $("accept-all").textContent = "Accept " + (open.length ? count(open.length, "group") + " shown \u00b7 " + size(space) : "all shown");
  toGo.pictures = files;
  if ($("apply")) drawApply();
  if (!$("export-open")) return;
  $("export-counts").textContent = sentence + ".";
  $("download").disabled = !files;
  $("export-note").textContent = files ? "" : "Nothing is chosen yet: accept a suggestion, or set a picture aside.";
  if (marked > files) {
    $("export-note").textContent = count(marked - files, "picture") +
      " set aside here that another group keeps, or sets aside too, " + (marked - files === 1 ? "is" : "are") + " left out.";
  }
}
