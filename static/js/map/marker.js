// A marker whose picture is a DOM node; it can be reached and pressed by keyboard.
export function marker(at, node, size, options = {}) {
  const icon = L.divIcon({ html: node, className: "map-icon", iconSize: [size, size], iconAnchor: options.anchor });
  return L.marker([at[1], at[0]], { icon, keyboard: !options.still, interactive: !options.still, autoPanOnFocus: false, ...options.leaflet });
}
