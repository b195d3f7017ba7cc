// Start.

load();
buildTools();
arrange();
tally();
tellStale();
setMode("side");
document.addEventListener("keydown", onKey);
addEventListener("beforeprint", () => { drawRest(); visible.forEach(fill); });
$("help-open").onclick = () => $("help").showModal();
$("accept-all").onclick = acceptShown;
$("back").onclick = takeBack;
$("folders-open").onclick = openFolders;
$("folders-do").onclick = decideFolders;
for (const field of [$("stays"), $("goes")]) field.onchange = tellFolders;
$("regions-on").onchange = () => {
  for (const outlines of [$("regions"), $("first-regions")]) outlines.hidden = !$("regions-on").checked;
};
$("compare").addEventListener("keydown", onCompareKey);
$("compare").addEventListener("close", closeCompare);
$("compare-close").onclick = () => $("compare").close();
$("modes").addEventListener("change", (event) => setMode(event.target.value));
$("mix").addEventListener("input", () => $("view").style.setProperty("--mix", $("mix").value / 100));
$("swap").onclick = swapByHand;
$("previous").onclick = () => compareStep(-1);
$("next").onclick = () => compareStep(1);
