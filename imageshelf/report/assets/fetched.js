// Thumbnails from the server, as many as are drawn.

const fetching = new Set();

async function picture(group) {
  const place = articles.get(group);
  if (fetching.has(group)) return;
  fetching.add(group);
  let have = unpacked.get(group) || [];
  while (have.length < place.cards.length) {
    let more = [];
    try {
      more = await ask("/thumbnails/" + data.live.revision + "/" + group.ref + "?start=" + have.length);
    } catch (problem) {
      say(problem.message);
    }
    if (!more.length) break;
    have = have.concat(more);
    unpacked.set(group, have);
    showPictures(group);
  }
  fetching.delete(group);
  if (unpacked.has(group)) showPictures(group);
}
