// Choices kept in the browser.

const tellApart = () => {}; // only a server can remember that

function load() {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(storageName) || "null");
  } catch (problem) {
    if (problem instanceof SyntaxError) notice("The choices stored in this browser are damaged and were ignored.");
    else notice("This browser stores nothing for this page: export your choices before you close it.");
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
    notice("This browser cannot store more choices: export them before you close the page.");
  }
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
addEventListener("storage", (event) => {
  if (event.key !== storageName) return;
  load();
  groups.forEach(refresh);
  tally();
});
