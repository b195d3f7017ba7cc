// Thumbnails, as they are shown. `picture(group)` has those of a group fetched, and then shown.

const unpacked = new Map();
const pictureOf = (group, at) => (unpacked.get(group) || [])[at];

function showPictures(group) {
  const place = articles.get(group), pictures = unpacked.get(group);
  for (; place.pictured < Math.min(place.cards.length, pictures.length); place.pictured++) {
    const one = pictures[place.pictured];
    const link = place.cards[place.pictured].firstChild;
    if (one.src) {
      link.replaceChildren(element("img", { alt: "", decoding: "async", width: one.width, height: one.height, src: one.src }));
    } else {
      link.replaceChildren(element("span", {}, "No picture: this file " + (one.note || "was not shown")));
    }
  }
  refresh(group);
}
