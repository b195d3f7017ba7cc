// Start.

build();
load();
buildTools();
arrange();
tally();
tellStale();
setMode("side");
for (const { article } of articles.values()) observer.observe(article);
const arrivals = new MutationObserver(pictureWaiting);
arrivals.observe(document.documentElement, { childList: true, subtree: true });
document.addEventListener("DOMContentLoaded", () => { arrivals.disconnect(); pictureWaiting(); });
document.addEventListener("keydown", onKey);
addEventListener("storage", (event) => {
  if (event.key !== storageName) return;
  load();
  groups.forEach(refresh);
  tally();
});
$("help-open").onclick = () => $("help").showModal();
$("export-open").onclick = () => { tally(); $("export").showModal(); };
$("accept-all").onclick = acceptShown;
$("download").onclick = download;
$("forget").onclick = forgetAll;
if ($("copy")) $("copy").onclick = copyCommand;
if ($("take-over")) $("take-over").onchange = takeOver;
$("compare").addEventListener("keydown", onCompareKey);
$("compare").addEventListener("close", closeCompare);
$("compare-close").onclick = () => $("compare").close();
$("modes").addEventListener("change", (event) => setMode(event.target.value));
$("mix").addEventListener("input", () => $("view").style.setProperty("--mix", $("mix").value / 100));
$("swap").onclick = swapByHand;
$("previous").onclick = () => compareStep(-1);
$("next").onclick = () => compareStep(1);
