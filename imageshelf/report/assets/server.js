// The server: what the page asks it and tells it, and the choices that it keeps.

async function request(path, options) {
  const answer = await fetch(path, { credentials: "same-origin", ...options });
  if (!answer.ok) throw Object.assign(new Error((await answer.text()).trim()), { status: answer.status });
  return answer;
}
const ask = async (path) => (await request(path)).json();
const tell = (path, told = {}) => request(path, {
  method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(told),
});

let news = data.live.news;
const byKey = new Map();
const saved = new Map(); // group -> marks that the server has; none for an undecided group
function load() {
  for (const group of groups) if (group.choosing) byKey.set(group.key, group);
  for (const [key, marks] of data.live.choices) {
    const group = byKey.get(key);
    if (!group || (marks !== DIFFERENT && !fits(group, marks))) continue;
    choices.set(group, marks);
    saved.set(group, marks);
  }
}
let saving = null;
function save() {
  saving ||= saveAll().finally(() => { saving = null; });
  return saving;
}
async function saveAll() {
  await null; // all that changes at once is told at once
  for (;;) {
    const changes = [...byKey.values()].filter((group) =>
      choices.get(group) !== saved.get(group) && ![choices.get(group), saved.get(group)].includes(DIFFERENT));
    if (!changes.length) return;
    const sent = changes.map((group) => [group.key, choices.get(group) ?? "-"]);
    try {
      await tell("/decide", { revision: data.live.revision, changes: sent });
    } catch (problem) {
      return notice("Choices could not be saved: " + problem.message);
    }
    for (const [key, marks] of sent) setMarks(saved, byKey.get(key), marks);
  }
}
const setMarks = (map, group, marks) => (marks === "-" ? map.delete(group) : map.set(group, marks));

// Another tab, or another program, has decided: what is not yet told from here counts more.
function decidedElsewhere(decided) {
  const some = [];
  for (const [key, marks] of decided) {
    const group = byKey.get(key);
    if (!group || (marks.length > 1 && !fits(group, marks))) continue;
    const mine = choices.get(group), told = saved.get(group);
    setMarks(saved, group, marks);
    if (mine !== told || mine === saved.get(group)) continue;
    setMarks(choices, group, marks);
    some.push(group);
  }
  some.forEach(refresh);
  if (some.length) tally();
  if (decided.length) save();
}
async function tellApart(group, forget, before) {
  try {
    await tell("/not-duplicates", { revision: data.live.revision, group: group.key, forget });
  } catch (problem) {
    put(group, before);
    changed([group]);
    say(problem.message);
  }
}
const tellStale = () => {};
