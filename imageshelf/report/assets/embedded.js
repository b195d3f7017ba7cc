// Thumbnails in the page: a block for each group, after this script; the page may still be loading.

const waiting = new Set();

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
function picture(group) {
  if (!blockOf(group)) {
    if (document.readyState === "loading") waiting.add(group);
    return;
  }
  waiting.delete(group);
  showPictures(group);
}
const pictureWaiting = () => { for (const group of [...waiting]) picture(group); };
const arrivals = new MutationObserver(pictureWaiting);
arrivals.observe(document.documentElement, { childList: true, subtree: true });
document.addEventListener("DOMContentLoaded", () => { arrivals.disconnect(); pictureWaiting(); });
