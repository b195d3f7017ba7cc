// Thumbnails: a block for each group, after this script; the page may still be loading.

const waiting = new Set();
const unpacked = new Map();

function blockOf(group) {
  if (unpacked.has(group)) return unpacked.get(group);
  const block = $("t" + articles.get(group).at);
  const complete = block && (block.nextElementSibling || document.readyState !== "loading");
  if (!complete) return null;
  const pictures = JSON.parse(block.textContent);
  unpacked.set(group, pictures);
  block.textContent = ""; // one copy is enough
  return pictures;
}
const pictureOf = (group, at) => (unpacked.get(group) || [])[at];

function picture(group) {
  const place = articles.get(group);
  const pictures = blockOf(group);
  if (!pictures) {
    if (document.readyState === "loading") waiting.add(group);
    return;
  }
  waiting.delete(group);
  for (; place.pictured < place.cards.length; place.pictured++) {
    const one = pictures[place.pictured] || {};
    const link = place.cards[place.pictured].firstChild;
    if (one.src) {
      link.replaceChildren(element("img", { alt: "", decoding: "async", width: one.width, height: one.height, src: one.src }));
    } else {
      link.replaceChildren(element("span", {}, "No picture: this file " + (one.note || "was not shown")));
    }
  }
  refresh(group);
}
const pictureWaiting = () => { for (const group of [...waiting]) picture(group); };
