// Deciding many groups at once: those that are shown and undecided, never one that a filter hides.

const openShown = () => visible.filter((group) => group.choosing && stateOf(group) === "open");

function decideAll(some, marks, sentence) {
  undoable = some.map((group) => [group, null]);
  for (const group of some) choices.set(group, marks(group));
  say(sentence + " " + count(some.length, "group") + ". z takes that back.");
  changed(some);
}
const acceptShown = () => decideAll(openShown(), suggestion, "The suggestions are accepted for");

function takeBack() {
  if (!undoable) return say("There is nothing to take back.");
  const before = undoable.filter(([group]) => choices.get(group) !== DIFFERENT); // meanwhile, in another tab
  undoable = null;
  for (const [group, marks] of before) put(group, marks);
  say("Taken back: " + count(before.length, "group") + ".");
  changed(before.map(([group]) => group));
}

// By folders: copies in one folder stay, those in another go. What was suggested for the rest holds.
function folderMarks(group) {
  const stays = $("stays").value, goes = $("goes").value;
  const suggested = suggestion(group);
  const letters = group.cards.map((card, at) => {
    if (!canChoose(card) || (at && card.role === KEEP)) return suggested[at]; // it stays for a reason
    return card.folder === stays ? "k" : card.folder === goes ? "x" : suggested[at];
  });
  const both = [stays, goes].every((folder) => group.cards.some((card) => canChoose(card) && card.folder === folder));
  const marks = letters.join("");
  return both && stays !== goes && marks.includes("x") && fits(group, marks) ? marks : "";
}
const byFolders = () => openShown().filter((group) => group.section === "Copies" && folderMarks(group));

function openFolders() {
  const folders = new Map();
  for (const group of openShown()) {
    for (const card of group.cards) if (canChoose(card)) folders.set(card.folder, (folders.get(card.folder) || 0) + 1);
  }
  const most = [...folders].sort((a, b) => b[1] - a[1]).map(([folder]) => folder);
  for (const [id, first] of [["stays", 0], ["goes", 1]]) {
    $(id).replaceChildren(...most.map((folder) => element("option", { value: folder || "" }, folder || "")));
    $(id).selectedIndex = Math.min(first, most.length - 1);
  }
  tellFolders();
  $("by-folder").showModal();
}
function tellFolders() {
  const some = byFolders();
  const pictures = some.reduce((sum, group) => sum + folderMarks(group).split("x").length - 1, 0);
  const bytes = some.reduce((sum, group) => sum + spaceOf(group, folderMarks(group)), 0);
  $("folders-count").textContent = some.length ? count(some.length, "undecided group") + " shown: " +
    count(pictures, "picture") + " to set aside, " + size(bytes) + "." :
    "No undecided group that is shown has copies in both.";
  $("folders-do").disabled = !some.length;
}
function decideFolders() {
  $("by-folder").close();
  decideAll(byFolders(), folderMarks, "Decided by folder:");
}
