// The selection.

// Groups may share a picture: what one of them keeps stays, and nothing is set aside twice.
function selection() {
  const decided = groups.filter((group) => stateOf(group) === "done" && choices.get(group) !== DIFFERENT);
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
function takeOver() {
  const command = $("command"), without = command.textContent.replace(/ --take-over$/, "");
  command.textContent = without + ($("take-over").checked ? " --take-over" : "");
}
async function copyCommand() {
  const text = $("command").textContent;
  try {
    await navigator.clipboard.writeText(text);
    $("export-note").textContent = "Copied.";
  } catch (problem) {
    getSelection().selectAllChildren($("command"));
    $("export-note").textContent = "It is selected: copy it with the keyboard.";
  }
}
function forgetAll() {
  const some = [...choices.keys()];
  choices.clear();
  say("All choices are forgotten.");
  changed(some);
}
if ($("export-open")) {
  $("export-open").onclick = () => { tally(); $("export").showModal(); };
  $("download").onclick = download;
  $("forget").onclick = forgetAll;
  if ($("copy")) $("copy").onclick = copyCommand;
  if ($("take-over")) $("take-over").onchange = takeOver;
}
