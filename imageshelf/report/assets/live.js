// What only the live page has: work with its progress, applying and undoing, a picture to ask for.

const post = async (path, told) => {
  try {
    return await tell(path, told);
  } catch (problem) {
    say(problem.message);
    return null;
  }
};

function drawApply() {
  const action = $("action").selectedOptions[0].textContent;
  $("apply").disabled = !toGo.pictures || Boolean(news.job);
  $("apply").textContent = toGo.pictures ? "Apply: " + count(toGo.pictures, "picture") + " " + action : "Apply";
}
async function apply() {
  await save();
  post("/apply", {
    revision: data.live.revision, pictures: toGo.pictures, action: $("action").value, take_over: $("take-over").checked,
  });
}

function draw() {
  $("job").hidden = !news.job;
  $("job-stage").textContent = news.job ? news.job.stage + "\u2026 " + (news.job.share ? Math.floor(news.job.share * 100) + " %" : "") : "";
  if (news.job && news.job.share) $("job-share").value = news.job.share;
  else $("job-share").removeAttribute("value");
  for (const id of ["look", "index"]) $(id).disabled = Boolean(news.job);
  drawApply();
  const outcome = news.outcome;
  $("outcome").hidden = !outcome || !outcome.sentence;
  if (outcome && outcome.sentence) drawOutcome(outcome);
  $("stale").hidden = !news.stale;
  if (news.kept) notice(news.kept);
}
function drawOutcome({ sentence, details, run, set_aside, problem }) {
  const text = JSON.stringify([sentence, details, run]);
  if ($("outcome").dataset.shown === text) return;
  $("outcome").dataset.shown = text;
  $("outcome").classList.toggle("problem", problem);
  const button = (words, act) => Object.assign(element("button", { type: "button" }, words), { onclick: act });
  $("outcome").replaceChildren(element("p", { role: "status" }, sentence),
    ...(details.length ? [element("details", {}, element("summary", {}, count(details.length, "file") + " and why"),
      element("ul", {}, ...details.map((one) => element("li", {}, one))))] : []),
    ...(run ? [button("Undo this clean-up", () => post("/undo", { run }))] : []),
    ...(run && set_aside ? [" ", button("Free the space\u2026", () => openPurge(run))] : []));
}

async function listen() {
  for (let failed = 0; ;) {
    try {
      const since = new URLSearchParams({ seen: news.seen, tick: news.tick, revision: news.revision, stale: news.stale });
      const told = await ask("/state?" + since);
      failed = 0;
      news = told;
    } catch (problem) {
      if (problem.status || ++failed > 2) {
        notice("The server has stopped. Run imageshelf review again: your choices are kept, and unfinished work is then completed or undone.");
        return;
      }
      await new Promise((resolve) => { setTimeout(resolve, 500); });
      continue;
    }
    decidedElsewhere(news.decided);
    draw();
    if (news.revision !== data.live.revision && !news.job) {
      await save();
      location.reload();
      return;
    }
  }
}

// History and purge.
async function openHistory() {
  let runs;
  try {
    runs = await ask("/history");
  } catch (problem) {
    return say(problem.message);
  }
  const button = (words, run, act) => {
    const made = element("button", { type: "button", "aria-label": words + ": clean-up " + run.run }, words);
    made.onclick = () => { $("history").close(); act(run.run); };
    return made;
  };
  $("history-list").replaceChildren(...runs.map((run) => element("li", {},
    element("p", {}, "Clean-up " + run.run + ", " + new Date(run.started).toLocaleString("en-GB") + ": " +
      count(run.done + run.undone + run.purged, "file") + " " + run.action +
      (run.undone ? ", " + run.undone + " back" : "") + (run.purged ? ", " + run.purged + " deleted for good" : "")),
    ...(run.folder ? [element("p", { className: "folder" }, element("bdi", {}, run.folder))] : []),
    ...run.unfinished.map((one) => element("p", { className: "warning" }, one)),
    run.ours ? "" : element("p", { className: "quiet" }, "Not made by you on this computer."),
    ...(run.ours && run.done ? [button("Undo", run, (number) => post("/undo", { run: number })), " ",
      ...(run.action === "set aside" ? [button("Free the space\u2026", run, openPurge)] : [])] : []))));
  $("history-none").hidden = runs.length > 0;
  $("history").showModal();
}
let purged = null;
async function openPurge(run) {
  try {
    const outlook = await ask("/purge/" + run);
    purged = { run, files: outlook.files };
    $("purge-told").textContent = outlook.sentence;
    $("purge-left").replaceChildren(...outlook.left.map((one) => element("li", {}, one)));
    $("purge-do").disabled = !outlook.files;
    $("purge").showModal();
  } catch (problem) {
    say(problem.message);
  }
}

// A picture to ask for.
async function search(file) {
  if (!file) return;
  if (file.size > MOST_ASKED) return say("This picture is too large: the limit is 64 MB.");
  say("Searching\u2026");
  try {
    const answer = await request("/search", {
      method: "POST", headers: { "content-type": "application/octet-stream" }, body: file,
    });
    addAnswer(await answer.json());
  } catch (problem) {
    say(problem.message);
  }
}
function addAnswer(group) {
  group.asked = true;
  linkCards(group);
  Object.assign(group.cards[0], { label: "Your picture", folder: "" });
  groups.unshift(group);
  if (!data.sections.includes(group.section)) data.sections.unshift(group.section);
  arrange();
  goTo(group, group.cards[0]);
  say(group.cards.length > 1 ? count(group.cards.length - 1, "picture") + " on the shelf." : group.note);
}

draw();
listen();
$("action").onchange = drawApply;
$("apply").onclick = apply;
$("look").onclick = () => post("/look");
$("look-again").onclick = () => post("/look");
$("index").onclick = () => post("/index");
$("stop").onclick = () => post("/stop");
$("history-open").onclick = openHistory;
$("purge-do").onclick = () => { $("purge").close(); post("/purge", purged); };
$("pick").onchange = () => { search($("pick").files[0]); $("pick").value = ""; };
document.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
  if (file) { event.preventDefault(); search(file); }
});
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("dropping", kind === "dragover");
    if (kind === "drop") search(event.dataTransfer.files[0]);
  });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
