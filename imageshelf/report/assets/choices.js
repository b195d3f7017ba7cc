// Choices.

const canChoose = (card) => card.role === KEEP || card.role === ASIDE;
const suggestion = (group) => group.suggested ??= group.cards // asked for often, of every group
  .map((card) => (canChoose(card) ? (card.role === ASIDE ? "x" : "k") : ".")).join("");
const suggestedSpace = (group) => group.space ??= spaceOf(group, suggestion(group));
const marksOf = (group) => {
  const chosen = choices.get(group);
  if (chosen === DIFFERENT) return suggestion(group).replaceAll("x", "k");
  return chosen && chosen !== SKIPPED ? chosen : suggestion(group);
};
const stateOf = (group) => {
  const chosen = choices.get(group);
  return !chosen ? "open" : chosen === SKIPPED ? "skipped" : "done";
};
const spaceOf = (group, marks = marksOf(group)) => group.cards
  .reduce((sum, card, at) => sum + (marks[at] === "x" ? card.bytes || 0 : 0), 0);
const fits = (group, marks) => marks === SKIPPED ||
  (marks.length === group.cards.length && marks.includes("k") &&
    group.cards.every((card, at) => (canChoose(card) ? "kx" : ".").includes(marks[at])));

let undoable = null; // [group, marks before], of the last change
function put(group, marks) {
  if (marks === null) choices.delete(group);
  else choices.set(group, marks);
}
function choose(group, marks, sentence) {
  if (marks !== null && !fits(group, marks)) {
    say("At least one picture of a group is kept.");
    return false;
  }
  const before = choices.get(group) ?? null;
  if (before === DIFFERENT) tellApart(group, true, null);
  undoable = before === DIFFERENT ? null : [[group, before]];
  put(group, marks);
  say(sentence);
  changed([group]);
  return true;
}
function keepOnly(group, card) {
  if (!canChoose(card)) return say("This picture is only shown, it cannot be chosen.");
  choose(group, group.cards.map((one) => (canChoose(one) ? (one === card ? "k" : "x") : "."))
    .join(""), "Only " + card.label + " is kept.");
}
function mark(group, card, letter) {
  if (!canChoose(card)) return say("This picture is only shown, it cannot be chosen.");
  const marks = [...marksOf(group)];
  marks[group.cards.indexOf(card)] = letter;
  choose(group, marks.join(""), card.label + (letter === "k" ? " is kept." : " is set aside."));
}
const toggle = (group, card) =>
  mark(group, card, marksOf(group)[group.cards.indexOf(card)] === "x" ? "k" : "x");
