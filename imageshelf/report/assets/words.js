// Names are data: they reach the document as text and as properties, never as markup.
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
if ($("live")) data.live = JSON.parse($("live").textContent);
const groups = data.groups;
groups.forEach((group, at) => { group.ref = String(at); linkCards(group); });
// Pictures are opened from their files, or by the server, which knows them by their numbers.
function linkCards(group) {
  group.cards.forEach((card, at) => {
    card.link = data.live ? ["/picture", data.live.revision, group.ref, at].join("/") : card.link || "";
  });
}
const KEEP = "keep", ASIDE = "set aside", SKIPPED = "s", DIFFERENT = "n";
const AHEAD = "900px"; // how far before it comes into view a group is filled
const MOST_ASKED = 64 * 2 ** 20; // bytes of a picture to ask for
const HELD_FRAMES = 20; // for which a group that was gone to is kept in view
const PORTION = 120; // cards of a group that are drawn at a time
const BATCH = 40, FIRST_BATCHES = 2, BATCHES = 10; // groups in a batch; batches drawn at first, and at a time
const FLICKER_MS = 600; // below three changes a second
const STALE_SHOWN = 20;
const storageName = "imageshelf " + data.subject;

const choices = new Map(); // group -> "s", "n", or a letter a card: k keep, x set aside, . neither
let stale = []; // [key, marks, title] of choices whose groups are not here any more
let visible = []; // groups, filtered and sorted
let current = null; // {group, card} that the keys act on

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}
const ENGLISH = new Intl.NumberFormat("en");
const count = (number, noun, plural = noun + "s") =>
  ENGLISH.format(number) + " " + (number === 1 ? noun : plural);
function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  for (; Math.round(bytes) >= 1000 && at < units.length - 1; at++) bytes /= 1000;
  return bytes.toFixed(at && bytes < 10 ? 1 : 0) + " " + units[at];
}
const say = (sentence) => { $("said").textContent = sentence; };
