// Notices.

function notice(sentence, ...more) {
  for (const old of $("notices").children) if (old.firstChild.textContent === sentence) return;
  $("notices").append(element("div", { className: "notice", role: "status" }, element("p", {}, sentence), ...more));
}
