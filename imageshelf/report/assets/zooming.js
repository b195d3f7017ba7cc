// Zoom and place, the same for all pictures that are compared.

const sight = { zoom: 1, x: 0, y: 0 }; // x and y in shares of the frame's picture, at zoom 1
const clamped = (zoom) => Math.min(64, Math.max(0.02, zoom));
function move(zoom, x, y) {
  sight.zoom = clamped(zoom);
  const most = Math.max(0.5, sight.zoom / 2);
  sight.x = Math.min(most, Math.max(-most, x));
  sight.y = Math.min(most, Math.max(-most, y));
  $("view").style.setProperty("--zoom", sight.zoom);
  $("view").style.setProperty("--x", sight.x * 100 + "%");
  $("view").style.setProperty("--y", sight.y * 100 + "%");
  $("zoom-told").textContent = Math.round(sight.zoom * 100) + " %";
}
// Zoom about a point, in shares of the picture from its centre.
function zoomBy(factor, x = 0, y = 0) {
  const zoom = clamped(sight.zoom * factor), real = zoom / sight.zoom;
  move(zoom, x - (x - sight.x) * real, y - (y - sight.y) * real);
}
const fit = () => move(1, 0, 0);
// One pixel of the largest picture takes one pixel of the screen.
function oneToOne() {
  const images = [...$("view").querySelectorAll(".box img")].filter((image) => image.naturalWidth && image.clientWidth);
  const zoom = Math.max(...images.map((image) => image.naturalWidth / image.clientWidth)) / devicePixelRatio;
  if (isFinite(zoom)) zoomBy(zoom / sight.zoom);
}
function pointAt(event) {
  const frame = event.target.closest(".frame"), box = frame && frame.querySelector(".box");
  if (!box) return null;
  const outer = frame.getBoundingClientRect();
  return {
    x: (event.clientX - outer.left - outer.width / 2) / box.clientWidth,
    y: (event.clientY - outer.top - outer.height / 2) / box.clientHeight,
  };
}
$("view").addEventListener("wheel", (event) => {
  const point = pointAt(event);
  if (!point) return;
  event.preventDefault();
  zoomBy(Math.exp(-event.deltaY / 400), point.x, point.y);
}, { passive: false });
$("view").addEventListener("pointerdown", (event) => {
  const from = pointAt(event), start = { ...sight };
  if (!from || event.button) return;
  event.preventDefault();
  $("view").setPointerCapture(event.pointerId);
  const box = event.target.closest(".frame").querySelector(".box");
  const drag = (moved) => move(sight.zoom,
    start.x + (moved.clientX - event.clientX) / box.clientWidth,
    start.y + (moved.clientY - event.clientY) / box.clientHeight);
  const stop = () => { $("view").removeEventListener("pointermove", drag); };
  $("view").addEventListener("pointermove", drag);
  $("view").addEventListener("pointerup", stop, { once: true });
  $("view").addEventListener("pointercancel", stop, { once: true });
});
$("zoom-in").onclick = () => zoomBy(1.5);
$("zoom-out").onclick = () => zoomBy(1 / 1.5);
$("fit").onclick = fit;
$("one-to-one").onclick = oneToOne;
const ZOOM_KEYS = {
  "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: fit, z: oneToOne,
  ArrowUp: () => move(sight.zoom, sight.x, sight.y + 0.1), ArrowDown: () => move(sight.zoom, sight.x, sight.y - 0.1),
};
const SHIFTED_KEYS = {
  ArrowLeft: () => move(sight.zoom, sight.x + 0.1, sight.y), ArrowRight: () => move(sight.zoom, sight.x - 0.1, sight.y),
};
