// What lies under our outlines, as the site says (cases/base_map.py): a PMTiles file, tile layers of others, or nothing.
// Asked for at once by every map; without an answer, as without signal or session, our outlines are the whole map.

import { getJson } from "../http.js";
import { credit } from "./controls.js";
import { toGcj02 } from "./datum.js";
import { vectorLayer } from "./vector.js";

const GROUND_URL = "/map/base.json";

export async function layGround(map, box, maxZoom) {
  const ground = await getJson(box.dataset.baseUrl || GROUND_URL);
  if (!ground) return;
  const layers = ground.layers.map((one) => tiles(one, maxZoom));
  const drawn = ground.file && (await vectorLayer(box, ground, maxZoom));
  if (drawn) layers.push(drawn);
  if (!layers.length) return;
  for (const layer of layers) layer.addTo(map);
  box.classList.add("has-tiles");
  credit(map, [...new Set([...ground.layers.map((one) => one.credit), drawn && ground.credit])].filter(Boolean).join(" · "));
}

function tiles({ address, servers, datum, closest }, maxZoom) {
  const options = { subdomains: servers, maxNativeZoom: closest, maxZoom };
  return datum === "gcj02" ? new (shiftedTiles())(address, options) : L.tileLayer(address, options);
}

// Tiles that are drawn in GCJ-02: the layer is told another middle than the map's, so that what it draws lies where it is.
function shiftedTiles() {
  const plain = L.TileLayer.prototype;
  const shift = (centre) => {
    const [longitude, latitude] = toGcj02([centre.lng, centre.lat]);
    return L.latLng(latitude, longitude);
  };
  return L.TileLayer.extend({
    _setZoomTransform(level, centre, zoom) {
      plain._setZoomTransform.call(this, level, shift(centre), zoom);
    },
    _getTiledPixelBounds(centre) {
      return plain._getTiledPixelBounds.call(this, shift(centre));
    },
    // The shift is another one after some kilometres.
    _onMoveEnd() {
      plain._onMoveEnd.call(this);
      if (this._map && !this._map._animatingZoom) this._setZoomTransforms(this._map.getCenter(), this._map.getZoom());
    },
  });
}
